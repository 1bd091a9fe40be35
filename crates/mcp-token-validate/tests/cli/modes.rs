//! The ways to answer, and the ways not to.

use super::*;
use mcp_auth::testing::Signature;

const WEAK: &str = "00000000000000000000000000000000";

/// Dates, spans and keys differ from run to run.
fn masked(text: &str, start: u64) -> String {
    let mut text = text.to_owned();
    for offset in 0..=3 {
        for moment in [start + offset, start + offset + 600] {
            let shown = mcp_auth::clock::Timestamp::from_unix_seconds(moment).to_string();
            text = text.replace(&shown, "[time]");
        }
    }
    for left in ["10m 0s", "9m 59s", "9m 58s", "9m 57s", "9m 56s"] {
        text = text.replace(left, "[left]");
    }
    text
}

#[test]
fn a_valid_token_prints_the_guides_report_and_nothing_else() {
    let start = now();
    let ended = run().stdin(text(&Forge::new(SECRET, start))).with("--token -");
    assert_eq!((ended.exit, ended.stderr.as_str()), (0, ""));
    let expected = "\
Token Validation Report
=======================
Valid:           ✓
Token Type:      access
User ID:         alice
Username:        alice
Role:            user
Issued At:       [time]
Expires At:      [time]
Time Until Exp:  [left]
Current Time:    [time]
";
    assert_eq!(masked(&ended.stdout, start), expected);
}

/// A pipe can be read once.
#[cfg(unix)]
#[test]
fn quiet_reads_the_secret_once() {
    let token = good();
    let line = "printf %s \"$1\" | MCP_JWT_SECRET_FILE=/dev/stdin \"$0\" --quiet --token \"$2\"";
    let program = env!("CARGO_BIN_EXE_mcp-token-validate");
    for (secret, exit) in [(SECRET, 0), ("short", 8)] {
        let mut shell = Command::new("/bin/sh");
        shell.env_clear().env("PATH", "/usr/bin:/bin").env("MCP_MAX_TOKEN_AGE", "0");
        let output = shell.args(["-c", line, program, secret, &token]).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(exit), "{stderr}");
        let says = if exit == 0 { "" } else { "has 5 bytes" };
        assert!(stderr.contains(says) && stderr.is_empty() == (exit == 0), "{stderr}");
    }
}

#[test]
fn json_has_its_documented_shape() {
    let valid = run().stdin(good()).with("--token - --json");
    assert_eq!((valid.exit, valid.stderr.as_str()), (0, ""));
    let json = valid.json();
    let names: Vec<_> = json.as_object().unwrap().keys().cloned().collect();
    let documented =
        ["checks", "code", "error", "payload", "unverified_payload", "valid", "verified"];
    assert_eq!(names, documented);
    assert_eq!(json["payload"]["user_id"], "alice");
    assert!(json["unverified_payload"].is_null() && json["code"].is_null());
    let check: Vec<_> = json["checks"][0].as_object().unwrap().keys().cloned().collect();
    assert_eq!(check, ["detail", "hint", "name", "verdict"]);

    let forged = forge().with_signature(Signature::Bytes(vec![7; 32]));
    let json = run().stdin(text(&forged)).with("--token - --json").says(3, "").json();
    assert!(json["payload"].is_null());
    assert_eq!(json["unverified_payload"]["user_id"], "alice");
    assert_eq!((&json["valid"], &json["verified"]), (&false.into(), &false.into()));
    assert_eq!(json["code"], "signature_invalid");

    let expired = text(&Forge::new(SECRET, 1_700_000_000));
    let json = run().stdin(expired).with("--token - --json").says(4, "").json();
    assert_eq!((&json["valid"], &json["verified"]), (&false.into(), &true.into()));
    assert_eq!(json["payload"]["user_id"], "alice");
}

#[test]
fn quiet_means_quiet() {
    let expired = text(&Forge::new(WEAK, 1_700_000_000));
    for (token, exit) in [(text(&Forge::new(WEAK, now())), 0), (good(), 3), (expired, 4)] {
        let weak = run().variable("MCP_JWT_SECRET", WEAK).stdin(token);
        assert_eq!(weak.with("--token - --quiet").says(exit, "").all(), "");
    }
    let loud = run().variable("MCP_JWT_SECRET", WEAK).stdin(good()).with("--token -");
    assert!(loud.stderr.starts_with("warning: MCP_JWT_SECRET "), "{loud:?}");
    without_settings().stdin(good()).with("--token - --quiet").says(8, "MCP_JWT_SECRET is not set");
}

#[test]
fn without_verification_it_says_so_twice() {
    let token = good();
    for arguments in ["--token - --no-verify", "--token - --no-verify --json"] {
        let ended = without_settings().stdin(token.clone()).with(arguments);
        let ended = ended.says(9, "alice").hides(&token);
        assert!(ended.stdout.contains("NOTHING WAS VERIFIED"), "{ended:?}");
        assert!(ended.stderr.contains("NOTHING WAS VERIFIED"), "{ended:?}");
    }
    let json = without_settings().stdin(token).with("--token - --no-verify --json").json();
    assert_eq!((&json["valid"], &json["payload"]), (&false.into(), &serde_json::Value::Null));
    assert_eq!(json["unverified_header"]["alg"], "HS256");
    without_settings().stdin("Bearer x").with("--token - --no-verify").says(3, "a whole header");
}

#[test]
fn mistakes_of_the_configuration_exit_with_8() {
    without_settings().stdin(good()).with("--token -").says(8, "error: MCP_JWT_SECRET is not set");
    let wrong = run().variable("MCP_MAX_TOKEN_AGE", "soon").variable("MCP_JWT_ALGORITHM", "none");
    let ended = wrong.stdin(good()).with("--token - --json");
    let ended = ended.says(8, "MCP_MAX_TOKEN_AGE").says(8, "MCP_JWT_ALGORITHM");
    assert_eq!(ended.stdout, "");
}

#[test]
fn help_completions_and_the_manual_need_nothing() {
    without_settings().with("--help").says(0, "Exit codes:");
    without_settings().with("--version").says(0, "mcp-token-validate 0.");
    without_settings().with("--man").says(0, ".TH mcp-token-validate");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ended = without_settings().with(&format!("--completions {shell}"));
        ended.says(0, "token-file");
    }
}

#[test]
fn nothing_in_a_token_reaches_the_terminal() {
    let hostile = forge()
        .with_claim("note", "\"\\u001b[2J\\u202e\\u009b\"")
        .with_claim("username", format!("\"{}\"", "x".repeat(200)));
    for arguments in ["--verbose", "--json", "--no-verify", "--no-verify --json", ""] {
        let ended = run().stdin(text(&hostile)).with(&format!("--token - {arguments}"));
        let obeyed = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!ended.all().contains(obeyed), "{ended:?}");
    }
    let cut = run().stdin(text(&hostile)).with("--token -");
    cut.says(0, &format!("{}… (80 more characters)", "x".repeat(120)));
}
