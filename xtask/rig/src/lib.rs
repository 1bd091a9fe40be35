//! Redis and Valkey engines to test against.
//!
//! An [`Engine`] is a program. [`Options`] say how to run it, and make a [`Node`]: one process with a port and a
//! directory of its own. [`Replicated`], [`Sentinels`] and [`Cluster`] are several of them. A [`Host`] says where they
//! run; [`Namespaces`] are hosts that can be cut off from each other, and a [`Proxy`] is a bad network for who is not
//! root.
//!
//! All that is started here ends with the value that stands for it, and with the test's process however that ends.

mod cluster;
mod engine;
mod holder;
mod host;
mod lease;
mod namespaces;
mod node;
mod options;
mod process;
mod proxy;
mod replicated;
mod resp;
mod sentinels;
mod tls;
mod wait;

pub use cluster::Cluster;
pub use engine::Engine;
pub use host::Host;
pub use namespaces::Namespaces;
pub use node::Node;
pub use options::Options;
pub use process::Process;
pub use proxy::{Direction, Flow, Proxy};
pub use replicated::Replicated;
pub use resp::{Reply, Resp};
pub use sentinels::Sentinels;
pub use wait::until;

/// Whether the long matrix was asked for, by `cargo xtask test --faults`.
#[expect(clippy::disallowed_methods, reason = "the test runner says so")]
pub fn faults() -> bool {
    std::env::var_os("MCP_AUTH_FAULTS").is_some_and(|value| value == "1")
}
