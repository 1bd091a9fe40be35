//! Names of new accounts. Accounts that are there, and those that another system had, keep the names that they have.

use mcp_auth::claims::check_name;
use mcp_auth::text::is_deceptive;

/// How every JWT begins: `{"` in base64url.
const TOKEN_START: &str = "eyJ";

/// Whether a new account can have this name: one that [`check_name`] allows, that people can tell from every other one in a
/// list, and that is no token put in the place of a name.
///
/// # Errors
/// What is wrong, as the end of a sentence that begins with the name of the input. The name itself is not in it.
pub fn check_new_name(name: &str) -> Result<(), &'static str> {
    check_name(name)?;
    if name.starts_with(char::is_whitespace) || name.ends_with(char::is_whitespace) {
        return Err("begins or ends with white space; leave that out");
    }
    if name.chars().any(is_deceptive) {
        return Err("holds a character that nobody sees, or that turns text around; leave it out");
    }
    if may_be_token(name) {
        return Err("may be a token; choose a name, such as alice");
    }
    Ok(())
}

/// Whether somebody put a token where a name belongs. It would be in every list, and in the audit log for good.
pub fn may_be_token(name: &str) -> bool {
    name.contains(TOKEN_START) && name.contains('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_people_and_programs_are_legal() {
        for name in
            ["alice", "al ice", "Zoë", "李小龙", "o'neill", "ci@example.org", "eyJust", "a.b"]
        {
            assert_eq!(check_new_name(name), Ok(()), "{name}");
        }
    }

    #[test]
    fn a_name_that_looks_like_another_or_like_a_token_is_refused() {
        let cases = [
            ("", "is empty"),
            ("a\nb", "control character"),
            (" ", "white space"),
            ("alice ", "white space"),
            (" alice", "white space"),
            ("alice\u{a0}", "white space"),
            ("\u{3000}alice", "white space"),
            ("alice\u{200b}", "nobody sees"),
            ("al\u{ad}ice", "nobody sees"),
            ("\u{202e}ecila", "nobody sees"),
            ("\u{2066}alice", "nobody sees"),
            ("eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyX2lkIjoiYSJ9.c2ln", "a token"),
        ];
        for (name, problem) in cases {
            let refused = check_new_name(name).unwrap_err();
            assert!(refused.contains(problem), "{name:?}: {refused}");
        }
    }
}
