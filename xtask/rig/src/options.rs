//! How an engine is to run.

use anyhow::Result;

use crate::engine::Engine;
use crate::host::Host;
use crate::node::Node;

/// What an engine is started with. Durable, `noeviction`, without password, on the loopback interface, unless one
/// says otherwise.
#[derive(Debug, Clone)]
pub struct Options {
    pub(crate) engine: Engine,
    pub(crate) host: Host,
    pub(crate) password: Option<String>,
    pub(crate) tls: bool,
    pub(crate) sentinel: bool,
    pub(crate) clustered: bool,
    pub(crate) environment: Vec<(String, String)>,
    lines: Vec<String>,
}

/// What every engine of a test has.
const ALWAYS: &[&str] = &[
    "protected-mode no",
    "daemonize no",
    "save \"\"",
    "maxmemory-policy noeviction",
    "enable-debug-command yes",
    // The default waits 5 s for more replicas, in which `WAIT` finds none.
    "repl-diskless-sync-delay 0",
    "repl-ping-replica-period 1",
];

impl Options {
    /// `appendonly yes`, `appendfsync always`.
    pub fn new(engine: &Engine) -> Self {
        let options = Self {
            engine: engine.clone(),
            host: Host::loopback(),
            password: None,
            tls: false,
            sentinel: false,
            clustered: false,
            environment: Vec::new(),
            lines: ALWAYS.iter().copied().map(Into::into).collect(),
        };
        options.set("appendonly", "yes").set("appendfsync", "always")
    }

    /// Keeps nothing on disk.
    #[must_use]
    pub fn without_persistence(self) -> Self {
        self.set("appendonly", "no")
    }

    /// Any directive of the engine's configuration. Of two with one name, the later counts.
    #[must_use]
    pub fn set(mut self, directive: &str, value: &str) -> Self {
        self.lines.push(format!("{directive} {value}"));
        self
    }

    /// The default user needs this password.
    #[must_use]
    pub fn password(self, password: &str) -> Self {
        let mut options = self.set("requirepass", &format!("\"{password}\""));
        options = options.set("masterauth", &format!("\"{password}\""));
        options.password = Some(password.to_owned());
        options
    }

    /// Adds an ACL user, whose rules are such as `~* &* +@all`. The password has no space.
    #[must_use]
    pub fn user(self, name: &str, password: &str, rules: &str) -> Self {
        self.set("user", &format!("{name} on >{password} {rules}"))
    }

    /// Listens for TLS as well, with a certificate of an authority made for this engine. The rig itself goes on
    /// without TLS. See [`Engine::has_tls`].
    #[must_use]
    pub fn tls(mut self) -> Self {
        self.tls = true;
        self
    }

    /// Sets variables of the process, such as those of a library that changes what time it is.
    #[must_use]
    pub fn environment(mut self, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        self.environment.extend(variables);
        self
    }

    /// Runs it in a namespace.
    #[must_use]
    pub fn on(mut self, host: &Host) -> Self {
        self.host = host.clone();
        self
    }

    /// Starts it, and waits until it answers.
    ///
    /// # Errors
    ///
    /// The engine refuses its configuration, or does not answer within 10 s; its last words are in the error.
    pub fn start(self) -> Result<Node> {
        Node::start(&self)
    }

    /// Of a cluster, with a port of its own for the others: by itself an engine takes one that the kernel hands out to anybody.
    #[must_use]
    pub fn clustered(mut self, timeout_ms: u32) -> Self {
        self.clustered = true;
        self.set("cluster-enabled", "yes").set("cluster-node-timeout", &timeout_ms.to_string())
    }

    /// Not an engine, but what watches engines.
    pub(crate) fn sentinel(engine: &Engine, host: &Host, watching: &str) -> Self {
        let options = Self::new(engine).on(host);
        Self { sentinel: true, lines: vec![watching.to_owned()], ..options }
    }

    pub(crate) fn text(&self) -> String {
        self.lines.join("\n")
    }
}
