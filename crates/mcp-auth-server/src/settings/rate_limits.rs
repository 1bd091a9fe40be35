//! How often what may be asked for, and how that is counted.

use mcp_auth::settings::Reader;
use mcp_auth_sessions::rate_limit::{Limits, Strategy};

use super::variables as name;

/// The limits of the service itself; each is `None` where limits are switched off.
#[derive(Debug)]
pub(crate) struct RateLimits {
    /// Of sign-ins, for each address.
    pub(crate) login: Option<Limits>,
    /// Of refreshes, for each sign-in.
    pub(crate) refresh: Option<Limits>,
    /// Of revocations, for each user who asks for them.
    pub(crate) revoke: Option<Limits>,
    /// Of requests that are refused for want of a good token, for each address. Counted in fixed windows.
    pub(crate) refused: Option<Limits>,
    /// How all limits count.
    pub(crate) strategy: Strategy,
}

impl RateLimits {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let login = read_limits(reader, name::LOGIN_RATE_LIMIT, "60/minute");
        Self {
            refresh: read_limits(reader, name::REFRESH_RATE_LIMIT, "120/minute"),
            revoke: read_limits(reader, name::REVOKE_RATE_LIMIT, "120/minute"),
            refused: read_limits(reader, name::REFUSED_RATE_LIMIT, "600/minute"),
            strategy: read_strategy(reader, login.is_some()),
            login,
        }
    }

    /// Whether limits are kept at all.
    pub(crate) fn are_kept(&self) -> bool {
        self.login.is_some()
    }
}

/// `None` where rate limits are switched off.
pub(super) fn read_limits(
    reader: &mut Reader<'_>,
    variable: &str,
    default: &str,
) -> Option<Limits> {
    let enabled = reader.flag(name::RATE_LIMIT_ENABLED);
    let text = reader.text(variable).unwrap_or_else(|| default.to_owned());
    match text.parse() {
        Ok(limits) => enabled.then_some(limits),
        Err(error) => {
            reader.mistake(variable, format!("{error}"));
            None
        }
    }
}

/// The strategy of all limits; `are_kept` is `false` where limits are switched off.
fn read_strategy(reader: &mut Reader<'_>, are_kept: bool) -> Strategy {
    let Some(text) = reader.text(name::RATE_LIMIT_STRATEGY) else { return Strategy::default() };
    if !are_kept {
        let problem = "is set and changes nothing, because MCP_RATE_LIMIT_ENABLED is false; set that to true, or remove this";
        reader.warning(name::RATE_LIMIT_STRATEGY, problem);
    }
    text.parse().unwrap_or_else(|error| {
        reader.mistake(name::RATE_LIMIT_STRATEGY, format!("{error}"));
        Strategy::default()
    })
}
