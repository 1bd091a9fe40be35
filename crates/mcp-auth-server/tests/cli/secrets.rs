//! `secret`

use super::*;

#[test]
fn a_generated_secret_is_one_that_can_be_used() {
    let host = Host::new();
    let secret = host.run("secret generate").stdout;
    assert_eq!(secret.trim_end().len(), 64);
    assert_ne!(secret, host.run("secret generate").stdout);
    let host = Host::new().variable("MCP_JWT_SECRET", secret.trim_end());
    let shown = host.run("config check").says(0, "The configuration is good.");
    assert!(!shown.all().contains(secret.trim_end()));
}

#[test]
fn after_a_rotation_older_tokens_hold_until_they_are_dropped() {
    let host = Host::initialised();
    let (token, before) = (host.token(), host.secret());
    host.run("secret rotate").says(0, "Older ones that still verify: 1.");
    assert_ne!(host.secret(), before);
    assert_eq!(mode(&host.path(".mcp/jwt_secret")), 0o600);
    assert_eq!(mode(&host.path(".mcp/jwt_previous_secrets")), 0o600);
    host.feed("token explain --token -", &token).says(0, "Valid:");
    let keys = host.run("secret fingerprint --json").json();
    assert_eq!(
        (&keys["keys"][0]["rank"], &keys["keys"][1]["rank"]),
        (&"current".into(), &"previous".into())
    );
    let now = host.secret();
    host.run("secret rotate --drop-previous").says(0, "Older secrets forgotten: 1.");
    assert_eq!(host.secret(), now, "the current one stays");
    host.feed("token explain --token -", &token).says(3, "no configured key made the signature");
    let events = host.audit();
    assert_eq!(events.iter().filter(|it| it["event"] == "keys_changed").count(), 4);
}

#[test]
fn a_rotation_that_was_cut_off_leaves_everything_working() {
    let host = Host::initialised();
    let token = host.token();
    // The list is written first.
    fs::copy(host.path(".mcp/jwt_secret"), host.path(".mcp/jwt_previous_secrets")).unwrap();
    host.feed("token explain --token -", &token).says(0, "Valid:");
    host.run("secret rotate").says(0, "Older ones that still verify: 1.");
    host.feed("token explain --token -", &token).says(0, "Valid:");
}
