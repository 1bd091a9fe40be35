//! Makes tokens the honest way, and with any one defect.

use std::fmt;
use std::sync::Arc;

use base64_simd::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Sha256, Sha384, Sha512};

use crate::keys::{Algorithm, SigningKey};

/// A token in the making. As it comes from [`Forge::new`] it is good; each method spoils, or changes, one thing.
///
/// Nothing is checked: texts named "raw" are written as they stand, so that a token can be wrong in any way.
///
/// ```
/// use mcp_auth::testing::{Forge, Signature};
///
/// let forge = Forge::new("f0e1d2c3b4a5968778695a4b3c2d1e0f", 1_767_225_600);
/// let good = forge.token();
/// let expired = forge.clone().with_claim("exp", "1767225600").token();
/// let unsigned = forge.with_header(r#"{"alg":"none"}"#).with_signature(Signature::Missing).token();
/// # assert!(good != expired && unsigned.ends_with(b"."));
/// ```
#[derive(Clone)]
pub struct Forge {
    secret: Vec<u8>,
    header: Part,
    claims: Vec<(String, String)>,
    payload: Option<Part>,
    signature: Signature,
}

/// How the third part is made.
#[derive(Debug, Clone)]
pub enum Signature {
    /// HS256 under the forge's secret: the good one.
    Good,
    /// An HMAC under any key. Empty for an asymmetric algorithm.
    Hmac {
        /// The hash.
        algorithm: Algorithm,
        /// The key, of any length.
        key: Vec<u8>,
    },
    /// By a key of any algorithm.
    Key(Arc<SigningKey>),
    /// None: the token ends in its second dot.
    Missing,
    /// The first bytes of the good one.
    Truncated(usize),
    /// The good one and these bytes.
    Extended(Vec<u8>),
    /// These bytes.
    Bytes(Vec<u8>),
    /// This text, without an encoding.
    Text(Vec<u8>),
}

/// A part of a token before or after its encoding.
#[derive(Clone)]
enum Part {
    Plain(Vec<u8>),
    Encoded(Vec<u8>),
}

impl Forge {
    /// A good access token of the user `alice` with the role `user`, for ten minutes from `now`.
    pub fn new(secret: &str, now: u64) -> Self {
        let claims = [
            ("user_id", r#""alice""#.to_owned()),
            ("username", r#""alice""#.to_owned()),
            ("role", r#""user""#.to_owned()),
            ("token_type", r#""access""#.to_owned()),
            ("exp", now.saturating_add(600).to_string()),
            ("iat", now.to_string()),
            ("jti", r#""forged""#.to_owned()),
        ];
        Self {
            secret: secret.into(),
            header: Part::Plain(br#"{"alg":"HS256","typ":"JWT"}"#.to_vec()),
            claims: claims.map(|(name, value)| (name.to_owned(), value)).into(),
            payload: None,
            signature: Signature::Good,
        }
    }

    /// A refresh token: no role.
    #[must_use]
    pub fn refresh(self) -> Self {
        self.without_claim("role").with_claim("token_type", r#""refresh""#)
    }

    /// This header, raw and not yet encoded.
    #[must_use]
    pub fn with_header(self, raw: impl Into<Vec<u8>>) -> Self {
        Self { header: Part::Plain(raw.into()), ..self }
    }

    /// This text as the first part, without an encoding.
    #[must_use]
    pub fn with_encoded_header(self, text: impl Into<Vec<u8>>) -> Self {
        Self { header: Part::Encoded(text.into()), ..self }
    }

    /// This payload, raw and not yet encoded, in place of the claims.
    #[must_use]
    pub fn with_payload(self, raw: impl Into<Vec<u8>>) -> Self {
        Self { payload: Some(Part::Plain(raw.into())), ..self }
    }

    /// This text as the second part, without an encoding.
    #[must_use]
    pub fn with_encoded_payload(self, text: impl Into<Vec<u8>>) -> Self {
        Self { payload: Some(Part::Encoded(text.into())), ..self }
    }

    /// This claim, in place of one of the same name. The value is raw JSON: a string needs its quotes.
    #[must_use]
    pub fn with_claim(mut self, name: &str, raw: impl Into<String>) -> Self {
        match self.claims.iter_mut().find(|(held, _)| held == name) {
            Some((_, value)) => *value = raw.into(),
            None => self.claims.push((name.to_owned(), raw.into())),
        }
        self
    }

    /// This claim once more, at the end. The name is written raw as well, so it may hold escapes.
    #[must_use]
    pub fn and_claim(mut self, raw_name: &str, raw: impl Into<String>) -> Self {
        self.claims.push((raw_name.to_owned(), raw.into()));
        self
    }

    /// Not this claim.
    #[must_use]
    pub fn without_claim(mut self, name: &str) -> Self {
        self.claims.retain(|(held, _)| held != name);
        self
    }

    /// This signature.
    #[must_use]
    pub fn with_signature(self, signature: Signature) -> Self {
        Self { signature, ..self }
    }

    /// The payload before its encoding.
    pub fn payload(&self) -> Vec<u8> {
        if let Some(Part::Plain(bytes) | Part::Encoded(bytes)) = &self.payload {
            return bytes.clone();
        }
        let members = self.claims.iter().map(|(name, value)| format!(r#""{name}":{value}"#));
        format!("{{{}}}", members.collect::<Vec<_>>().join(",")).into_bytes()
    }

    /// The token. Bytes, because a hostile one need not be text.
    pub fn token(&self) -> Vec<u8> {
        let mut token = self.signing_input();
        let signature = self.signature(&token);
        token.push(b'.');
        token.extend(signature);
        token
    }

    /// The value of an `Authorization` header with the token.
    pub fn authorization(&self) -> Vec<u8> {
        [b"Bearer ".to_vec(), self.token()].concat()
    }

    fn signing_input(&self) -> Vec<u8> {
        let payload = match &self.payload {
            Some(part) => part.encoded(),
            None => Part::Plain(self.payload()).encoded(),
        };
        [self.header.encoded(), payload].join(&b'.')
    }

    fn signature(&self, input: &[u8]) -> Vec<u8> {
        let good = || mac(Algorithm::Hs256, &self.secret, input);
        let bytes = match &self.signature {
            Signature::Good => good(),
            Signature::Hmac { algorithm, key } => mac(*algorithm, key, input),
            Signature::Key(key) => key.sign(input).unwrap_or_default(),
            Signature::Missing => Vec::new(),
            Signature::Truncated(bytes) => good().into_iter().take(*bytes).collect(),
            Signature::Extended(more) => [good(), more.clone()].concat(),
            Signature::Bytes(bytes) => bytes.clone(),
            Signature::Text(text) => return text.clone(),
        };
        encode(&bytes)
    }
}

/// Shows the claims, not the secret.
impl fmt::Debug for Forge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Forge").field("claims", &self.claims).finish_non_exhaustive()
    }
}

impl Part {
    fn encoded(&self) -> Vec<u8> {
        match self {
            Self::Plain(bytes) => encode(bytes),
            Self::Encoded(text) => text.clone(),
        }
    }
}

fn encode(bytes: &[u8]) -> Vec<u8> {
    URL_SAFE_NO_PAD.encode_to_string(bytes).into_bytes()
}

fn mac(algorithm: Algorithm, key: &[u8], input: &[u8]) -> Vec<u8> {
    match algorithm {
        Algorithm::Hs256 => hmac::<Hmac<Sha256>>(key, input),
        Algorithm::Hs384 => hmac::<Hmac<Sha384>>(key, input),
        Algorithm::Hs512 => hmac::<Hmac<Sha512>>(key, input),
        Algorithm::Es256 | Algorithm::EdDsa | Algorithm::Rs256 => Vec::new(),
    }
}

// Written apart from the library's own, so that a token of the forge is a second opinion.
fn hmac<M: KeyInit + Mac>(key: &[u8], input: &[u8]) -> Vec<u8> {
    let key = <M as KeyInit>::new_from_slice(key);
    key.map(|key| key.chain_update(input).finalize().into_bytes().to_vec()).unwrap_or_default()
}
