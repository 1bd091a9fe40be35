//! How one server is reached.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::endpoint;

/// Who waits longer wants another protocol.
pub(super) const LONGEST_TIMEOUT: Duration = Duration::from_hours(1);

/// How to reach one MCP server. No formatter shows values of its environment or headers.
#[derive(Clone, PartialEq, Eq)]
pub struct ServerConfig {
    pub(crate) transport: Transport,
    pub(crate) endpoint: String,
    pub(crate) place: String,
    pub(crate) description: String,
    pub(crate) timeout: Option<Duration>,
    pub(crate) auto_connect: bool,
    /// What `${NAME}` stood for: it must not come back in what the server prints.
    pub(crate) secrets: Vec<String>,
}

/// The two ways to speak with an MCP server.
#[derive(Clone, PartialEq, Eq)]
pub enum Transport {
    /// A child process, over its standard input and output.
    Stdio {
        /// The program: a path, or a name that is looked up in `PATH`.
        command: String,
        /// Its arguments, as they are. No shell reads them.
        args: Vec<String>,
        /// Its environment, beside the few variables that every child gets.
        env: BTreeMap<String, String>,
    },
    /// Streamable HTTP.
    Http {
        /// `http://` or `https://`.
        url: String,
        /// Sent with each request.
        headers: BTreeMap<String, String>,
    },
}

impl Transport {
    /// `stdio` or `http`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Stdio { .. } => "stdio",
            Self::Http { .. } => "http",
        }
    }
}

impl ServerConfig {
    /// A program, its arguments and its environment.
    pub fn stdio(
        command: impl Into<String>,
        args: impl IntoIterator<Item = impl Into<String>>,
        env: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>,
    ) -> Self {
        let args = args.into_iter().map(Into::into).collect();
        let env = env.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self::new(Transport::Stdio { command: command.into(), args, env })
    }

    /// A server at a URL, with the headers to send.
    pub fn http(
        url: impl Into<String>,
        headers: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>,
    ) -> Self {
        let headers = headers.into_iter().map(|(name, value)| (name.into(), value.into()));
        Self::new(Transport::Http { url: url.into(), headers: headers.collect() })
    }

    pub(super) fn new(transport: Transport) -> Self {
        Self {
            endpoint: endpoint::shown(&transport),
            place: endpoint::place(&transport),
            transport,
            description: String::new(),
            timeout: None,
            auto_connect: true,
            secrets: Vec::new(),
        }
    }

    /// Sets what people read about the server.
    #[must_use]
    pub fn description(self, description: impl Into<String>) -> Self {
        Self { description: description.into(), ..self }
    }

    /// Sets how long a call may take, where the caller does not say: an hour at most.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout: Some(timeout.min(LONGEST_TIMEOUT)), ..self }
    }

    /// Says whether the gateway connects by itself.
    #[must_use]
    pub fn auto_connect(self, auto_connect: bool) -> Self {
        Self { auto_connect, ..self }
    }

    /// How the server is reached, with the values of its variables and headers.
    pub fn transport(&self) -> &Transport {
        &self.transport
    }

    /// The command line or URL as it was configured: `${NAME}` stays, a password in a URL does not.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The program without its arguments, or the scheme and the host of the URL, as they were configured: for those who may
    /// not see the rest, where keys can stand.
    pub fn place(&self) -> &str {
        &self.place
    }
}

impl fmt::Debug for ServerConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerConfig")
            .field("endpoint", &self.endpoint)
            .field("description", &self.description)
            .field("timeout", &self.timeout)
            .field("auto_connect", &self.auto_connect)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Transport::{}(..)", self.name())
    }
}
