//! What a successful run prints, and where.

use std::fs;
use std::process::Stdio;

use crate::shared::{Place, SECRET};

/// The block with its two varying parts masked.
fn masked(stdout: &str) -> String {
    let line = |line: &str| match line {
        _ if line.starts_with("eyJ") => "<token>\n".to_owned(),
        _ if line.starts_with("Expiry: ") => format!("{}<time>\n", &line[..12]),
        _ => format!("{line}\n"),
    };
    stdout.lines().map(line).collect()
}

/// The guide's block, letter by letter.
fn guide(user: &str, role: &str, lifetime: &str) -> String {
    format!(
        "MCP Authentication Token Generated\n=====================================\n\
         User ID:    {user}\nUsername:   {user}\nRole:       {role}\nExpires In: {lifetime}\n\
         Expiry:     <time>\n\nToken:\n<token>\n\n\
         Save this token securely. Do not commit to git or share in logs.\n"
    )
}

#[test]
fn the_guides_examples_print_the_guides_block() {
    let place = Place::ready();
    for (line, user, role, lifetime) in [
        ("--user-id admin --expiry 24", "admin", "admin", "24 hours"),
        ("--user-id user123 --expiry 1", "user123", "user", "1 hour"),
        ("--user-id ci-pipeline --role admin --expiry 2160", "ci-pipeline", "admin", "2160 hours"),
        ("--user-id admin", "admin", "admin", "1 hour"),
        ("--user-id admin --role admin", "admin", "admin", "1 hour"),
        ("--user-id a --expiry 90m", "a", "user", "90 minutes"),
        ("--user-id a --expiry 7d", "a", "user", "7 days"),
    ] {
        let ran = place.line(line);
        assert_eq!((ran.code, masked(&ran.stdout)), (0, guide(user, role, lifetime)), "{line}");
        let expiry = ran.stdout.lines().find(|line| line.starts_with("Expiry:")).unwrap();
        assert_eq!((expiry.len(), &expiry[22..23], &expiry[31..]), (32, "T", "Z"));
        assert!(!ran.stderr.contains(ran.token()));
    }
}

#[test]
fn the_claims_are_the_guides() {
    let ran = Place::ready().line("--user-id admin --expiry 24");
    assert_eq!(ran.part(0), serde_json::json!({"alg": "HS256", "typ": "JWT"}));
    let payload = ran.part(1);
    for (name, value) in
        [("user_id", "admin"), ("username", "admin"), ("role", "admin"), ("token_type", "access")]
    {
        assert_eq!(payload[name], value);
    }
    assert_eq!(payload["exp"].as_u64().unwrap() - payload["iat"].as_u64().unwrap(), 86_400);
}

#[test]
fn flags_set_their_claims() {
    let ran = Place::ready().run([
        "--user-id",
        "a",
        "--username",
        "Zoë",
        "--role",
        "ops",
        "--claim",
        "n=3",
        "--claim",
        "s=x",
        "--claim",
        "o={\"a\":[1]}",
        "--audience",
        "api",
        "--issuer",
        "me",
        "-q",
    ]);
    let payload = ran.part(1);
    assert_eq!(payload["username"], "Zoë");
    assert_eq!(payload["role"], "ops");
    assert_eq!(payload["n"], 3);
    assert_eq!(payload["s"], "x");
    assert_eq!(payload["o"], serde_json::json!({"a": [1]}));
    assert_eq!((&payload["aud"], &payload["iss"]), (&"api".into(), &"me".into()));
    assert!(ran.stderr.contains("MCP_JWT_AUDIENCE is not set here"), "{}", ran.stderr);
}

#[test]
fn a_lifetime_beyond_the_token_age_is_warned_about() {
    let ran = Place::ready().line("--user-id a --expiry 24");
    assert!(ran.stderr.starts_with("warning: "), "{}", ran.stderr);
    assert!(ran.stderr.contains("MCP_MAX_TOKEN_AGE=86400"), "{}", ran.stderr);
    assert_eq!(Place::ready().line("--user-id a").stderr, "");
    let unlimited = Place::ready().with("MCP_MAX_TOKEN_AGE", "0");
    assert_eq!(unlimited.line("--user-id a --expiry 24").stderr, "");
}

#[test]
fn quiet_prints_the_token_and_nothing_else() {
    let ran = Place::ready().line("--user-id a --quiet");
    assert_eq!(ran.stdout, format!("{}\n", ran.token()));
    assert_eq!(ran.stderr, "");
}

#[test]
fn json_says_the_same() {
    let ran = Place::ready().line("--user-id a --expiry 90m --json");
    let object: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert!(object["token"].as_str().unwrap().starts_with("eyJ"));
    assert_eq!((&object["user_id"], &object["role"]), (&"a".into(), &"user".into()));
    assert_eq!(object["expires_in"], 5400);
    assert_eq!(object["expires_at"].as_str().unwrap().len(), 20);
    assert_eq!(object["jti"].as_str().unwrap().len(), 22);
    assert_eq!(object["key_fingerprint"].as_str().unwrap().len(), 11);
    assert_eq!(object["algorithm"], "HS256");
}

#[test]
fn json_holds_nothing_that_reorders_text() {
    let name = "a\u{202e}b\u{e0001}é";
    let ran = Place::ready().run(["--user-id", name, "--json"]);
    assert!(ran.stdout.contains(r#""user_id": "a\u202eb\udb40\udc01é""#), "{}", ran.stdout);
    let object: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(object["user_id"], name);
}

#[test]
fn verbose_names_the_key_and_where_it_came_from() {
    let place = Place::empty().with_file(".env", format!("MCP_JWT_SECRET={SECRET}\n"));
    let ran = place.line("--user-id a --verbose");
    assert_eq!(masked(&ran.stdout), guide("a", "user", "1 hour"));
    assert!(ran.stderr.starts_with("Algorithm:  HS256\nKey:        "), "{}", ran.stderr);
    assert!(ran.stderr.contains("\nKey from:   MCP_JWT_SECRET in .env\n"), "{}", ran.stderr);
    assert!(!ran.stderr.contains(SECRET) && !ran.stderr.contains(ran.token()));
}

#[test]
fn a_file_holds_the_token_and_stdout_does_not() {
    let place = Place::ready();
    let ran = place.line("--user-id a --output ci.token");
    let file = fs::read_to_string(place.path("ci.token")).unwrap();
    assert!(file.starts_with("eyJ") && file.ends_with('\n'));
    assert!(!ran.stdout.contains("eyJ") && !ran.stderr.contains("eyJ"));
    assert!(ran.stdout.contains("Token:\nwritten to ci.token, which only you can read\n"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(place.path("ci.token")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    place.line("--user-id b --output ci.token").refused(2, &["ci.token exists", "--force"]);
    assert_eq!(fs::read_to_string(place.path("ci.token")).unwrap(), file);
    let ran = place.line("--user-id b --output ci.token --force --json");
    assert!(ran.stdout.contains("\"token_file\": \"ci.token\"") && !ran.stdout.contains("eyJ"));
    assert_ne!(fs::read_to_string(place.path("ci.token")).unwrap(), file);
    assert_eq!(place.line("--user-id b --output two --quiet").stdout, "");
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    let place = Place::ready();
    for flags in ["--user-id a", "--help", "--man", "--completions bash"] {
        let mut command = place.command();
        command.args(flags.split_whitespace()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{flags}");
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{flags}");
    }
}

#[test]
fn the_guides_pipe_yields_the_token() {
    let line = "\"$0\" --user-id admin --expiry 1 | grep '^eyJ' | head -1";
    let place = Place::ready();
    let mut shell = std::process::Command::new("/bin/sh");
    shell
        .env_clear()
        .current_dir(place.path(""))
        .args(["-c", line])
        .arg(place.command().get_program());
    let output = shell.env("MCP_JWT_SECRET", SECRET).output().unwrap();
    let token = String::from_utf8(output.stdout).unwrap();
    assert_eq!(token.trim_end().split('.').count(), 3, "{token}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_reported() {
    let place = Place::ready();
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = place.command().args(["--user-id", "a"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stderr.starts_with(b"error: cannot write to stdout"));
}
