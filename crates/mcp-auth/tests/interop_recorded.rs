//! Tokens that PyJWT and python-jose made (`tests/interop/generate.py`): each is judged as recorded, by the
//! validator and by the report, and is understood as it was meant.

#![expect(clippy::expect_used, reason = "a test without its vectors cannot go on")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use mcp_auth::claims::Claims;
use mcp_auth::clock::Timestamp;
use mcp_auth::keys::{Algorithm, KeyRing, VerifyingKey};
use mcp_auth::refusal::Refusal;
use mcp_auth::roles::Role;
use mcp_auth::secret::Secret;
use mcp_auth::validate::{Expect, RawToken, Rules, Validator};
use serde::Deserialize;
use serde_json::{Map, Value};

#[derive(Deserialize)]
struct Document {
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    name: String,
    algorithm: String,
    key: Key,
    now: u64,
    token: String,
    claims: Option<Map<String, Value>>,
    #[serde(default)]
    options: Options,
    expect: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Key {
    Secret { secret: String },
    Pem { public_pem: String },
}

/// A name that is not known here would silently leave a setting at its default.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Options {
    leeway: Option<u64>,
    max_token_age: Option<u64>,
    issuer: Option<String>,
    audience: Option<String>,
    expected_type: Option<String>,
}

#[test]
fn every_recorded_token_is_judged_as_recorded() {
    let vectors = vectors();
    assert!(vectors.len() >= 251, "only {} vectors: some were lost", vectors.len());
    let wrong: Vec<String> = vectors
        .iter()
        .filter_map(|vector| problem(vector).map(|problem| format!("{}: {problem}", vector.name)))
        .collect();
    let (count, of) = (wrong.len(), vectors.len());
    assert!(wrong.is_empty(), "{count} of {of} vectors:\n{}", wrong.join("\n"));
}

fn vectors() -> Vec<Vector> {
    let text = std::fs::read_to_string(directory().join("interop.json")).expect("the vectors");
    let document: Document = serde_json::from_str(&text).expect("vectors of the known shape");
    document.vectors
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors")
}

/// What is not as the vector says.
fn problem(vector: &Vector) -> Option<String> {
    let (validator, expect) = (validator(vector), expected_type(&vector.options));
    let now = Timestamp::from_unix_seconds(vector.now);
    let judged = RawToken::from_bytes(vector.token.as_bytes())
        .and_then(|raw| validator.validate(raw, expect, now))
        .map(|token| token.claims().clone());
    let report = validator.explain(vector.token.as_bytes(), expect, now, None);
    let found = judged.as_ref().map_or_else(name_of, |_| "valid".to_owned());
    if found != vector.expect {
        let why = judged.err().map(|refusal| refusal.reason().to_string());
        return Some(format!("expected {}, found {found} ({why:?})", vector.expect));
    }
    let reported = report.refusal().map_or_else(|| "valid".to_owned(), name_of);
    if reported != found {
        return Some(format!("the validator says {found}, the report {reported}"));
    }
    judged.ok().and_then(|claims| misread(&claims, vector))
}

fn name_of(refusal: &Refusal) -> String {
    refusal.code().name().to_owned()
}

fn validator(vector: &Vector) -> Validator {
    let algorithm: Algorithm = vector.algorithm.parse().expect("an algorithm of ours");
    let key = match &vector.key {
        Key::Secret { secret } => {
            VerifyingKey::from_secret(algorithm, &Secret::from_text(secret).expect("a secret"))
        }
        Key::Pem { public_pem } => {
            let pem = std::fs::read_to_string(directory().join(public_pem)).expect("a key file");
            VerifyingKey::from_pem(algorithm, &pem)
        }
    };
    Validator::new(KeyRing::verify_only(key.expect("a good key")), rules(&vector.options))
}

fn rules(options: &Options) -> Rules {
    let rules = Rules::default()
        .with_leeway(Duration::from_secs(options.leeway.unwrap_or(0)))
        .with_issuer(options.issuer.clone())
        .with_audience(options.audience.clone());
    match options.max_token_age {
        None => rules,
        Some(0) => rules.with_max_age(None),
        Some(seconds) => rules.with_max_age(Some(Duration::from_secs(seconds))),
    }
}

fn expected_type(options: &Options) -> Expect {
    match options.expected_type.as_deref() {
        Some("refresh") => Expect::Refresh,
        Some("any") => Expect::Any,
        _ => Expect::Access,
    }
}

/// The claims as a whole, and those that have a meaning here one by one.
fn misread(claims: &Claims, vector: &Vector) -> Option<String> {
    let put_in = vector.claims.as_ref()?;
    if claims.to_json() != *put_in {
        return Some(format!("put in {put_in:?}, read {:?}", claims.to_json()));
    }
    let text = |name: &str| put_in.get(name).and_then(Value::as_str);
    let floor = |name: &str| put_in.get(name).and_then(Value::as_f64).map(f64::floor);
    let ceil = |name: &str| put_in.get(name).and_then(Value::as_f64).map(f64::ceil);
    #[expect(clippy::cast_precision_loss, reason = "dates are far below 2^53")]
    let seconds = |date: mcp_auth::clock::NumericDate| date.seconds() as f64;
    let same = [
        ("user_id", text("user_id") == Some(claims.user_id())),
        ("username", text("username").or(text("user_id")) == Some(claims.username())),
        ("role", text("role") == claims.role().map(Role::name)),
        ("token_type", text("token_type") == Some(claims.token_type_text())),
        ("jti", text("jti") == claims.token_id()),
        ("iss", text("iss") == claims.issuer()),
        ("exp", floor("exp") == Some(seconds(claims.expires_at()))),
        ("iat", ceil("iat") == claims.issued_at().map(seconds)),
        ("nbf", ceil("nbf") == claims.not_before().map(seconds)),
    ];
    let wrong = same.into_iter().find(|(_, same)| !same).map(|(name, _)| name)?;
    Some(format!("`{wrong}` was read as something else: {claims:?}"))
}
