//! The page's levers: faults of the vendors that a person switches on and off. They use what the tests use.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::faults::{Fault, Faults};
use crate::ghl::Ghl;
use crate::waapify::{SENDS, Waapify};

/// The gateway's text when its own server is down.
const NO_SERVER: &str =
    "\n\n{\"status\":\"error\",\"message\":\"Cannot connect to server. Please try again later\"}";
/// What a proxy says when it got no answer from the server behind it.
const PROXY_502: &str = "<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center><hr><center>nginx</center></body></html>";
/// What GHL's edge says when nothing behind it is up.
const GHL_503: &str = "upstream connect error or disconnect/reset before headers";
/// How long a slow gateway takes.
const SLOW: Duration = Duration::from_secs(20);

/// How long a lying gateway takes: a proxy that answers 502 at once was refused by the gateway, so that nothing was sent.
/// The service believes it until 15 seconds have passed.
const LIE_TAKES: Duration = Duration::from_secs(16);

/// What is wrong with the gateway.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GatewayFault {
    /// Nothing.
    #[default]
    None,
    /// It refuses every call.
    Down,
    /// It does what was asked after 20 seconds.
    Slow,
    /// It sends the message, but dies over it, and after a while a proxy answers 502.
    Lying,
}

/// What is wrong with GHL's API. Its posts to the service go on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GhlFault {
    /// Nothing.
    #[default]
    None,
    /// The sub-account's calls are used up: 429.
    TooMany,
    /// It answers every call with 503.
    Down,
}

/// The positions of all levers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Levers {
    /// The gateway's fault.
    pub gateway: GatewayFault,
    /// GHL's fault.
    pub ghl: GhlFault,
    /// The gateway posts no echoes of sends; acks still arrive.
    pub echo_lost: bool,
}

impl Levers {
    /// Gives both vendors their faults. Those that were prepared before are removed.
    pub(super) fn set(self, ghl: &Ghl, waapify: &Waapify) {
        set_gateway(waapify.faults(), self.gateway);
        waapify.set_loses_echoes(self.echo_lost);
        let faults = ghl.faults();
        faults.clear();
        if self.ghl == GhlFault::Down {
            faults.always("*", Fault::answer(503, GHL_503));
        }
        let burst = (self.ghl == GhlFault::TooMany).then_some(0);
        ghl.set_burst_limit(burst);
    }
}

fn set_gateway(faults: &Faults, fault: GatewayFault) {
    faults.clear();
    match fault {
        GatewayFault::None => {}
        GatewayFault::Down => faults.always("*", Fault::answer(200, NO_SERVER)),
        GatewayFault::Slow => faults.always("*", Fault::Slow(SLOW)),
        GatewayFault::Lying => {
            for route in SENDS {
                let lie = Fault::AfterEffect {
                    wait: LIE_TAKES,
                    status: 502,
                    headers: Vec::new(),
                    body: PROXY_502.to_owned(),
                };
                faults.always(route, lie);
            }
        }
    }
}
