//! What is known of a server, for people and for monitoring.

use std::time::{Duration, SystemTime};

/// Where a server stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// It answers.
    Connected,
    /// It is being started.
    Connecting,
    /// It ended, or could not be started. Unless it is misconfigured, it will be tried again.
    Failed,
    /// Nobody asked for it, or somebody asked to disconnect it.
    Disconnected,
}

impl Status {
    /// `connected`, `connecting`, `failed` or `disconnected`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::Connecting => "connecting",
            Self::Failed => "failed",
            Self::Disconnected => "disconnected",
        }
    }
}

/// A server, as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerStatus {
    /// Its name in the configuration.
    pub name: String,
    /// `stdio` or `http`; empty when its entry could not be read.
    pub transport: &'static str,
    /// The command line or URL, with `${NAME}` as it was written.
    pub endpoint: String,
    /// What of it everybody may see: the program, or the scheme and the host of the URL.
    pub place: String,
    /// What people read about it; may be empty.
    pub description: String,
    /// Where it stands.
    pub status: Status,
    /// The number of its tools; 0 unless it is connected.
    pub tool_count: usize,
    /// The names to call its tools by; none unless it is connected.
    pub tools: Vec<String>,
    /// Since when it is connected.
    pub connection_time: Option<SystemTime>,
    /// Why it is not.
    pub error: Option<String>,
}

/// A server's state of health.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerHealth {
    /// Its name in the configuration.
    pub name: String,
    /// Where it stands.
    pub status: Status,
    /// Why it is not connected.
    pub error: Option<String>,
    /// What it calls itself, with its version.
    pub implementation: Option<String>,
    /// The protocol version that was agreed on.
    pub protocol_version: Option<String>,
    /// How often it was started, the first time included.
    pub starts: u64,
    /// Failures in a row.
    pub failures: u32,
    /// Whether the circuit is open: it failed so often that it is tried rarely.
    pub circuit_open: bool,
    /// How long it waits before it is tried again, counted from the failure.
    pub pause: Option<Duration>,
    /// Calls that it has.
    pub calls_running: usize,
    /// Calls that wait for their turn.
    pub calls_waiting: usize,
    /// Lines on its standard output that were no messages.
    pub junk_lines: u64,
    /// The end of its standard error, control characters escaped. For operators: a server may write
    /// there what others should not see.
    pub stderr: Vec<String>,
}
