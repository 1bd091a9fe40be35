//! PyJWT and python-jose as peers, live: what they mint we accept, what we mint they accept.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test without its peer cannot go on"
)]

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;

use mcp_auth::clock::Timestamp;
use mcp_auth::issue::{Issuer, NewToken};
use mcp_auth::keys::{Algorithm, KeyRing, VerifyingKey};
use mcp_auth::secret::Secret;
use mcp_auth::testing::FixedClock;
use mcp_auth::validate::{Expect, RawToken, Rules, Validator};
use serde_json::{Map, Value, json};

#[path = "common/keys.rs"]
mod keys;

const NOW: u64 = 1_767_225_600;

const LIBRARIES: [&str; 2] = ["pyjwt", "jose"];

/// `peer.py`, for as long as a test runs.
struct Peer {
    process: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Peer {
    /// `None`, said aloud, where no Python was named.
    fn start() -> Option<Self> {
        let Some(python) = python() else {
            println!("SKIPPED interop_live: run `cargo xtask test`, which brings the Python peers");
            return None;
        };
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop/peer.py");
        let mut process = Command::new(python)
            .arg(script)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("MCP_AUTH_INTEROP_PYTHON names a Python");
        let requests = process.stdin.take().expect("a pipe");
        let answers = BufReader::new(process.stdout.take().expect("a pipe"));
        Some(Self { process, requests, answers })
    }

    fn ask(&mut self, request: &Value) -> Value {
        writeln!(self.requests, "{request}").expect("the peer listens");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("the peer answers");
        serde_json::from_str(&line).expect("the peer answers in JSON")
    }

    fn mint(
        &mut self,
        library: &str,
        algorithm: Algorithm,
        claims: &Value,
        headers: &Value,
    ) -> String {
        let answer = self.ask(&json!({
            "op": "mint", "library": library, "algorithm": algorithm, "key": signing_text(algorithm),
            "claims": claims, "headers": headers,
        }));
        answer.get("token").and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    fn validate(&mut self, library: &str, algorithm: Algorithm, key: &str, token: &str) -> Value {
        let rules = named_rules();
        self.ask(&json!({
            "op": "validate", "library": library, "algorithm": algorithm, "key": key, "token": token,
            "issuer": rules.issuer(), "audience": rules.audience(), "now": NOW + 30,
        }))
    }
}

#[expect(clippy::disallowed_methods, reason = "the test runner says where the peers are")]
fn python() -> Option<OsString> {
    std::env::var_os("MCP_AUTH_INTEROP_PYTHON").filter(|python| !python.is_empty())
}

/// The pairs that exist: python-jose has no EdDSA.
fn pairs() -> impl Iterator<Item = (&'static str, Algorithm)> {
    let all =
        LIBRARIES.into_iter().flat_map(|lib| Algorithm::ALL.map(|algorithm| (lib, algorithm)));
    all.filter(|pair| *pair != ("jose", Algorithm::EdDsa))
}

fn named_rules() -> Rules {
    let rules = Rules::default().with_issuer(Some("https://auth.example.com".to_owned()));
    rules.with_audience(Some("https://mcp.example.com".to_owned()))
}

fn signing_text(algorithm: Algorithm) -> String {
    text(algorithm, "private")
}

fn verifying_text(algorithm: Algorithm) -> String {
    text(algorithm, "public")
}

fn text(algorithm: Algorithm, half: &str) -> String {
    match keys::stem(algorithm) {
        Some(stem) => keys::pem(&format!("{stem}-{half}")),
        None => keys::SECRET.to_owned(),
    }
}

fn ring(algorithm: Algorithm) -> KeyRing {
    KeyRing::new(keys::signing_key(algorithm))
}

/// Two keys, so that issued tokens name theirs.
fn ring_of_two(algorithm: Algorithm) -> KeyRing {
    let other = Secret::from_text("5b7e20c9d1f84a63be05c7d2918fa364").expect("a good secret");
    let other = VerifyingKey::from_secret(Algorithm::Hs256, &other).expect("a good key");
    ring(algorithm).and_accept(other).expect("two keys")
}

fn custom() -> Value {
    json!({
        "team": "équipe 🚀", "clé": {"ключ": ["значение", null, true, {"n": 9_007_199_254_740_993_u64}]},
        "half": 0.5, "below": -17, "quote": "\"\\/\u{7f}",
    })
}

#[test]
fn what_they_mint_we_accept_and_understand() {
    let Some(mut peer) = Peer::start() else { return };
    for (library, algorithm) in pairs() {
        let mut claims = json!({
            "user_id": "josé", "username": "日本語 名前", "role": "admin", "token_type": "access",
            "exp": NOW + 3600, "iat": NOW, "jti": "j",
            "iss": "https://auth.example.com", "aud": ["x", "https://mcp.example.com"],
        });
        merge(&mut claims, custom());
        let ring = ring(algorithm);
        let kid = ring.verifying_keys().first().map(|key| key.id().to_string());
        let validator = Validator::new(ring, named_rules());
        for headers in [json!({}), json!({ "kid": kid })] {
            let token = peer.mint(library, algorithm, &claims, &headers);
            let now = Timestamp::from_unix_seconds(NOW + 30);
            let valid = RawToken::from_bytes(token.as_bytes())
                .and_then(|raw| validator.validate(raw, Expect::Access, now));
            match valid {
                Ok(valid) => assert_eq!(Value::from(valid.claims().to_json()), claims),
                Err(why) => panic!("{library} {algorithm} {headers}: {}: {token}", why.reason()),
            }
        }
    }
}

#[test]
fn what_we_mint_they_accept_and_understand() {
    let Some(mut peer) = Peer::start() else { return };
    for (library, algorithm) in pairs() {
        for ring in [ring(algorithm), ring_of_two(algorithm)] {
            for request in [access(), NewToken::refresh("ünï").with_session("grant", 3)] {
                let issued = issuer(ring_like(&ring, algorithm)).issue(&request).expect("a token");
                let token = issued.token.expose();
                let answer = peer.validate(library, algorithm, &verifying_text(algorithm), token);
                let expected = json!({"valid": true, "claims": issued.claims.to_json()});
                assert_eq!(answer, expected, "{library} {algorithm}");
            }
        }
    }
}

/// A ring cannot be cloned, since it holds a key that signs.
fn ring_like(like: &KeyRing, algorithm: Algorithm) -> KeyRing {
    if like.verifying_keys().len() > 1 { ring_of_two(algorithm) } else { ring(algorithm) }
}

fn access() -> NewToken {
    let request = NewToken::access("josé").with_username("日本語 名前");
    let Value::Object(custom) = custom() else { return request };
    custom.into_iter().fold(request, |request, (name, value)| {
        request.with_claim(name, value).expect("not a reserved name")
    })
}

fn issuer(ring: KeyRing) -> Issuer {
    let rules = named_rules();
    Issuer::new(ring)
        .expect("a ring that signs")
        .with_clock(Arc::new(FixedClock::at(NOW)))
        .with_issuer(rules.issuer().map(str::to_owned))
        .with_audience(rules.audience().map(str::to_owned))
}

fn merge(into: &mut Value, from: Value) {
    let empty = &mut Map::new();
    let into = into.as_object_mut().unwrap_or(empty);
    if let Value::Object(from) = from {
        into.extend(from);
    }
}

#[test]
fn what_we_mint_they_refuse_under_another_key() {
    let Some(mut peer) = Peer::start() else { return };
    for (library, algorithm) in pairs() {
        let issued = issuer(ring(algorithm)).issue(&access()).expect("a token");
        let other = match keys::stem(algorithm) {
            Some(stem) => keys::pem(&format!("{stem}-other-public")),
            None => keys::SECRET.chars().rev().collect(),
        };
        let answer = peer.validate(library, algorithm, &other, issued.token.expose());
        assert_eq!(answer.get("valid"), Some(&json!(false)), "{library} {algorithm}: {answer}");
    }
}
