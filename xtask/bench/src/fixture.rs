//! One secret, one token and its defects: what every peer is measured on.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use jsonwebtoken::EncodingKey;
use jsonwebtoken::crypto::{self, aws_lc};
use mcp_auth::clock::{Clock, SystemClock};
use mcp_auth::keys::{Algorithm, KeyRing, SigningKey};
use mcp_auth::secret::Secret;
use mcp_auth::validate::MAX_TOKEN_BYTES;

use crate::claims::Claims;

/// As `openssl rand -hex 32` prints one. It guards nothing.
pub(crate) const SECRET: &str = "b7d1c3f09e5a4862a1f4d07c93be6512e8f7a60b4c2d91385f6e07ab43cd1972";

/// The guide's header.
const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

/// In seconds.
const HOUR: u64 = 3600;

pub(crate) struct Fixture {
    pub(crate) keys: Arc<KeyRing>,
    /// The claims of the good token.
    pub(crate) claims: Claims,
    pub(crate) token: String,
    pub(crate) expired: String,
    /// The good token with another signature of the right length.
    pub(crate) forged: String,
    /// One byte more than a token may have.
    pub(crate) long: String,
    pub(crate) megabyte: String,
}

impl Fixture {
    pub(crate) fn new() -> Result<Self> {
        // As the first thing, and by name: with no default `jsonwebtoken` chooses by the features it was built with.
        let installed = aws_lc::DEFAULT_PROVIDER.install_default();
        ensure!(installed.is_ok(), "another backend of jsonwebtoken is installed already");
        let now = SystemClock.now().unix_seconds();
        let claims = Claims::admin(now, now + HOUR);
        let token = sign(&claims)?;
        let stale = Claims::admin(now - 3 * HOUR, now - 2 * HOUR);
        let secret = Secret::from_text(SECRET)?;
        Ok(Self {
            keys: Arc::new(KeyRing::new(SigningKey::from_secret(Algorithm::Hs256, &secret)?)),
            claims,
            expired: sign(&stale)?,
            forged: with_signature_of(&token, &sign(&stale)?)?,
            long: padded(&token, MAX_TOKEN_BYTES + 1),
            megabyte: padded(&token, 1 << 20),
            token,
        })
    }

    /// The value of an `Authorization` header.
    pub(crate) fn header(token: &str) -> Box<[u8]> {
        format!("Bearer {token}").into_bytes().into()
    }
}

/// By hand, because `jsonwebtoken` writes the header the other way round than the guide and PyJWT do.
fn sign(claims: &Claims) -> Result<String> {
    let [header, payload] = [HEADER.to_owned(), serde_json::to_string(claims)?]
        .map(|part| base64_simd::URL_SAFE_NO_PAD.encode_to_string(part));
    let input = format!("{header}.{payload}");
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    let signature = crypto::sign(input.as_bytes(), &key, jsonwebtoken::Algorithm::HS256)?;
    Ok(format!("{input}.{signature}"))
}

fn with_signature_of(token: &str, other: &str) -> Result<String> {
    let (input, _) = token.rsplit_once('.').context("a token has dots")?;
    let (_, signature) = other.rsplit_once('.').context("a token has dots")?;
    Ok(format!("{input}.{signature}"))
}

/// A token of that length whose signature never ends.
fn padded(token: &str, bytes: usize) -> String {
    format!("{token}{}", "A".repeat(bytes.saturating_sub(token.len())))
}
