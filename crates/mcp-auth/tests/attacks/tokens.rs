//! Classes whose variants are all in the corpus, and the good tokens beside them: a bound that refuses everything
//! would pass otherwise.

use crate::support::{CORPUS, NOW, SECRET, accepts, good, refuses_all, validator};
use mcp_auth::clock::Timestamp;
use mcp_auth::policy::{Policy, Subject};
use mcp_auth::roles::Role;
use mcp_auth::testing::Signature;
use mcp_auth::validate::{Expect, RawToken};

#[test]
fn a01_alg_none_and_non_strings() {
    refuses_all("A01", 30);
}

#[test]
fn a02_alg_in_another_spelling() {
    refuses_all("A02", 8);
}

#[test]
fn a03_alg_that_is_not_configured() {
    refuses_all("A03", 10);
}

#[test]
fn a06_hostile_key_ids() {
    refuses_all("A06", 40);
}

#[test]
fn a08_keys_that_the_token_brings() {
    refuses_all("A08", 9);
}

#[test]
fn a09_any_crit() {
    refuses_all("A09", 13);
}

#[test]
fn a10_unencoded_payloads() {
    refuses_all("A10", 5);
}

#[test]
fn a11_encryption_compression_and_nesting() {
    refuses_all("A11", 13);
}

#[test]
fn a12_json_serialisation() {
    refuses_all("A12", 3);
}

#[test]
fn a14_missing_parts() {
    refuses_all("A14", 10);
}

#[test]
fn a15_cut_and_extended_macs() {
    refuses_all("A15", 38);
}

#[test]
fn a16_second_spellings_of_base64url() {
    refuses_all("A16", 60);
}

#[test]
fn a17_many_dots() {
    refuses_all("A17", 6);
}

#[test]
fn a18_names_that_stand_twice() {
    refuses_all("A18", 22);
    assert!(accepts(&good().with_claim("a", r#"{"x":1}"#).with_claim("b", r#"{"x":1}"#)));
    assert!(accepts(&good().with_claim("x", "1").with_claim("X", "2")));
}

#[test]
fn a19_no_object_or_more_than_one() {
    refuses_all("A19", 60);
    assert!(accepts(
        &good().with_payload([b" \t\r\n", good().payload().as_slice(), b" \n"].concat())
    ));
}

#[test]
fn a20_depth() {
    refuses_all("A20", 7);
    assert!(accepts(&good().with_claim("x", format!("{}{}", "[".repeat(15), "]".repeat(15)))));
}

#[test]
fn a21_sizes() {
    refuses_all("A21", 6);
    let payload_of = |bytes: usize| {
        let empty = good().with_claim("pad", r#""""#).payload().len();
        good().with_claim("pad", format!(r#""{}""#, "a".repeat(bytes - empty)))
    };
    assert!(accepts(&payload_of(4_096)));
    assert!(!accepts(&payload_of(4_097)));
    assert!(accepts(&(0..57).fold(good(), |f, n| f.and_claim(&format!("c{n}"), "0"))));
    let header = |bytes: usize| format!(r#"{{"alg":"HS256","pad":"{}"}}"#, "a".repeat(bytes - 24));
    assert!(accepts(&good().with_header(header(768))));
    assert!(!accepts(&good().with_header(header(769))));
}

#[test]
fn a22_dates_that_are_none() {
    refuses_all("A22", 90);
    for raw in ["253402300799", "253402300799.9", "1.8e9", "1800000000.0", "18E+8"] {
        assert!(accepts(&good().with_claim("exp", raw)), "{raw}");
    }
    for raw in ["1767225600.0", "1767225599.5", "1767225600e0"] {
        assert!(accepts(&good().with_claim("iat", raw).with_claim("nbf", raw)), "{raw}");
    }
}

#[test]
fn a23_no_expiry() {
    refuses_all("A23", 6);
}

#[test]
fn a28_hostile_names() {
    refuses_all("A28", 60);
    assert!(accepts(&good().with_claim("user_id", format!(r#""{}""#, "a".repeat(256)))));
}

/// Names that look alike stay apart: they are compared byte for byte, never normalised. What hides or reorders text
/// is written out wherever a person may see it.
#[test]
fn a28_names_that_look_alike() {
    let looks = ["é", "e\u{301}", "аlice", "alice\u{200b}", "\u{202e}ecila", "Alice"];
    for name in looks {
        let token = good().with_claim("user_id", format!(r#""{name}""#)).token();
        let raw = RawToken::from_bytes(&token).unwrap();
        let now = Timestamp::from_unix_seconds(NOW);
        let valid = validator().validate(raw, Expect::Access, now).unwrap();
        assert_eq!(valid.claims().user_id(), name);
    }
    let shown = mcp_auth::text::Escaped("\u{202e}ecila\u{200b}").to_string();
    assert_eq!(shown, r"\u{202e}ecila\u{200b}");
}

#[test]
fn a29_broken_text_in_ignored_claims() {
    refuses_all("A29", 45);
}

#[test]
fn a30_the_wrong_kind_of_token() {
    refuses_all("A30", 28);
    for typ in ["JWT", "at+jwt"] {
        assert!(accepts(&good().with_header(format!(r#"{{"alg":"HS256","typ":"{typ}"}}"#))));
    }
    assert!(accepts(&good().with_header(r#"{"alg":"HS256"}"#)));
}

#[test]
fn a31_tokens_of_other_services() {
    refuses_all("A31", 26);
}

#[test]
fn a32_nearly_the_issuer_or_the_audience() {
    refuses_all("A32", 26);
}

#[test]
fn a33_roles_that_are_none() {
    refuses_all("A33", 20);
}

/// Whatever else a token says of its bearer, the role is what `role` says.
#[test]
fn a33_other_claims_grant_nothing() {
    let forge = good()
        .with_claim("roles", r#"["admin"]"#)
        .with_claim("scope", r#""admin superadmin""#)
        .with_claim("isAdmin", "true")
        .with_claim("Role", r#""admin""#);
    let token = forge.token();
    let raw = RawToken::from_bytes(&token).unwrap();
    let now = Timestamp::from_unix_seconds(NOW);
    let valid = validator().validate(raw, Expect::Access, now).unwrap();
    assert_eq!(valid.claims().role(), Some(&Role::User));
    let custom: Role = "auditor".parse().unwrap();
    let subject = Subject { user_id: "alice", role: &custom };
    let call = mcp_auth::action::ManageUsers;
    let request = mcp_auth::action::Action::request(&call);
    assert!(!Policy::default().decide(&subject, &request).allowed());
}

/// Wrong MACs of the right length meet the same answer wherever they differ: the comparison runs over all bytes.
/// Its constant time is the `hmac` crate's promise and is not measured here.
#[test]
fn a40_every_wrong_mac_meets_the_same_answer() {
    let right = good().token();
    let dot = right.iter().rposition(|byte| *byte == b'.').unwrap();
    let mac = base64_simd::URL_SAFE_NO_PAD.decode_to_vec(&right[dot + 1..]).unwrap();
    let refusals = (0..mac.len()).map(|at| {
        let mut wrong = mac.clone();
        wrong[at] ^= 1;
        let token = good().with_signature(Signature::Bytes(wrong)).token();
        let raw = RawToken::from_bytes(&token).unwrap();
        validator().validate(raw, Expect::Access, Timestamp::from_unix_seconds(NOW)).unwrap_err()
    });
    let mut refusals: Vec<_> = refusals.collect();
    assert_eq!(refusals[0].code().name(), "signature_invalid");
    refusals.dedup();
    assert_eq!(refusals.len(), 1, "{refusals:?}");
}

/// A client cannot tell by the answer which check it failed, nor whether a key or a user exists.
#[test]
fn a40_answers_name_no_key_and_no_user() {
    let mut answers: Vec<_> = CORPUS.iter().map(|a| a.expected.detail()).collect();
    answers.sort_unstable();
    answers.dedup();
    assert_eq!(answers, ["Could not validate credentials", "Token has expired"]);
}

/// `refuses_all` looks for the token and the secret in every text about every variant above; this looks at the
/// types that hold them, and at a good token.
#[test]
fn a46_no_formatter_shows_a_token_or_a_secret() {
    let token = good().token();
    let text = String::from_utf8(token.clone()).unwrap();
    let raw = RawToken::from_bytes(&token).unwrap();
    let validator = validator();
    let now = Timestamp::from_unix_seconds(NOW);
    let parsed = raw.parse().unwrap();
    let signed = raw.parse().unwrap().verify(validator.keys()).unwrap();
    let valid = validator.validate(raw, Expect::Access, now).unwrap();
    let secret = mcp_auth::secret::Secret::from_text(SECRET).unwrap();
    let report = validator.explain(&token, Expect::Access, now, Some(&secret));
    let things: [&dyn std::fmt::Debug; 8] =
        [&raw, &parsed, &signed, &valid, &validator, &secret, &report, &good()];
    for thing in things {
        let said = format!("{thing:?} {thing:#?}");
        assert!(!said.contains(SECRET), "{said}");
        assert!(text.split('.').skip(1).all(|part| !said.contains(part)), "{said}");
    }
}

/// The corpus reaches doors that know only variables, arguments and headers.
#[test]
fn the_corpus_can_be_carried_elsewhere() {
    let corpus = &*CORPUS;
    assert!(corpus.len() > 600, "{}", corpus.len());
    assert!(corpus.iter().filter(|attack| attack.argument().is_some()).count() > 550);
    assert!(corpus.iter().filter(|attack| attack.authorization().is_some()).count() > 550);
    for attack in corpus {
        let variables = attack.setting.variables(SECRET);
        let lookup = |name: &str| {
            let found = variables.iter().find(|(variable, _)| *variable == name);
            found.map(|(_, value)| value.into())
        };
        let purpose = mcp_auth::settings::Purpose::Validate;
        let settings = mcp_auth::settings::Settings::load(purpose, lookup).unwrap();
        assert_eq!(settings.rules(), &attack.setting.rules(), "{attack:?}");
    }
}

/// All are still refused, and for the same reason, minutes later.
#[test]
fn the_corpus_keeps_for_some_minutes() {
    for attack in &*CORPUS {
        let validator = attack.setting.validator(SECRET).unwrap();
        let later = Timestamp::from_unix_seconds(NOW + 300);
        let report = validator.explain(&attack.token, attack.setting.expect, later, None);
        assert_eq!(report.code(), Some(attack.expected), "{attack:?}");
    }
}
