//! Simulated GoHighLevel and Waapify servers: for the sandbox, tests and benchmarks.
//!
//! Owns: both vendors, which refuse what the real platforms refuse (`docs/vendors`), and the page to
//! play with. Refuses: shortcuts; the service and these vendors meet over HTTP only.
//!
//! * `simulation`: both vendors; `ghl/` and `waapify/`: one each, with `controls.rs` holding what a test may set
//! * `endpoint`, `webhook_sender`, `traffic_log`, `faults`: requests in, posts out, what crossed, what goes wrong on purpose
//! * `page`: the page at `/`; `ghl/site`: GHL's own pages

mod call;
mod clock;
mod endpoint;
mod faults;
mod ghl;
mod keys;
mod page;
pub mod seed;
mod shared;
mod simulation;
mod timings;
mod traffic_log;
mod waapify;
mod webhook_sender;

pub use faults::{Fault, Faults, Seen};
pub use ghl::{
    Contact, DefaultProvider, Direction, Echoes, Ghl, InstallKind, Message, SignWith, Upload,
    site_address,
};
pub use keys::PublicKeys;
pub use simulation::{Simulation, SimulationConfig};
pub use timings::Timings;
pub use traffic_log::{Edge, Exchange, TrafficLog};
pub use waapify::{Build as GatewayBuild, ChatMessage, CustomerFile, Envelope, Waapify};
