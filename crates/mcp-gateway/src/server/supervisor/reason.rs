//! Why a server takes no handshake, in a text that every status and the audit can hold.

use crate::client::ClientError;
use crate::config::ServerConfig;
use crate::secrets::hidden;

/// Bytes, of which anybody reads all. A server may say as much as a message holds.
const LONGEST: usize = 1024;

/// The error without secrets, and cut. In this order: of a secret that is cut a part would stay.
pub(super) fn of(error: &ClientError, config: &ServerConfig) -> String {
    let mut reason = hidden(error.at(&config.place), &config.secrets);
    if reason.len() > LONGEST {
        reason.truncate(reason.floor_char_boundary(LONGEST));
        reason.push_str(" ..");
    }
    reason
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_one_is_cut_between_characters_and_keeps_no_part_of_a_secret() {
        let mut config = ServerConfig::http("http://host/mcp", [("", ""); 0]);
        config.secrets.push("SECRET-WORD".to_owned());
        let told = |text: String| of(&ClientError::Lost(text), &config);
        let long = |bytes: usize| "x".repeat(bytes);
        assert_eq!(told(long(1024)), long(1024));
        assert_eq!(told(long(1025)), long(1024) + " ..");
        assert_eq!(told(long(1023) + "ä"), long(1023) + " ..");
        assert_eq!(told(long(1020) + "SECRET-WORD"), long(1020) + "[hid ..");
    }
}
