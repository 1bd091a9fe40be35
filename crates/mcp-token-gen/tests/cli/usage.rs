//! The help, and what is said about a wrong command line.

use std::ffi::OsStr;

use crate::shared::Place;

const TOKEN: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ1c2VyX2lkIjoiYSJ9.c2lnbmF0dXJl";

#[test]
fn help_is_short_or_long() {
    let place = Place::empty();
    let (short, long) = (place.line("-h"), place.line("--help"));
    assert_eq!((short.code, long.code), (0, 0));
    insta::assert_snapshot!("short_help", short.stdout);
    insta::assert_snapshot!("long_help", long.stdout);
}

#[test]
fn version_completions_and_manual_need_no_user_and_no_secret() {
    let place = Place::empty();
    let version = format!("mcp-token-gen {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(place.line("--version").stdout, version);
    assert!(place.line("--man").stdout.contains(".TH mcp-token-gen 1"));
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ran = place.line(&format!("--completions {shell}"));
        assert!(ran.code == 0 && ran.stdout.contains("user-id"), "{shell}");
    }
    place.line("--man --user-id a").refused(2, &["'--man' cannot be used with"]);
    place.line("--completions csh").refused(2, &["csh", "bash"]);
}

#[test]
fn a_user_id_is_required() {
    Place::ready().run([""; 0]).refused(2, &["--user-id <ID>"]);
    Place::ready().line("--user-id").refused(2, &["a value is required"]);
}

#[test]
fn wrong_values_are_named_with_the_remedy() {
    let place = Place::ready();
    let long = "x".repeat(100_000);
    let cases: [(&[&str], &[&str]); 22] = [
        (&["--expiry", "0"], &["'0'", "--expiry", "some time", "90m"]),
        (&["--expiry", "-5"], &["'-5'", "before it is made"]),
        (&["--expiry=-5"], &["'-5'", "before it is made"]),
        (&["--expiry", "1e9"], &["'1e9'", "not a lifetime", "whole hours"]),
        (&["--expiry", "1.5"], &["'1.5'", "not a lifetime"]),
        (&["--expiry", "87601"], &["10 years"]),
        (&["--expiry", ""], &["it is empty"]),
        (&["--expiry", "24\r"], &["24\\u{d}"]),
        (&["--expiry", &long], &["[not shown: 100000 characters]"]),
        (&["--role", "Admin"], &["'Admin'", "did you mean `admin`?"]),
        (&["--role", "a b"], &["'a b'", "a-z 0-9"]),
        (&["--role", ""], &["1 to 32"]),
        (&["--role", &long], &["[not shown"]),
        (&["--username", ""], &["it is empty"]),
        (&["--username", &long], &["more than 256 bytes"]),
        (&["--claim", "exp=1"], &["`exp`", "--expiry"]),
        (&["--claim", "jti=1"], &["`jti`", "another name"]),
        (&["--claim", "novalue"], &["NAME=VALUE"]),
        (&["--claim", "a=1", "--claim", "a=2"], &["--claim a is given twice", "hint: "]),
        (&["--audience", ""], &["--audience", "empty"]),
        (&["--quiet", "--json"], &["cannot be used with"]),
        (&["--force"], &["--output"]),
    ];
    for (arguments, words) in cases {
        place.run(["--user-id", "a"].iter().chain(arguments)).refused(2, words);
    }
}

#[test]
fn wrong_user_ids_are_refused() {
    for (id, word) in
        [("", "it is empty"), ("a\r\n", "control character"), (&"x".repeat(257), "256 bytes")]
    {
        Place::ready().run(["--user-id", id]).refused(2, &["--user-id", word]);
    }
    let huge = format!("x={}", "y".repeat(100_000));
    Place::ready().run(["--user-id", "a", "--claim", &huge]).refused(2, &["shorter custom claims"]);
}

#[cfg(unix)]
#[test]
fn arguments_that_are_not_text_are_refused() {
    use std::os::unix::ffi::OsStrExt as _;
    let bytes = OsStr::from_bytes(b"a\xff\xfe");
    for flag in ["--user-id", "--expiry", "--claim", "--role"] {
        let ran = Place::ready().run([OsStr::new(flag), bytes]);
        ran.refused(2, &["UTF-8"]);
    }
}

#[test]
fn a_token_in_the_wrong_place_is_not_repeated() {
    for arguments in [&[TOKEN][..], &["--tokn", TOKEN], &["--role", TOKEN], &["--expiry", TOKEN]] {
        let ran = Place::ready().run(["--user-id", "a"].iter().chain(arguments));
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
        assert!(!ran.stderr.contains("eyJ") && !ran.stderr.contains("c2ln"), "{}", ran.stderr);
    }
}

#[test]
fn no_secret_is_taken_from_the_command_line() {
    Place::ready().line("--user-id a --secret x").refused(2, &["unexpected argument '--secret'"]);
}

#[test]
fn colour_is_for_terminals() {
    for (name, value) in [("NO_COLOR", "1"), ("TERM", "xterm-256color")] {
        let place = Place::empty().with(name, value);
        assert!(!place.line("--user-id a").stderr.contains('\x1b'));
        assert!(!place.line("--help").stdout.contains('\x1b'));
    }
    let forced = Place::empty().with("CLICOLOR_FORCE", "1");
    assert!(forced.line("--user-id a").stderr.contains("\x1b["));
}

#[test]
fn what_a_terminal_would_obey_is_spelled_out() {
    let ran = Place::ready().run(["--user-id", "a\u{202e}b"]);
    assert!(ran.stdout.contains("User ID:    a\\u{202e}b\n"), "{}", ran.stdout);
}
