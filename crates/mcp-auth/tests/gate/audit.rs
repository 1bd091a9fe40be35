//! What the audit says at every exit, and what it never says.

use std::sync::Arc;

use super::house::{Away, House, NOW, origin, token};
use insta::assert_snapshot;
use mcp_auth::Origin;
use mcp_auth::action::ConnectServer;
use mcp_auth::testing::{Forge, Signature};

/// The audit line of one refused request.
fn line(forge: &Forge) -> String {
    let house = House::new();
    house.admit(forge).unwrap_err();
    house.event()
}

#[test]
fn an_accepted_token() {
    let house = House::new();
    house.admit(&token("user")).unwrap();
    assert_snapshot!(house.event(), @r#"
    {
      "event": "token_decoded",
      "ip_address": "203.0.113.7",
      "jti": "forged",
      "request_id": "request-1",
      "role": "user",
      "sid": "grant-1",
      "timestamp": "2026-01-01T00:00:00.000Z",
      "user_id": "alice"
    }
    "#);
}

#[test]
fn no_token() {
    let house = House::new();
    house.gate.authenticate(None, &Origin::default()).unwrap_err();
    assert_snapshot!(house.event(), @r#"
    {
      "code": "token_missing",
      "error_id": "0000000000000000",
      "event": "mcp_authentication_failed",
      "reason": "no Authorization header",
      "timestamp": "2026-01-01T00:00:00.000Z"
    }
    "#);
}

#[test]
fn another_scheme() {
    let house = House::new();
    house.gate.authenticate(Some(&b"Basic YTpi"[..]), &origin()).unwrap_err();
    assert_snapshot!(house.event(), @r#"
    {
      "code": "token_missing",
      "error_id": "0000000000000000",
      "event": "mcp_authentication_failed",
      "ip_address": "203.0.113.7",
      "reason": "the Authorization header is not of the form `Bearer <token>`",
      "request_id": "request-1",
      "timestamp": "2026-01-01T00:00:00.000Z"
    }
    "#);
}

#[test]
fn a_text_that_is_no_token() {
    let house = House::new();
    house.gate.authenticate(Some(&b"Bearer x"[..]), &origin()).unwrap_err();
    assert_snapshot!(house.event(), @r#"
    {
      "code": "token_malformed",
      "error_id": "0000000000000000",
      "event": "mcp_authentication_failed",
      "ip_address": "203.0.113.7",
      "reason": "the token has 0 dots, a signed JWT has 2",
      "request_id": "request-1",
      "timestamp": "2026-01-01T00:00:00.000Z"
    }
    "#);
}

#[test]
fn an_unsigned_token() {
    let forge = token("superadmin").with_header(r#"{"alg":"none"}"#);
    assert_snapshot!(line(&forge.with_signature(Signature::Missing)), @r#"
    {
      "code": "algorithm_refused",
      "error_id": "0000000000000000",
      "event": "mcp_authentication_failed",
      "ip_address": "203.0.113.7",
      "reason": "the header names the algorithm none, which is not supported",
      "request_id": "request-1",
      "timestamp": "2026-01-01T00:00:00.000Z",
      "token": "e0a835f23531"
    }
    "#);
}

#[test]
fn an_unknown_key() {
    assert_snapshot!(line(&token("user").with_header(r#"{"alg":"HS256","kid":"k1"}"#)), @r#"
    {
      "code": "key_unknown",
      "error_id": "0000000000000000",
      "event": "mcp_authentication_failed",
      "ip_address": "203.0.113.7",
      "reason": "the header names the key k1, which is not in the key ring",
      "request_id": "request-1",
      "timestamp": "2026-01-01T00:00:00.000Z",
      "token": "dfd8341aa085"
    }
    "#);
}

#[test]
fn a_wrong_signature() {
    assert_snapshot!(line(&token("user").with_signature(Signature::Bytes(vec![7; 32]))), @r#"
    {
      "code": "signature_invalid",
      "error_id": "0000000000000000",
      "event": "mcp_authentication_failed",
      "ip_address": "203.0.113.7",
      "reason": "no configured key made the signature (keys tried: 1)",
      "request_id": "request-1",
      "timestamp": "2026-01-01T00:00:00.000Z",
      "token": "fc3358b91ab6"
    }
    "#);
}

#[test]
fn a_broken_claim() {
    assert_snapshot!(line(&token("Admin")), @r#"
    {
      "code": "claims_invalid",
      "error_id": "0000000000000000",
      "event": "mcp_authentication_failed",
      "ip_address": "203.0.113.7",
      "reason": "the claim `role` is not a legal name: it must be 1 to 32 of a-z 0-9 _ -",
      "request_id": "request-1",
      "timestamp": "2026-01-01T00:00:00.000Z",
      "token": "16d0431934bd"
    }
    "#);
}

#[test]
fn an_expired_token() {
    assert_snapshot!(line(&token("user").with_claim("exp", (NOW - 30).to_string()).with_claim("iat", "1")), @r#"
    {
      "code": "token_expired",
      "error_id": "0000000000000000",
      "event": "mcp_authentication_failed",
      "ip_address": "203.0.113.7",
      "jti": "forged",
      "reason": "the token expired at 2025-12-31T23:59:30Z, 30 s ago",
      "request_id": "request-1",
      "role": "user",
      "sid": "grant-1",
      "timestamp": "2026-01-01T00:00:00.000Z",
      "token": "fdd53f1aee78",
      "user_id": "alice"
    }
    "#);
}

#[test]
fn a_token_from_the_future() {
    assert_snapshot!(line(&token("user").with_claim("nbf", (NOW + 30).to_string())), @r#"
    {
      "code": "not_yet_valid",
      "error_id": "0000000000000000",
      "event": "mcp_authentication_failed",
      "ip_address": "203.0.113.7",
      "jti": "forged",
      "reason": "`nbf` is 2026-01-01T00:00:30Z, 30 s ahead of the clock",
      "request_id": "request-1",
      "role": "user",
      "sid": "grant-1",
      "timestamp": "2026-01-01T00:00:00.000Z",
      "token": "3f0e26e8fe28",
      "user_id": "alice"
    }
    "#);
}

#[test]
fn an_old_token() {
    assert_snapshot!(line(&token("user").with_claim("iat", (NOW - 4_000).to_string())), @r#"
    {
      "code": "token_too_old",
      "error_id": "0000000000000000",
      "event": "mcp_authentication_failed",
      "ip_address": "203.0.113.7",
      "jti": "forged",
      "reason": "the token is 4000 s old; MCP_MAX_TOKEN_AGE allows 3600 s",
      "request_id": "request-1",
      "role": "user",
      "sid": "grant-1",
      "timestamp": "2026-01-01T00:00:00.000Z",
      "token": "74dd327a9aef",
      "user_id": "alice"
    }
    "#);
}

#[test]
fn a_token_for_somebody_else() {
    assert_snapshot!(line(&token("user").with_claim("aud", r#""other""#)), @r#"
    {
      "code": "audience_mismatch",
      "error_id": "0000000000000000",
      "event": "mcp_authentication_failed",
      "ip_address": "203.0.113.7",
      "jti": "forged",
      "reason": "aud is \"other\", expected none",
      "request_id": "request-1",
      "role": "user",
      "sid": "grant-1",
      "timestamp": "2026-01-01T00:00:00.000Z",
      "token": "7b3bfd4ac8aa",
      "user_id": "alice"
    }
    "#);
}

#[test]
fn a_refresh_token() {
    assert_snapshot!(line(&token("user").refresh()), @r#"
    {
      "code": "token_type_mismatch",
      "error_id": "0000000000000000",
      "event": "mcp_authentication_failed",
      "ip_address": "203.0.113.7",
      "jti": "forged",
      "reason": "token_type is refresh, expected access",
      "request_id": "request-1",
      "sid": "grant-1",
      "timestamp": "2026-01-01T00:00:00.000Z",
      "token": "ac7bfa7fb835",
      "user_id": "alice"
    }
    "#);
}

#[test]
fn a_revoked_token() {
    let house = House::new();
    house.revoke(&House::new().admit(&token("user")).unwrap());
    house.admit(&token("user")).unwrap_err();
    assert_snapshot!(house.event(), @r#"
    {
      "code": "token_revoked",
      "error_id": "0000000000000000",
      "event": "mcp_authentication_failed",
      "ip_address": "203.0.113.7",
      "jti": "forged",
      "reason": "the token was revoked",
      "request_id": "request-1",
      "role": "user",
      "sid": "grant-1",
      "timestamp": "2026-01-01T00:00:00.000Z",
      "token": "685c50d20ef6",
      "user_id": "alice"
    }
    "#);
}

#[test]
fn a_blocked_account() {
    let house = House::new();
    house.block("alice");
    house.admit(&token("user")).unwrap_err();
    assert_snapshot!(house.event(), @r#"
    {
      "code": "account_disabled",
      "error_id": "0000000000000000",
      "event": "mcp_authentication_failed",
      "ip_address": "203.0.113.7",
      "jti": "forged",
      "reason": "the account is disabled",
      "request_id": "request-1",
      "role": "user",
      "sid": "grant-1",
      "timestamp": "2026-01-01T00:00:00.000Z",
      "token": "685c50d20ef6",
      "user_id": "alice"
    }
    "#);
}

#[test]
fn a_store_that_is_away() {
    let house = House::with_view(Arc::new(Away));
    house.admit(&token("user")).unwrap_err();
    assert_snapshot!(house.event(), @r#"
    {
      "code": "store_unavailable",
      "error_id": "0000000000000000",
      "event": "mcp_authentication_failed",
      "ip_address": "203.0.113.7",
      "jti": "forged",
      "reason": "the store gave no answer: connection refused",
      "request_id": "request-1",
      "role": "user",
      "sid": "grant-1",
      "timestamp": "2026-01-01T00:00:00.000Z",
      "token": "685c50d20ef6",
      "user_id": "alice"
    }
    "#);
}

#[test]
fn a_forbidden_action() {
    let house = House::new();
    let caller = House::new().admit(&token("user")).unwrap();
    let action = ConnectServer { server: "files\n\u{202e}".into() };
    house.gate.authorize(&caller, action, &origin()).unwrap_err();
    assert_snapshot!(house.event(), @r#"
    {
      "code": "permission_denied",
      "error_id": "0000000000000000",
      "event": "mcp_authorization_denied",
      "ip_address": "203.0.113.7",
      "jti": "forged",
      "reason": "connect files\\u{a}\\u{202e} is not allowed for role user: no rule allows it",
      "request_id": "request-1",
      "role": "user",
      "sid": "grant-1",
      "timestamp": "2026-01-01T00:00:00.000Z",
      "user_id": "alice"
    }
    "#);
}
