//! The classes of attack that reach a program that mints: secrets that are none or are known, and claims that no
//! validator would take. Each test is named by its class.

use super::shared::{Place, SECRET};
use mcp_auth::testing::{Outcome, bad_secrets};

/// Tries every secret of one class that an environment variable can carry.
fn try_secrets(id: &str) {
    let class: Vec<_> = bad_secrets().into_iter().filter(|bad| bad.id == id).collect();
    assert!(!class.is_empty(), "the corpus has no {id}");
    for bad in class.into_iter().filter(|bad| !bad.text.is_empty() && !bad.text.contains('\0')) {
        let place = Place::empty().with("MCP_JWT_SECRET", &bad.text);
        let ran = place.line("--user-id a");
        let code = if bad.outcome == Outcome::Refused { 8 } else { 0 };
        assert_eq!(ran.code, code, "{}: {}", bad.name, ran.stderr);
        assert!(ran.stderr.contains(bad.message), "{}: {}", bad.name, ran.stderr);
        let shown = bad.text.len() > 8
            && (ran.stderr.contains(&bad.text) || ran.stdout.contains(&bad.text));
        assert!(!shown, "{}: {}", bad.name, ran.stderr);
    }
}

#[test]
fn a05_keys_of_other_kinds_as_secrets() {
    try_secrets("A05");
}

#[test]
fn a37_short_secrets() {
    try_secrets("A37");
}

#[test]
fn a38_secrets_with_stray_characters() {
    try_secrets("A38");
}

#[test]
fn a39_weak_and_known_secrets() {
    try_secrets("A39");
}

#[test]
fn a22_dates_cannot_be_claimed() {
    for claim in ["exp=1", "iat=1", "nbf=-1", "exp=1e999"] {
        Place::ready().run(["--user-id", "a", "--claim", claim]).refused(2, &["--claim"]);
    }
}

#[test]
fn a24_lifetimes_without_end() {
    for expiry in ["87601", "1e9", "99999999999999999999", "0"] {
        Place::ready().run(["--user-id", "a", "--expiry", expiry]).refused(2, &["--expiry"]);
    }
}

#[test]
fn a28_hostile_names() {
    for name in ["", "a\u{1b}[31m", "a\nRole: superadmin", "a\u{9b}", &"a".repeat(257)] {
        Place::ready().run(["--user-id", name]).refused(2, &["--user-id"]);
    }
}

#[test]
fn a33_roles_that_are_none() {
    for role in ["Admin", "a b", "admin ", "", "r\u{f6}le", &"a".repeat(33)] {
        Place::ready().run(["--user-id", "a", "--role", role]).refused(2, &["--role"]);
    }
}

#[test]
fn a46_the_secret_is_in_no_output() {
    let ran = Place::ready().line("--user-id a --verbose --json");
    let silent = Place::ready().line("--user-id a --verbose");
    for text in [&ran.stderr, &silent.stdout, &silent.stderr] {
        assert!(!text.contains(SECRET), "{text}");
    }
}
