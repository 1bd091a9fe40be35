//! What people and programs see of the same tokens, at one fixed moment.

use mcp_auth::clock::Timestamp;
use mcp_auth::keys::{Algorithm, KeyRing, SigningKey};
use mcp_auth::report::Report;
use mcp_auth::secret::Secret;
use mcp_auth::settings::{Purpose, Settings};
use mcp_auth::testing::{Forge, Signature};
use mcp_auth::validate::Expect;

use crate::report::{Details, human, json};

const SECRET: &str = "3d1f0b7c9e8a4625b1c0d9e8f7a6b5c43d1f0b7c9e8a4625b1c0d9e8f7a6b5c4";
/// 2025-12-23T22:00:30Z, as in the guide.
const NOW: u64 = 1_766_527_230;

/// The report of a service that lets tokens live as long as they say.
fn explain(token: &[u8], expect: Expect, max_age: &str) -> Report {
    let settings = Settings::load(Purpose::Validate, |name| match name {
        "MCP_JWT_SECRET" => Some(SECRET.into()),
        "MCP_MAX_TOKEN_AGE" => Some(max_age.into()),
        _ => None,
    });
    let (settings, now) = (settings.unwrap(), Timestamp::from_unix_seconds(NOW));
    settings.validator().explain(token, expect, now, settings.secret())
}

fn admin() -> Forge {
    Forge::new(SECRET, NOW - 30)
        .with_claim("user_id", r#""admin""#)
        .with_claim("username", r#""admin""#)
        .with_claim("role", r#""admin""#)
        .with_claim("exp", (NOW - 30 + 24 * 3600).to_string())
}

fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

/// Everything that can be shown of one token.
fn pages(of: &Report) -> String {
    let key = SigningKey::from_secret(Algorithm::Hs256, &Secret::from_text(SECRET).unwrap());
    let place = "MCP_JWT_SECRET in the environment";
    let details = Details::new("--token", &KeyRing::new(key.unwrap()), place, "");
    let [short, verbose] = [None, Some(&details)].map(|details| plain(&human(of, details)));
    let added = verbose.split_once("\nChecks\n").unwrap().1;
    format!("{short}\n[--verbose]\nChecks\n{added}\n[--json]\n{}", json(of))
}

#[test]
fn a_valid_token_has_the_guides_report_to_the_character() {
    let of = explain(&admin().token(), Expect::Access, "0");
    let expected = "\
Token Validation Report
=======================
Valid:           ✓
Token Type:      access
User ID:         admin
Username:        admin
Role:            admin
Issued At:       2025-12-23T22:00:00Z
Expires At:      2025-12-24T22:00:00Z
Time Until Exp:  23h 59m 30s
Current Time:    2025-12-23T22:00:30Z
";
    assert_eq!(plain(&human(&of, None)), expected);
}

#[test]
fn a_valid_token() {
    insta::assert_snapshot!(pages(&explain(&admin().token(), Expect::Access, "0")));
}

#[test]
fn an_expired_token() {
    let token = admin()
        .with_claim("iat", (NOW - 7503).to_string())
        .with_claim("exp", (NOW - 303).to_string());
    insta::assert_snapshot!(pages(&explain(&token.token(), Expect::Access, "3600")));
}

#[test]
fn a_token_that_is_too_old() {
    let token = admin().with_claim("iat", (NOW - 4000).to_string());
    insta::assert_snapshot!(pages(&explain(&token.token(), Expect::Access, "3600")));
}

#[test]
fn a_token_signed_with_the_secret_and_its_line_break() {
    let key = format!("{SECRET}\n").into_bytes();
    let algorithm = Algorithm::Hs256;
    let token = admin().with_signature(Signature::Hmac { algorithm, key });
    insta::assert_snapshot!(pages(&explain(&token.token(), Expect::Access, "0")));
}

#[test]
fn a_refresh_token_without_iat() {
    let token = admin().refresh().without_claim("iat").token();
    insta::assert_snapshot!(pages(&explain(&token, Expect::Refresh, "3600")));
}

#[test]
fn claims_that_break_the_contract() {
    let token = admin()
        .without_claim("username")
        .with_claim("user_id", r#""a\u001b[2J\u202eb""#)
        .with_claim("role", "[\"user\",\"admin\"]")
        .with_claim("iat", "\"yesterday\"");
    insta::assert_snapshot!(pages(&explain(&token.token(), Expect::Access, "0")));
}

#[test]
fn a_whole_header() {
    let header = admin().authorization();
    insta::assert_snapshot!(pages(&explain(&header, Expect::Access, "0")));
}
