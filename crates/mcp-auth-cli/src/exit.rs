//! The exit codes, for scripts:
//!
//! | code | meaning |
//! |---|---|
//! | 0 | the token is valid, or the work is done |
//! | 1 | an internal error |
//! | 2 | the command line is wrong, or no token was given |
//! | 3 to 7 | the token is refused: `mcp_auth::refusal::RefusalCode::exit_code` says which is which |
//! | 8 | the configuration is wrong |
//! | 9 | the token was shown, and nothing about it was verified |

/// Everything is as it should be.
pub const OK: u8 = 0;
/// Something failed that is neither the caller's nor the configuration's fault.
pub const INTERNAL: u8 = 1;
/// The command line is wrong: a flag, a value, or a file that it names.
pub const USAGE: u8 = 2;
/// The environment or a file that it names is wrong.
pub const CONFIGURATION: u8 = 8;
/// A token was shown without being verified.
pub const UNVERIFIED: u8 = 9;

#[cfg(test)]
mod tests {
    use super::*;
    use mcp_auth::refusal::RefusalCode;

    #[test]
    fn refusals_leave_the_other_codes_alone() {
        for code in RefusalCode::ALL {
            let taken = [OK, CONFIGURATION, UNVERIFIED].contains(&code.exit_code());
            assert!(!taken, "{code} exits with {}", code.exit_code());
        }
    }
}
