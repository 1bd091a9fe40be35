//! How requests are counted.

use mcp_auth::settings::Reader;
use mcp_auth_sessions::rate_limit::Strategy;

use super::variables as name;

/// The strategy of all limits; `are_kept` is `false` where limits are switched off.
pub(super) fn read_strategy(reader: &mut Reader<'_>, are_kept: bool) -> Strategy {
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
