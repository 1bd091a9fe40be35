//! `token`

use super::*;

#[test]
fn a_token_is_explained_with_the_stores_verdict() {
    let host = Host::initialised();
    let token = host.token();
    let good = host.feed("token explain --token - --verbose", &token);
    assert!(
        good.stdout.contains("pass  revocation   neither the token nor its sign-in"),
        "{good:?}"
    );
    assert_eq!(good.exit, 0);
    host.feed("token revoke --token -", &token).says(0, "Revoked token ");
    let bad = host
        .feed("token explain --token -", &token)
        .says(5, "FAIL  revocation   the token was revoked");
    assert!(!bad.all().contains(&token), "{bad:?}");
    let json = host.feed("token explain --token - --json", &token);
    assert_eq!((json.exit, &json.json()["code"]), (5, &"token_revoked".into()));
    host.feed("token revoke --token -", &token).says(0, "Nothing to do: the token");
}

#[test]
fn everything_of_a_user_ends_at_once() {
    let host = Host::initialised();
    let token = host.token();
    let user = host.feed("token explain --token - --json", &token).json()["payload"]["user_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let receipt = host.run(&format!("token revoke --user {user} --json")).json();
    assert_eq!((&receipt["revoked"], &receipt["durability"]), (&"user".into(), &"local".into()));
    host.feed("token explain --token -", &token).says(5, "the user's earlier tokens were revoked");
}

#[test]
fn an_id_revokes_a_token_that_nobody_here_has_seen() {
    let host = Host::initialised();
    let token = host.forge().with_claim("jti", r#""from-elsewhere""#).token();
    let token = String::from_utf8(token).unwrap();
    host.run("token revoke --jti from-elsewhere").says(0, "Revoked token from-elsewhere.");
    host.feed("token explain --token -", &token).says(5, "the token was revoked");
    let last = host.audit().into_iter().rfind(|it| it["event"] == "token_revoked").unwrap();
    assert_eq!(last["target"], "from-elsewhere");
}

#[test]
fn an_id_that_is_not_on_record_may_be_a_slip() {
    let host = Host::initialised();
    let told =
        host.run("token revoke --user amdin").says(0, "Revoked everything of the user amdin.");
    assert!(
        told.stderr.starts_with("note: no account and no token that was issued here"),
        "{told:?}"
    );
    let told = host.run("token revoke --jti nosuch").says(0, "Revoked token nosuch.");
    assert!(told.stderr.starts_with("note: no token with this id was issued here"), "{told:?}");
    assert_eq!(host.run("token revoke --user admin").stderr, "");
}

#[test]
fn a_disabled_account_is_told_from_a_revoked_token() {
    let host = Host::initialised();
    let token = host.forge().with_claim("user_id", r#""admin""#).token();
    host.run("user disable admin").says(0, "admin was disabled");
    host.feed("token explain --token -", &String::from_utf8(token).unwrap())
        .says(6, "the account is disabled");
}

#[test]
fn what_is_no_token_of_ours_is_not_revoked() {
    let host = Host::initialised();
    let forged =
        Forge::new("5b8ec1f0a7d34e2996c0f3a1b2d4e6f8", SystemClock.now().unix_seconds()).token();
    host.feed("token revoke --token -", &String::from_utf8(forged).unwrap())
        .says(3, "no configured key made the signature");
    host.args(&["token", "revoke", "--jti", &host.token()], "").says(2, "this may be a token");
    host.run("token revoke").says(2, "required");
    host.run("token revoke --jti a --user b").says(2, "cannot be used with");
    host.run("token explain").says(2, "no token was given");
    assert!(!host.audit().iter().any(|it| it["event"] == "token_revoked"));
}

#[test]
fn there_is_nothing_to_list_before_somebody_signs_in() {
    let host = Host::initialised();
    host.run("token list").says(0, "TOKEN  TYPE  STATUS  USER");
    host.run("token list --user nobody")
        .says(0, "No token of nobody that has not expired was issued here");
    assert_eq!(host.run("token list --json").json(), serde_json::json!([]));
}
