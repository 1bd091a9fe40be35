//! What is logged: on stderr, as text for people or as one JSON object a line for programs.
//!
//! Values from outside are logged as fields, never as part of the message: fields are escaped in both forms, so nobody
//! can write a line of their own into the log.

use std::io;
use std::panic;

use mcp_auth_cli::{Failure, exit};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::{fmt, registry};

use crate::settings::{LogFormat, LogSettings};

/// Begins to log. What other crates say is logged from warnings on only: nobody knows what they show.
///
/// # Errors
/// When something else logs already, which is a defect.
pub(crate) fn start(settings: LogSettings) -> Result<(), Failure> {
    // The MCP library quotes what servers send, which may hold arguments and keys.
    let shown = Targets::new()
        .with_target("mcp_", settings.level)
        .with_target("rmcp", LevelFilter::OFF)
        .with_default(LevelFilter::WARN);
    let lines = fmt::layer().with_writer(io::stderr).with_target(false).with_ansi(false);
    let lines = match settings.format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    tracing::subscriber::set_global_default(registry().with(shown).with(lines))
        .map_err(|error| Failure::new(exit::INTERNAL, format!("cannot begin to log: {error}")))?;
    panic::set_hook(Box::new(|panicked| {
        let place = panicked.location().map(ToString::to_string);
        let said = panicked.payload_as_str();
        tracing::error!(
            place,
            said,
            "a part of the server panicked; please report this as a defect"
        );
    }));
    Ok(())
}
