//! What people and programs see of the same tokens, at one fixed moment.

use super::*;
use crate::json;
use mcp_auth::clock::Timestamp;
use mcp_auth::settings::{Purpose, Settings};
use mcp_auth::testing::{Forge, Signature};
use mcp_auth::validate::Expect;
use std::time::Duration;

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
    let details = Details {
        keys: vec!["Dbfi9EQf-8w HS256, current, from MCP_JWT_SECRET in the environment".into()],
        token: "from --token".into(),
    };
    let [short, verbose] = [None, Some(&details)].map(|details| plain(&report(of, details)));
    let added = verbose.split_once("\nChecks\n").unwrap().1;
    format!("{short}\n[--verbose]\nChecks\n{added}\n[--json]\n{}", json::report(of))
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
    assert_eq!(plain(&report(&of, None)), expected);
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
    let algorithm = mcp_auth::keys::Algorithm::Hs256;
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

#[test]
fn the_time_left_is_cut_to_whole_seconds() {
    let millis = |millis| Timestamp::from_unix_seconds(0).plus(Duration::from_millis(millis));
    for (moment, now, shown) in [
        (1_000, 0, "1s"),
        (1_000, 1, "0s"),
        (60_000, 500, "59s"),
        (3_600_000, 0, "1h 0m 0s"),
        (3_600_000, 1, "59m 59s"),
        (7_776_000_000, 500, "2159h 59m 59s"),
        (5_000, 5_000, "expired 0s ago"),
        (5_000, 5_999, "expired 0s ago"),
        (0, 303_000, "expired 5m 3s ago"),
    ] {
        assert_eq!(fields::time_until(millis(moment), millis(now)), shown);
    }
}
