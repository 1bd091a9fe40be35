use super::*;
use crate::keys::{Algorithm, KeyRing, SigningKey, VerifyingKey};
use crate::testing::{AttackSetting, Forge, Signature, attacks};
use crate::validate::{RawToken, Rules};
use std::time::Duration;

const SECRET: &str = "3d1f0b7c9e8a4625b1c0d9e8f7a6b5c43d1f0b7c9e8a4625b1c0d9e8f7a6b5c4";
const NOW: u64 = 1_767_225_600;

fn secret(text: &str) -> Secret {
    Secret::from_text(text).unwrap()
}

fn ring(text: &str) -> KeyRing {
    KeyRing::new(SigningKey::from_secret(Algorithm::Hs256, &secret(text)).unwrap())
}

fn validator() -> Validator {
    Validator::new(ring(SECRET), Rules::default())
}

fn forge() -> Forge {
    Forge::new(SECRET, NOW)
}

fn explain_with(validator: &Validator, token: &[u8], own: &str) -> Report {
    let now = Timestamp::from_unix_seconds(NOW);
    validator.explain(token, Expect::Access, now, Some(&secret(own)))
}

fn explain(token: &[u8]) -> Report {
    explain_with(&validator(), token, SECRET)
}

/// The hint of the line that the refusal comes from.
fn hint(report: &Report) -> &str {
    let mut failing = report.lines().iter().filter(|line| line.verdict == Verdict::Fail);
    failing.next().and_then(|line| line.hint.as_deref()).unwrap_or("no hint")
}

fn line<'r>(report: &'r Report, name: &str) -> &'r Line {
    report.lines().iter().find(|line| line.name == name).unwrap()
}

fn signed_with(key: &[u8]) -> Vec<u8> {
    let signature = Signature::Hmac { algorithm: Algorithm::Hs256, key: key.to_vec() };
    forge().with_signature(signature).token()
}

#[test]
fn the_report_gives_the_gates_refusal_for_every_attack() {
    let now = Timestamp::from_unix_seconds(NOW);
    for attack in attacks(SECRET, NOW) {
        let validator = attack.setting.validator(SECRET).unwrap();
        let expect = attack.setting.expect;
        let gate = RawToken::from_bytes(&attack.token)
            .and_then(|raw| validator.validate(raw, expect, now))
            .map(drop);
        let report = validator.explain(&attack.token, expect, now, Some(&secret(SECRET)));
        assert_eq!(report.refusal(), gate.as_ref().err(), "{attack:?}");
        assert_eq!(report.code(), Some(attack.expected), "{attack:?}");
        assert!(!report.is_valid());
    }
}

#[test]
fn a_valid_token_passes_every_check_but_revocation() {
    let report = explain(&forge().token());
    assert!(report.is_valid() && report.is_verified());
    assert_eq!(report.claims_possibly_unverified().unwrap().user_id(), "alice");
    let (last, others) = report.lines().split_last().unwrap();
    assert!(others.iter().all(|line| line.verdict == Verdict::Pass && line.hint.is_none()));
    assert_eq!((last.name, last.verdict), ("revocation", Verdict::Skipped));
    assert!(last.detail.starts_with("not checked"), "{last:?}");
    assert!(last.hint.as_ref().unwrap().contains("keeps the revocations"));
}

#[test]
fn every_report_has_the_same_lines() {
    let names =
        |token: &[u8]| explain(token).lines().iter().map(|line| line.name).collect::<Vec<_>>();
    let all = names(&forge().token());
    assert_eq!(all.len(), 16);
    for token in [
        forge().with_header("{}").token(),
        forge().with_header(r#"{"alg":"HS256","kid":"other"}"#).token(),
        forge().with_payload("[]").token(),
        forge().with_encoded_payload("A").token(),
        signed_with(b"another"),
        Vec::new(),
        b"\xff\x00".to_vec(),
    ] {
        assert_eq!(names(&token), all);
    }
}

#[test]
fn what_nobody_vouches_for_is_marked() {
    let report = explain(&signed_with(b"another"));
    assert!(!report.is_verified());
    assert_eq!(line(&report, "role").detail, "user (unverified)");
    assert_eq!(line(&report, "expiry").verdict, Verdict::Pass);
    assert!(line(&report, "expiry").detail.ends_with("in 600 s (unverified)"));
    assert!(!line(&report, "revocation").detail.contains("unverified"));
    let genuine = explain(&forge().with_claim("exp", NOW.to_string()).token());
    assert!(genuine.is_verified());
    assert!(genuine.lines().iter().all(|line| !line.detail.contains("unverified")));
}

#[test]
fn mistakes_made_with_the_secret_are_recognised() {
    let raw = hex::decode(SECRET).unwrap();
    let with = |start: &str, end: &str| format!("{start}{SECRET}{end}").into_bytes();
    let base64 = base64_simd::STANDARD;
    for (key, cause) in [
        (with("", "\n"), "the secret and the line break"),
        (with("", "\r\n"), "Windows line break"),
        (with("", "\r"), "carriage return"),
        (with("", " "), "a space at its end"),
        (with("\"", "\""), "the quotes around it"),
        (with("'", "'"), "the quotes around it"),
        (with("\u{feff}", ""), "byte order mark"),
        (raw, "hex digits stand for"),
        (base64.decode_to_vec(SECRET).unwrap(), "base64 stands for"),
        (base64.encode_to_string(SECRET).into_bytes(), "base64 text, undecoded"),
        (hex::encode(SECRET).into_bytes(), "bytes in hex digits"),
        (SECRET.to_uppercase().into_bytes(), "the other case"),
        (Vec::new(), "an empty secret"),
        (b"your-secret-here".to_vec(), "the placeholder"),
    ] {
        let report = explain(&signed_with(&key));
        assert!(hint(&report).contains(cause), "{cause}: {}", hint(&report));
        assert_eq!(report.code(), Some(RefusalCode::SignatureInvalid));
        assert!(!format!("{report:?}").contains(SECRET));
    }
    assert!(hint(&explain(&signed_with(b"unrelated"))).contains("fingerprints"));
}

#[test]
fn quotes_that_this_side_kept_are_recognised() {
    let quoted = format!("\"{SECRET}\"");
    let validator = Validator::new(ring(&quoted), Rules::default());
    let report = explain_with(&validator, &forge().token(), &quoted);
    assert!(hint(&report).contains("without the quotes"), "{}", hint(&report));
}

#[test]
fn base64url_secrets_are_decoded_too() {
    let text = "3d1f0b7c-9e8a4625_b1c0d9e8f7a6b5c43d1f0b";
    let key = base64_simd::URL_SAFE_NO_PAD.decode_to_vec(text);
    let validator = Validator::new(ring(text), Rules::default());
    let report = explain_with(&validator, &signed_with(&key.unwrap()), text);
    assert!(hint(&report).contains("base64url"), "{}", hint(&report));
}

#[test]
fn a_previous_secret_is_named_as_such() {
    let previous = "0123-the-secret-before-the-rotation-4567";
    let key = VerifyingKey::from_secret(Algorithm::Hs256, &secret(previous)).unwrap();
    let validator = Validator::new(ring(SECRET).and_accept(key).unwrap(), Rules::default());
    let report = explain_with(&validator, &Forge::new(previous, NOW).token(), SECRET);
    assert!(report.is_valid());
    assert!(line(&report, "key").detail.ends_with(", the previous key"));
}

#[test]
fn a_key_under_another_name_is_recognised() {
    let named = forge().with_header(r#"{"alg":"HS256","kid":"prod-1"}"#);
    let report = explain(&named.clone().token());
    assert_eq!(report.code(), Some(RefusalCode::KeyUnknown));
    assert!(hint(&report).contains("did sign it"), "{}", hint(&report));
    let key = format!("{SECRET}\n").into_bytes();
    let wrong = Signature::Hmac { algorithm: Algorithm::Hs256, key };
    let report = explain(&named.clone().with_signature(wrong).token());
    assert!(hint(&report).contains("line break"), "{}", hint(&report));
    let report = explain(&named.with_signature(Signature::Bytes(vec![7; 32])).token());
    assert!(hint(&report).contains("MCP_JWT_PREVIOUS_SECRETS"), "{}", hint(&report));
}

#[test]
fn claims_and_headers_have_their_causes() {
    let claim = |name: &str, value: String| forge().with_claim(name, value).token();
    let at = |offset: i64| (NOW.cast_signed() + offset).to_string();
    let header = |text: &str| forge().with_header(text).token();
    let aged = |iat: i64, exp: i64| forge().with_claim("iat", at(iat)).with_claim("exp", at(exp));
    for (token, cause) in [
        (claim("iat", at(90)), "The clocks of the issuer and of this machine disagree"),
        (forge().with_claim("exp", at(9999)).with_claim("iat", at(900)).token(), "dated ahead"),
        (claim("nbf", at(30)), "MCP_JWT_LEEWAY_SECONDS"),
        (aged(-600, -5).token(), "the clocks disagree"),
        (aged(-6000, -5000).token(), "`--expiry`"),
        (aged(-3700, 82_700).token(), "set MCP_MAX_TOKEN_AGE=86400 here to honour it to its end"),
        (
            forge().without_claim("iat").with_claim("exp", at(7200)).token(),
            "MCP_MAX_TOKEN_AGE to 7201 or more",
        ),
        (forge().refresh().token(), "`--type refresh`"),
        (claim("token_type", r#""Access""#.into()), "in small letters"),
        (claim("aud", r#""mcp""#.into()), "Set MCP_JWT_AUDIENCE"),
        (forge().without_claim("role").token(), "`mcp-token-gen` issues tokens with all"),
        (claim("exp", at(-1)), "Correct the clock or the lifetime"),
        (forge().and_claim("exp", at(9)).token(), "sound JSON"),
        (forge().with_payload("hello").token(), "sound JSON"),
        (forge().with_encoded_payload("A").token(), "payload was damaged"),
        (forge().with_payload("x".repeat(5000)).token(), "fewer claims"),
        (header(r#"{"alg":"none"}"#), "Nobody signed this token"),
        (header(r#"{"alg":"HS384"}"#), "set MCP_JWT_ALGORITHM to HS384"),
        (header(r#"{"alg":"hs256"}"#), "the issuer must write HS256"),
        (header(r#"{"alg":"PS256"}"#), "not supported"),
        (header(r#"{"alg":"HS256","crit":["x"]}"#), "another kind of reader"),
        (header(&format!(r#"{{"alg":"HS256","x":"{}"}}"#, "y".repeat(2000))), "and no more"),
        (b"invalid.token.here".to_vec(), "begins with `eyJ`"),
    ] {
        let report = explain(&token);
        assert!(hint(&report).contains(cause), "{cause}: {}: {report:?}", hint(&report));
    }
}

#[test]
fn names_that_do_not_agree_have_their_causes() {
    let named =
        AttackSetting { issuer: Some("a"), audience: Some("b"), ..AttackSetting::default() };
    let validator = named.validator(SECRET).unwrap();
    let iss = forge().with_claim("iss", r#""a""#);
    for (token, cause) in [
        (forge().token(), "names no issuer"),
        (forge().with_claim("iss", r#""A""#).token(), "another issuer"),
        (iss.clone().token(), "names no audience"),
        (iss.with_claim("aud", r#"["c","bb"]"#).token(), "another service"),
    ] {
        let report = explain_with(&validator, &token, SECRET);
        assert!(hint(&report).contains(cause), "{cause}: {}", hint(&report));
    }
}

#[test]
fn texts_that_are_no_token_are_recognised() {
    let good = String::from_utf8(forge().token()).unwrap();
    let (first, last) = good.split_at(60);
    for (text, cause) in [
        (String::new(), "nothing to look at"),
        (" \n".into(), "nothing to look at"),
        (format!("Bearer {good}"), "a whole header"),
        (format!("authorization: bearer {good}"), "a whole header"),
        (format!("\"{good}\""), "quotes around"),
        (format!("“{good}”"), "quotes around"),
        ("$TOKEN".into(), "name of a variable"),
        (format!("{{\"access_token\":\"{good}\"}}"), "This is JSON"),
        (format!("  [\"{good}\"]"), "This is JSON"),
        ("<token>".into(), "a placeholder"),
        ("your-token-here".into(), "a placeholder"),
        ("-----BEGIN PUBLIC KEY-----\nMFkw\n".into(), "a key or a certificate"),
        (format!("export TOKEN={good}"), "an assignment or an address"),
        (format!("https://localhost/?token={good}"), "an assignment or an address"),
        (format!("{first}\n{last}"), "Join it"),
        (format!("{good}\n"), "Join it"),
        (format!("Token:\n{good}\n\nSave this token"), "other text beside"),
        (format!("a {}", "b ".repeat(9000)), "too long"),
        (format!("\u{feff}{good}"), "byte order mark"),
        (format!("a\0{good}"), "control characters"),
        (format!("{first}..."), "shortened"),
        (good.replace('.', "%2E"), "as for an address"),
        ("x".repeat(9000), "No token is so long"),
        (format!("{good}=="), "base64url"),
        ("sk-0123456789".into(), "an API key"),
        (good.rsplit_once('.').unwrap().0.to_owned(), "cut off"),
        (format!("{good}é"), "copy it again"),
        (format!("{good}.a"), "a dot too many"),
        (format!("{good}.a.b"), "JWE"),
        (format!("{good}{good}"), "JWE"),
        (format!("{good}.{good}"), "two tokens"),
    ] {
        let report = explain(text.as_bytes());
        let shown: String = text.chars().take(30).collect();
        assert!(hint(&report).contains(cause), "{shown:?}: {}", hint(&report));
        assert!(!format!("{report:?}").contains(last), "{shown:?}");
    }
    assert!(hint(&explain(b"\xff\xfee\0y\0J\0")).contains("UTF-16"));
    assert!(hint(&explain(b"\x89PNG\xff")).contains("not text"));
}

#[test]
fn tolerance_that_was_needed_shows() {
    let rules = Rules::default().with_leeway(Duration::from_secs(30));
    let validator = Validator::new(ring(SECRET), rules);
    let late = forge()
        .with_claim("iat", (NOW - 10).to_string())
        .with_claim("exp", (NOW - 5).to_string())
        .token();
    let report = explain_with(&validator, &late, SECRET);
    assert!(report.is_valid());
    assert!(
        line(&report, "expiry").detail.ends_with("5 s ago, within MCP_JWT_LEEWAY_SECONDS of 30 s")
    );
    let early = explain(&forge().with_claim("iat", (NOW + 20).to_string()).token());
    assert!(early.is_valid());
    assert!(line(&early, "issued_at").detail.contains("20 s ahead of the clock"));
}

#[test]
fn a_token_can_be_read_without_a_key() {
    let token = read_unverified(&signed_with(b"any")).unwrap();
    assert_eq!(token.header.unwrap()["alg"], "HS256");
    assert_eq!(token.payload.unwrap()["user_id"], "alice");
    let odd = read_unverified(&forge().with_header("x").with_payload("[1]").token()).unwrap();
    assert_eq!((odd.header, odd.payload), (None, Some(serde_json::json!([1]))));
    let line = read_unverified(b"Bearer x").unwrap_err();
    assert_eq!((line.name, line.verdict), ("structure", Verdict::Fail));
    assert!(line.hint.unwrap().contains("a whole header"));
}

#[test]
fn the_stores_answer_takes_the_place_of_the_skipped_check() {
    use crate::store::{RevokedBy, StoreError, Verdict as StoreVerdict};
    let told = |answer| explain(&forge().token()).with_revocation(answer);
    let revoked = told(Some(Ok(StoreVerdict::Revoked(RevokedBy::User))));
    assert_eq!(revoked.code(), Some(RefusalCode::TokenRevoked));
    assert_eq!(line(&revoked, "revocation").verdict, Verdict::Fail);
    assert!(hint(&revoked).contains("password, role or state"), "{}", hint(&revoked));
    let blocked = told(Some(Ok(StoreVerdict::Blocked)));
    assert_eq!(blocked.code(), Some(RefusalCode::AccountDisabled));
    let silent = told(Some(Err(StoreError::new("disk on fire"))));
    assert_eq!(silent.code(), Some(RefusalCode::StoreUnavailable));
    let live = told(Some(Ok(StoreVerdict::Live)));
    assert!(live.is_valid());
    assert_eq!(line(&live, "revocation").verdict, Verdict::Pass);
    assert_eq!(line(&told(None), "revocation").verdict, Verdict::Skipped);
    let lines = |report: &Report| report.lines().iter().map(|line| line.name).collect::<Vec<_>>();
    assert_eq!(lines(&live), lines(&explain(&forge().token())));
}

#[test]
fn the_first_refusal_stays_whatever_the_store_says() {
    use crate::store::Verdict as StoreVerdict;
    let expired = explain(&forge().with_claim("iat", "1").with_claim("exp", "2").token());
    let told = expired.with_revocation(Some(Ok(StoreVerdict::Blocked)));
    assert_eq!(told.code(), Some(RefusalCode::TokenExpired));
}
