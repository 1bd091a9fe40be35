//! How much is logged, and in which form.

use mcp_auth::settings::Reader;

use super::variables as name;

/// What is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LogSettings {
    pub(crate) level: tracing::Level,
    pub(crate) format: LogFormat,
}

/// In which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// For programs: one object a line.
    Json,
}

impl LogSettings {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self { level: read_level(reader), format: read_format(reader) }
    }
}

/// Python's names, and those that others use for the same.
fn read_level(reader: &mut Reader<'_>) -> tracing::Level {
    let Some(text) = reader.text(name::LOG_LEVEL) else { return tracing::Level::INFO };
    match text.to_ascii_uppercase().as_str() {
        "TRACE" | "DEBUG" => tracing::Level::DEBUG,
        "INFO" => tracing::Level::INFO,
        "WARN" | "WARNING" => tracing::Level::WARN,
        "ERROR" | "CRITICAL" => tracing::Level::ERROR,
        _ => {
            reader.mistake(
                name::LOG_LEVEL,
                "is none of DEBUG, INFO, WARNING, ERROR; write one of these",
            );
            tracing::Level::INFO
        }
    }
}

fn read_format(reader: &mut Reader<'_>) -> LogFormat {
    match reader.text(name::LOG_FORMAT).as_deref() {
        None | Some("text") => LogFormat::Text,
        Some("json") => LogFormat::Json,
        Some(_) => {
            reader.mistake(name::LOG_FORMAT, "is neither text nor json; write one of these");
            LogFormat::Text
        }
    }
}
