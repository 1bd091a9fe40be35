//! Which store, and how revocations are looked up in it.

use std::time::Duration;

use mcp_auth::settings::Reader;
use mcp_auth_redis::StoreUrl;

use super::variables as name;

/// Where everything is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StoreSettings {
    /// In a file of the data directory.
    Sqlite,
    /// In Redis or Valkey.
    Redis(Box<RedisSettings>),
}

/// What is said about the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RedisSettings {
    pub(crate) url: StoreUrl,
    pub(crate) mode: RevocationMode,
    /// After this time nobody accepts what was revoked.
    pub(crate) bound: Duration,
}

/// Who is asked whether a token was revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RevocationMode {
    /// This process, which follows the engine.
    Replicated,
    /// The engine, on each request.
    Direct,
}

impl StoreSettings {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let mode = read_mode(reader);
        let bound = Duration::from_millis(reader.number(name::REVOCATION_BOUND));
        let host = reader.text(name::REDIS_HOST);
        let port = u16::try_from(reader.number(name::REDIS_PORT)).unwrap_or_default();
        let Some(named) = reader.text_or_file(name::STORE_URL) else {
            warn_of_settings_in_vain(reader);
            return Self::Sqlite;
        };
        let host = host.as_deref().unwrap_or("localhost");
        match StoreUrl::parse_with_default(named.text.trim(), host, port) {
            Ok(url) => Self::Redis(Box::new(RedisSettings { url, mode, bound })),
            Err(error) => {
                reader.mistake(named.source, error.to_string());
                Self::Sqlite
            }
        }
    }
}

fn read_mode(reader: &mut Reader<'_>) -> RevocationMode {
    match reader.text(name::REVOCATION_MODE).as_deref() {
        None | Some("replicated") => RevocationMode::Replicated,
        Some("direct") => RevocationMode::Direct,
        Some(_) => {
            reader.mistake(
                name::REVOCATION_MODE,
                "is neither of replicated and direct; write one of them",
            );
            RevocationMode::Replicated
        }
    }
}

/// Whoever sets these expects an engine to be used.
fn warn_of_settings_in_vain(reader: &mut Reader<'_>) {
    for variable in [name::REDIS_HOST, name::REVOCATION_MODE, name::REVOCATION_BOUND] {
        if reader.text(variable).is_some() {
            let problem = "is set and changes nothing, because everything is kept in the data directory; set MCP_STORE_URL=redis:// \
                           to use Redis or Valkey";
            reader.warning(variable, problem);
        }
    }
}
