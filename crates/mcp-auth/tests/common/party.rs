//! One algorithm with two readers of its tokens: ours, and `jsonwebtoken` as the oracle with the same settings.

#![expect(clippy::expect_used, reason = "a test without its keys cannot go on")]

use std::sync::Arc;

use base64_simd::URL_SAFE_NO_PAD;
use jsonwebtoken::{DecodingKey, EncodingKey, Validation};
use mcp_auth::clock::Timestamp;
use mcp_auth::keys::{Algorithm, KeyRing};
use mcp_auth::refusal::Refusal;
use mcp_auth::validate::{Expect, RawToken, Rules, Validator};

use crate::keys;

pub(crate) const ISSUER: &str = "https://auth.example.com";
pub(crate) const AUDIENCE: &str = "https://mcp.example.com";

pub(crate) struct Party {
    pub(crate) algorithm: Algorithm,
    pub(crate) ring: Arc<KeyRing>,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl Party {
    pub(crate) fn new(algorithm: Algorithm) -> Self {
        // Two crypto backends in one build make the oracle panic; naming one is always right.
        let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
        let (encoding, decoding) = oracle_keys(algorithm);
        let ring = Arc::new(KeyRing::new(keys::signing_key(algorithm)));
        Self { algorithm, ring, encoding, decoding }
    }

    pub(crate) fn all() -> Vec<Self> {
        Algorithm::ALL.map(Self::new).into()
    }

    /// A token of exactly these bytes, with a good signature.
    pub(crate) fn sign(&self, header: &[u8], payload: &[u8]) -> String {
        let encode = |part: &[u8]| URL_SAFE_NO_PAD.encode_to_string(part);
        let input = format!("{}.{}", encode(header), encode(payload));
        let signature =
            jsonwebtoken::crypto::sign(input.as_bytes(), &self.encoding, self.oracle_algorithm());
        format!("{input}.{}", signature.expect("the oracle signs"))
    }

    pub(crate) fn validator(&self, rules: Rules) -> Validator {
        Validator::new(Arc::clone(&self.ring), rules)
    }

    /// Whether the oracle takes the token, by the machine's clock: it has no other.
    pub(crate) fn oracle_accepts(&self, token: &[u8], named: bool) -> bool {
        let mut validation = Validation::new(self.oracle_algorithm());
        validation.leeway = 0;
        validation.validate_nbf = true;
        if named {
            validation.set_issuer(&[ISSUER]);
            validation.set_audience(&[AUDIENCE]);
            validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        }
        jsonwebtoken::decode::<serde_json::Value>(token, &self.decoding, &validation).is_ok()
    }

    fn oracle_algorithm(&self) -> jsonwebtoken::Algorithm {
        self.algorithm.name().parse().expect("the oracle has all of our algorithms")
    }
}

/// Rules with a name for this service, or without.
pub(crate) fn rules(named: bool) -> Rules {
    let name = |text: &str| named.then(|| text.to_owned());
    Rules::default().with_issuer(name(ISSUER)).with_audience(name(AUDIENCE))
}

/// The gate's verdict, once the report has been seen to agree with it.
pub(crate) fn judge(validator: &Validator, token: &[u8], now: Timestamp) -> Result<(), Refusal> {
    let verdict = RawToken::from_bytes(token)
        .and_then(|raw| validator.validate(raw, Expect::Access, now))
        .map(|_| ());
    let report = validator.explain(token, Expect::Access, now, None);
    let shown = String::from_utf8_lossy(token);
    assert_eq!(report.refusal(), verdict.as_ref().err(), "gate and report on {shown}");
    assert_eq!(report.is_valid(), verdict.is_ok(), "gate and report on {shown}");
    verdict
}

fn oracle_keys(algorithm: Algorithm) -> (EncodingKey, DecodingKey) {
    let Some(stem) = keys::stem(algorithm) else {
        let secret = keys::SECRET.as_bytes();
        return (EncodingKey::from_secret(secret), DecodingKey::from_secret(secret));
    };
    let [private, public] = ["private", "public"].map(|half| keys::pem(&format!("{stem}-{half}")));
    let (private, public) = (private.as_bytes(), public.as_bytes());
    let (encoding, decoding) = match algorithm {
        Algorithm::Es256 => (EncodingKey::from_ec_pem(private), DecodingKey::from_ec_pem(public)),
        Algorithm::EdDsa => (EncodingKey::from_ed_pem(private), DecodingKey::from_ed_pem(public)),
        _ => (EncodingKey::from_rsa_pem(private), DecodingKey::from_rsa_pem(public)),
    };
    (encoding.expect("a private key"), decoding.expect("a public key"))
}
