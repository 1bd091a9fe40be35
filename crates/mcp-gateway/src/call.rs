//! What comes out of a call.

use std::time::Duration;

use serde_json::Value;

/// What a tool answered. A tool that failed answered too: see [`Self::is_error`].
#[derive(Debug, Clone, PartialEq)]
pub struct CallOutcome {
    /// What it answered.
    pub content: Content,
    /// The structured form of it, if the tool has one.
    pub structured: Option<Value>,
    /// Whether the tool says that it failed.
    pub is_error: bool,
    /// From the arguments' check to the answer, waiting for a turn included.
    pub duration: Duration,
    /// The size of the content: bytes of text, or of the JSON of other blocks.
    pub bytes: usize,
}

/// A tool's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// All of it was text. Several blocks are joined by line feeds.
    Text(String),
    /// The blocks, in MCP's JSON.
    Blocks(Vec<Value>),
}

/// Why there is no answer. None of the texts holds a value of the arguments, unless the server said it in an error of the
/// protocol: see [`Self::Protocol`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The arguments do not fit the tool's schema; the server was not asked.
    #[error("the arguments of `{tool}` do not fit: {}; see the tool's parameters", problems.join("; "))]
    Arguments {
        /// The tool.
        tool: String,
        /// What does not fit, each with its place.
        problems: Vec<String>,
    },
    /// The server answered with an error of the protocol, or against the protocol.
    #[error("server `{server}` refused the call: {message}{}", code.map(|code| format!(" (code {code})")).unwrap_or_default())]
    Protocol {
        /// The server.
        server: String,
        /// The JSON-RPC code, if there is one.
        code: Option<i32>,
        /// What the server said.
        message: String,
    },
    /// The server answered with an HTTP status that says nothing of other calls: 403 or 429.
    #[error("server `{server}` would not take the call, HTTP status {status}; {}", remedy(*status, *again_after))]
    Declined {
        /// The server.
        server: String,
        /// The status.
        status: u16,
        /// How long the server wants to be left alone, if it says so in seconds.
        again_after: Option<Duration>,
    },
    /// There was no answer in time. The server was told that nobody waits any more.
    #[error("server `{server}` did not answer within {} s; allow more time or look at its health", after.as_secs_f64())]
    Timeout {
        /// The server.
        server: String,
        /// How long the call waited.
        after: Duration,
    },
    /// The server is not there, or went away during the call, which may have had its effect.
    #[error("server `{server}` failed: {reason}; see its health")]
    ServerFailed {
        /// The server.
        server: String,
        /// How it failed.
        reason: String,
    },
    /// The server was disconnected, reconfigured or stopped during the call.
    #[error("the call was cancelled, because server `{server}` is being disconnected; try again")]
    Cancelled {
        /// The server.
        server: String,
    },
    /// The answer is larger than allowed.
    #[error("the answer of server `{server}` is larger than {limit} bytes; ask for less")]
    TooLarge {
        /// The server.
        server: String,
        /// The limit.
        limit: usize,
    },
    /// The server has more calls than it can take: the queue is full, or no turn came in time. It was not asked.
    #[error("server `{server}` is busy, {running} calls run and {waiting} wait; try again later")]
    Busy {
        /// The server.
        server: String,
        /// Calls that it has.
        running: usize,
        /// Calls that wait for their turn.
        waiting: usize,
    },
}

fn remedy(status: u16, again_after: Option<Duration>) -> String {
    match (status, again_after) {
        (429, Some(after)) => format!("it is asked too often, try again in {} s", after.as_secs()),
        (429, None) => "it is asked too often, try again later".to_owned(),
        _ => "the credentials in its entry do not permit it".to_owned(),
    }
}
