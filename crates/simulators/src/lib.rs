//! Simulated GoHighLevel and Waapify servers for the sandbox, the tests and the benchmark.
//!
//! They refuse what the real platforms refuse (`docs/vendors`), and meet the service over HTTP only.
//!
//! * `simulation`: both vendors together; `ghl` and `waapify`: one vendor each, with `controls.rs` for what a test
//!   sets
//! * `endpoint`, `call`: incoming requests; `webhook_sender`: outgoing posts; `traffic_log`: a record of both
//! * `faults`: errors that a test prepares; `keys`: what GHL signs and encrypts with; `timings`, `clock`: time
//! * `levers`: faults that a person switches on at the page
//! * `page`: the sandbox's page at `/`; `ghl/site`: GHL's own pages; `seed`: the first data; `shared`: shared state

mod call;
mod clock;
mod endpoint;
mod faults;
mod ghl;
mod keys;
mod levers;
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
pub use levers::{GatewayFault, GhlFault, Levers};
pub use simulation::{Simulation, SimulationConfig};
pub use timings::Timings;
pub use traffic_log::{Edge, Exchange, TrafficLog};
pub use waapify::{Address, Build as GatewayBuild, ChatMessage, CustomerFile, Envelope, Waapify};
