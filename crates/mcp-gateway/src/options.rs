//! What an embedding program decides about the gateway.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::environment::Lookup;
use crate::guardian::GuardianCommand;
use crate::restart::RestartPolicy;

/// Gives the time.
pub type Now = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// The gateway's surroundings and limits.
#[derive(Clone)]
pub struct Options {
    /// The process environment, of which each child gets the few harmless variables.
    pub environment: Lookup,
    /// For [`ServerStatus::connection_time`](crate::ServerStatus::connection_time).
    pub now: Now,
    /// How to start a guardian. Without one, servers over stdio are refused: they could outlive us.
    pub guardian: Option<GuardianCommand>,
    /// From the start of a server until its tools are listed.
    pub startup_timeout: Duration,
    /// For a call, where neither the caller nor the configuration says.
    pub call_timeout: Duration,
    /// No caller may ask for more. An entry of the configuration may.
    pub longest_call_timeout: Duration,
    /// Between the end of input and SIGTERM, and again between SIGTERM and SIGKILL.
    pub stop_grace: Duration,
    /// Calls that one server has at once.
    pub calls_at_once: usize,
    /// Calls that may wait for one server; a further one is refused.
    pub calls_waiting: usize,
    /// Servers that are connected by hand. They stay listed, so that this is all that there can ever be.
    pub servers_by_hand: usize,
    /// Bytes of one message of a server.
    pub largest_message: usize,
    /// When a failed server is started again.
    pub restart: RestartPolicy,
}

impl Options {
    /// The defaults: 30 s to start and to answer, 300 s for who asks, 2 s grace, 32 calls at once
    /// and 128 waiting per server, 256 servers connected by hand, messages up to 8 MiB.
    pub fn new(environment: Lookup, now: Now) -> Self {
        Self {
            environment,
            now,
            guardian: None,
            startup_timeout: Duration::from_secs(30),
            call_timeout: Duration::from_secs(30),
            longest_call_timeout: Duration::from_mins(5),
            stop_grace: Duration::from_secs(2),
            calls_at_once: 32,
            calls_waiting: 128,
            servers_by_hand: 256,
            largest_message: 8 * 1024 * 1024,
            restart: RestartPolicy::default(),
        }
    }

    /// Sets the command that becomes a guardian.
    #[must_use]
    pub fn guardian(self, guardian: GuardianCommand) -> Self {
        Self { guardian: Some(guardian), ..self }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("guardian", &self.guardian)
            .field("startup_timeout", &self.startup_timeout)
            .field("call_timeout", &self.call_timeout)
            .field("longest_call_timeout", &self.longest_call_timeout)
            .field("stop_grace", &self.stop_grace)
            .field("calls_at_once", &self.calls_at_once)
            .field("calls_waiting", &self.calls_waiting)
            .field("servers_by_hand", &self.servers_by_hand)
            .field("largest_message", &self.largest_message)
            .field("restart", &self.restart)
            .finish_non_exhaustive()
    }
}
