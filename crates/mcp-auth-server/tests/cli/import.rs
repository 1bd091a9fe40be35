//! `user import`

use super::*;

/// Of Python's bcrypt, for [`PASSWORD`] of the tests over HTTP.
const BCRYPT: &str = "$2b$04$Pd8pB7B2DxdMAcPfULFweezK.KSevuGK15dpmqr1jUjEsX0lOMK5G";
const ARGON2: &str = "$argon2id$v=19$m=32,t=3,p=4$AgICAgICAgICAgICAgICAg$A6paPrL94rqAsY/xA7lxkM9EXZLlBQsWRaGEfBPNzEI";

fn names(host: &Host) -> Vec<String> {
    let list = host.run("user list --json").json();
    list.as_array().unwrap().iter().map(|it| it["user_id"].as_str().unwrap().to_owned()).collect()
}

fn line(username: &str, more: &str) -> String {
    format!(r#"{{"username": "{username}", "password_hash": "{BCRYPT}"{more}}}"#)
}

#[test]
fn accounts_come_in_as_they_were() {
    let host = Host::initialised();
    let lines = [
        line("alice", ""),
        String::new(),
        line("bob", r#", "role": "superadmin", "user_id": "u-17""#),
        line("carol", r#", "active": false, "role": null"#).replace(BCRYPT, ARGON2) + "\r",
        line("admin", ""),
    ];
    fs::write(host.path("users.jsonl"), lines.join("\n")).unwrap();
    host.run("user import users.jsonl")
        .says(0, "Line 5: the name admin is taken; left alone.")
        .says(0, "Imported: 3 accounts. Names that were taken: 1.");
    let list = host.run("user list --json").json();
    let shown = list.as_array().unwrap().iter().map(|it| {
        let text = |name: &str| it[name].as_str().unwrap().to_owned();
        (text("user_id"), text("username"), text("role"), it["active"] == true)
    });
    let expected = [
        ("admin", "admin", "admin", true),
        ("alice", "alice", "user", true),
        ("carol", "carol", "user", false),
        ("u-17", "bob", "superadmin", true),
    ];
    let expected = expected.map(|it| (it.0.to_owned(), it.1.to_owned(), it.2.to_owned(), it.3));
    assert_eq!(shown.collect::<Vec<_>>(), expected);

    let events = host.audit();
    let reasons = events.iter().filter(|it| it["event"] == "account_created");
    let reasons: Vec<_> = reasons.filter_map(|it| it["reason"].as_str()).collect();
    assert!(
        reasons.ends_with(&[
            "imported with role user, by a command on the host",
            "imported with role superadmin, by a command on the host",
            "imported with role user, disabled, by a command on the host",
        ]),
        "{reasons:?}"
    );
    let again = host.feed("user import - --json", &lines.join("\n")).json();
    assert_eq!(again["imported"], serde_json::json!([]));
    assert_eq!(again["taken"][1], serde_json::json!({"line": 3, "username": "bob"}));
    host.run("audit verify").says(0, "ok    integrity");
}

#[test]
fn a_wrong_line_is_told_and_nothing_is_written() {
    let host = Host::initialised();
    let token = host.token();
    for (wrong, problem) in [
        ("alice", "line 2 is no JSON object"),
        (&format!("[{BCRYPT:?}]"), "line 2 is no JSON object"),
        (&format!("{{{BCRYPT}}}"), "line 2 is not JSON: see column 2"),
        (&line("x", "").repeat(2), "line 2 is not JSON"),
        (r#"{"username": "x"}"#, "line 2 has no `password_hash`; add it"),
        (&format!(r#"{{"password_hash": "{BCRYPT}"}}"#), "line 2 has no `username`"),
        (&line("x", r#", "username": "y""#), "line 2 has a field twice"),
        (&line("x", &format!(r#", "{BCRYPT}": 1"#)), "line 2 has a field that is not known"),
        (&line("x", &format!(r#", "active": "{BCRYPT}""#)), "`active` that is not true or false"),
        (&line("x", r#", "role": 7"#), "`role` that is not text"),
        (&line("x", r#", "role": "Chief""#), "`role` that is not a legal role"),
        (&line("", ""), "`username` that is empty"),
        (&line("x", r#", "user_id": "a\nb""#), "`user_id` that holds a control character"),
        (&line(&token, ""), "a token or a hash as `username`"),
        (&line(BCRYPT, ""), "a token or a hash as `username`"),
        (&line("first", ""), "line 2 uses the name first of line 1"),
        (&line("x", r#", "user_id": "first""#), "line 2 uses the name first of line 1"),
        (&line("x", "").replace("$2b", "$2x"), "`password_hash` that is neither bcrypt"),
        (&line("x", "").replace("MK5G", ""), "`password_hash` that is cut short"),
        (&line("x", "").replace("$04", "$31"), "`password_hash` that costs too much"),
        (&line(&"x".repeat(20_000), ""), "line 2 has more than 16384 bytes"),
    ] {
        let ended = host.feed("user import -", &format!("{}\n{wrong}\n", line("first", "")));
        assert!(!ended.all().contains("Pd8pB7B2D") && !ended.all().contains(&token), "{ended:?}");
        ended.says(2, problem).says(2, "nothing was imported").says(2, "hint: ");
    }
    host.feed("user import -", "\n\n").says(2, "there is no account in standard input");
    host.feed("user import -", &"{\n".repeat(9_999)).says(2, "line 20 is not JSON");
    host.run("user import missing").says(2, "cannot read missing").says(2, "JSON lines");
    let bytes = assert_cmd::Command::new(env!("CARGO_BIN_EXE_mcp-auth-server"))
        .current_dir(host.path(""))
        .args(["user", "import", "-"])
        .write_stdin(b"{\"username\": \"\xff\"}".as_slice())
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&bytes.stderr).contains("line 1 is not JSON"), "{bytes:?}");
    assert_eq!(names(&host), ["admin"]);
}
