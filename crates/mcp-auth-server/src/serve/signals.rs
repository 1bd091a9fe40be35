//! What the operating system tells a server: to stop, or to read its files again.

use anyhow::Context as _;
use mcp_auth_cli::Failure;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The signals, heard from the moment that this is made.
#[derive(Debug)]
pub(crate) struct Signals {
    stop: CancellationToken,
    hang_up: Signal,
}

impl Signals {
    /// Begins to listen, within the runtime.
    ///
    /// # Errors
    /// When the operating system does not allow it.
    pub(crate) fn listen() -> Result<Self, Failure> {
        let hear = |kind| signal(kind).context("cannot listen for signals");
        let (mut terminate, mut interrupt) =
            (hear(SignalKind::terminate())?, hear(SignalKind::interrupt())?);
        let stop = CancellationToken::new();
        tokio::spawn({
            let stop = stop.clone();
            async move {
                let name = tokio::select! {
                    _ = terminate.recv() => "SIGTERM",
                    _ = interrupt.recv() => "SIGINT",
                };
                tracing::info!(signal = name, "stopping: what runs may come to its end");
                stop.cancel();
            }
        });
        Ok(Self { stop, hang_up: hear(SignalKind::hangup())? })
    }

    /// Cancelled by SIGTERM and SIGINT, and SIGHUP.
    pub(crate) fn split(self) -> (CancellationToken, Signal) {
        (self.stop, self.hang_up)
    }
}
