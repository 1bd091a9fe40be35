//! Names and ids that were made to harm.

use super::*;

/// What each name is called, whatever is done with it.
const COMMANDS: [&[&str]; 6] = [
    &["user", "disable"],
    &["user", "delete", "--yes"],
    &["token", "list", "--user"],
    &["token", "revoke", "--user"],
    &["token", "revoke", "--jti"],
    &["audit", "search", "--user"],
];

fn hostile() -> Vec<String> {
    [
        "\x1b[2J\x1b[31mred",
        "a\nb",
        "\"quoted\"",
        "'; DROP TABLE accounts; --",
        "a\u{202e}b",
        "../../etc/passwd",
        "%s%n",
        " ",
        "{\"a\":1}",
    ]
    .iter()
    .map(|it| (*it).to_owned())
    .chain(["x".repeat(10_000), "é".repeat(200)])
    .collect()
}

#[test]
fn no_name_breaks_a_command_or_a_terminal() {
    let host = Host::initialised();
    for name in hostile() {
        for command in COMMANDS {
            let arguments: Vec<_> = command.iter().copied().chain([name.as_str()]).collect();
            let ended = host.args(&arguments, "");
            assert!([0, 2].contains(&ended.exit), "{ended:?}");
            assert!(ended.all().len() < 3_000, "{} bytes", ended.all().len());
            assert!(!ended.all().contains('\u{202e}'), "{ended:?}");
        }
    }
    host.run("user list").says(0, "admin    admin     admin  active");
    host.run("audit verify").says(0, "ok    integrity");
}

#[test]
fn names_of_accounts_are_legal_and_shown_harmlessly() {
    let host = Host::initialised();
    for name in hostile() {
        let added = host.args(&["user", "add", &name, "--password-stdin"], PASSWORD);
        let is_legal =
            name.len() <= 256 && !name.contains(['\n', '\x1b', '\u{202e}']) && name != " ";
        assert_eq!(added.exit, if is_legal { 0 } else { 2 }, "{name:?}: {added:?}");
    }
    // Another system may have had it.
    let hash = "$2y$07$usesomesillystringfore2uDLvp1Ii2e./U9C8sBjqp8I90dH6hi";
    let line = serde_json::json!({ "username": "a\u{202e}b", "password_hash": hash });
    host.args(&["user", "import", "-"], &line.to_string()).says(0, "Imported: 1 account");
    let list = host.run("user list");
    assert!(!list.stdout.contains(['\u{202e}', '\x1b']), "{list:?}");
    let json = host.run("user list --json").json();
    assert!(json.as_array().unwrap().iter().any(|it| it["user_id"] == "a\u{202e}b"));
    host.args(&["user", "delete", "--yes", "'; DROP TABLE accounts; --"], "")
        .says(0, "was deleted");
    host.run("audit verify").says(0, "ok    integrity");
}

#[test]
fn a_token_in_the_wrong_place_is_not_repeated() {
    let host = Host::initialised();
    let token = host.token();
    for arguments in [
        &["token", "explain", "--tokn", &token][..],
        &["token", "revoke", &token],
        &["audit", "explain", &token],
        &["audit", "search", "--since", &token],
        &["token", "explain", "--token-file", &token],
        &["token", "revoke", "--user", &token],
        &["user", "disable", &token],
        &["user", "add", &token],
    ] {
        let ended = host.args(arguments, "");
        assert_eq!(ended.exit, 2, "{ended:?}");
        for part in token.split('.') {
            assert!(!ended.all().contains(part), "{ended:?}");
        }
    }
}
