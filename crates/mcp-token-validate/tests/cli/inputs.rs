//! Where the token comes from, and everything that people give instead of one.

use super::*;

#[test]
fn the_token_comes_from_four_places() {
    let token = good();
    let valid = |ended: Ended| ended.says(0, "Valid:           ✓").hides(&token);
    valid(run().arg("--token").arg(&token).end());
    for end in ["", "\n", "\r\n"] {
        valid(run().stdin(format!("{token}{end}")).with("--token -"));
        valid(run().file("t", format!("{token}{end}")).with("--token-file t"));
    }
    valid(run().variable("MCP_TOKEN", &token).with(""));
    valid(run().file(".env", format!("MCP_TOKEN={token}\n")).with(""));
    valid(run().variable("MCP_TOKEN", "old").stdin(token.clone()).with("--token -"));
    let verbose = run().file(".env.local", format!("MCP_TOKEN={token}")).with("--verbose");
    verbose.says(0, "Token:           from MCP_TOKEN in .env.local\n");
}

#[test]
fn no_token_is_wrong_usage() {
    for run in [run(), run().variable("MCP_TOKEN", "")] {
        let ended = run.with("").says(2, "hint: give it as `--token TOKEN`, `--token -`");
        assert_eq!(ended.stdout, "");
    }
    run().arg("--token").arg("").end().says(2, "error: the token is empty (--token)");
    run().stdin("\n").with("--token -").says(2, "the token is empty (standard input)");
    run().file("t", "").with("--token-file t").says(2, "the token is empty (t)");
}

#[test]
fn files_that_cannot_be_read_are_named() {
    run().with("--token-file t").says(2, "cannot read t: No such file");
    run().with("--token-file .").says(2, "cannot read .: Is a directory");
    let token = good();
    let given = run().arg("--token-file").arg(&token).end();
    given.says(2, "`--token` takes the token itself").hides(&token);
    // A run never shows the secret; `end` sees to that.
    let given = run().arg("--token-file").arg(SECRET).end();
    given.says(2, "cannot read (not shown: it may be a secret): No such file");
    let long = "x".repeat(40);
    run().file(&long, "").arg("--token-file").arg(&long).end().says(2, &format!("({long})"));
}

#[test]
fn names_to_compare_with_are_checked_and_tokens_among_them_not_repeated() {
    let token = good();
    for flag in ["--audience", "--issuer"] {
        let run = || run().variable("MCP_TOKEN", &token).arg(flag);
        run().arg("a\x1b[2Jb\n").end().says(2, "it holds a control character");
        run().arg("").end().says(2, "it is empty");
        run().arg("x".repeat(257)).end().says(2, "more than 256 bytes");
        run().arg(&token).end().says(2, "it may be a token").hides(&token);
        run().arg(SECRET).end().says(2, "is the secret itself");
        run().arg(format!("\n{SECRET}")).end().says(2, "[not shown: 65 characters]");
    }
}

#[test]
fn what_is_no_token_is_told_apart() {
    let token = good();
    let (first, last) = token.split_at(80);
    let jwe = format!("{token}.c2Vjb25k.dGhpcmQ");
    for (given, says) in [
        (format!("Bearer {token}"), "This is a whole header"),
        (format!("Authorization: Bearer {token}"), "This is a whole header"),
        (format!("\"{token}\""), "There are quotes around the token"),
        (format!("{first}\n{last}"), "Join it into one line"),
        (format!("{first}\r\n{last}"), "Join it into one line"),
        (format!(" {token}"), "white space"),
        (format!("Token:\n{token}\n\nSave it."), "other text beside the token"),
        (jwe, "encrypted token (JWE)"),
        (format!(r#"{{"payload":"{token}"}}"#), "This is JSON"),
        ("$TOKEN".to_owned(), "the name of a variable"),
        ("not-a-token".to_owned(), "three parts"),
        (format!("{token}\u{1b}[2J"), "control characters"),
    ] {
        let as_argument = run().arg("--token").arg(&given).end();
        as_argument.says(3, says).says(3, "token_malformed").hides(&token);
        run().stdin(given.clone()).with("--token -").says(3, says).hides(&token);
        let file = run().file("t", &given).with("--token-file t --json");
        assert_eq!(file.json()["code"], "token_malformed");
        file.says(3, "").hides(&token);
    }
}

#[test]
fn too_much_is_not_read_to_its_end() {
    let endless = "x".repeat(1 << 20);
    let says = "the token has more than 65536 bytes, 8192 are allowed";
    run().stdin(endless.clone()).with("--token -").says(3, says);
    run().file("t", &endless).with("--token-file t").says(3, says);
    let json = run().file("t", &endless).with("--token-file t --json").says(3, says);
    assert_eq!((json.stderr.as_str(), &json.json()["code"]), ("", &"token_malformed".into()));
    assert_eq!(run().stdin(endless).with("--token - --quiet").says(3, "").all(), "");
    run().stdin("x".repeat(65_536)).with("--token -").says(3, "the token has 65536 bytes");
    let argument = "x".repeat(100_000);
    run().arg("--token").arg(argument).end().says(3, "the token has 100000 bytes");
}

#[test]
fn bytes_that_are_not_text_are_fine_to_give() {
    for (bytes, says) in [
        (b"\x7fELF\xff\x00\x01".to_vec(), "These bytes are not text"),
        (b"\xff\xfee\0y\0J\0".to_vec(), "UTF-16"),
        (vec![0; 5000], "control characters"),
    ] {
        run().stdin(bytes.clone()).with("--token -").says(3, says);
        run().file("t", &bytes).with("--token-file t").says(3, says);
        run().file("t", &bytes).with("--token-file t --no-verify").says(3, says);
    }
}

#[cfg(unix)]
#[test]
fn arguments_need_not_be_utf8() {
    use std::os::unix::ffi::OsStrExt as _;
    let odd = OsStr::from_bytes(b"eyJ\xff\xfe.a.b");
    run().arg("--token").arg(odd).end().says(3, "These bytes are not text");
    run().variable("MCP_TOKEN", odd).with("").says(3, "These bytes are not text");
    run().arg(odd).end().says(2, "");
    run().arg("--audience").arg(odd).end().says(2, "");
}

#[test]
fn a_token_in_the_wrong_place_is_not_repeated() {
    let token = good();
    for flag in ["", "--tokn=", "--type=", "--completions=", "--json=", "--"] {
        run().arg(format!("{flag}{token}")).end().says(2, "").hides(&token);
    }
    run().arg(&token).end().says(2, "--token <TOKEN>");
}
