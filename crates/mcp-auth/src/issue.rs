//! Issuing tokens. What comes out of a plain request, a validator with the same settings accepts: the payload is read
//! back by the validator's own reader before it is signed. A request can ask for more, such as another audience or an
//! old identity, and then gets a token for whoever accepts that.

mod new_token;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64_simd::URL_SAFE_NO_PAD;
use thiserror::Error;

pub use self::new_token::NewToken;
use crate::claims::{Claims, ClaimsFault, TokenType};
use crate::clock::{Clock, NumericDate, SystemClock};
use crate::keys::{KeyRing, SigningFailed};
use crate::random::{Randomness, SystemRandom, token_id};
use crate::token::Token;
use crate::validate::{MAX_PAYLOAD_BYTES, MAX_TOKEN_BYTES};

/// How long tokens live where a request does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    /// Access tokens; 1 hour by default.
    pub access: Duration,
    /// Refresh tokens; 7 days by default.
    pub refresh: Duration,
}

impl Lifetimes {
    /// The longest that settings and `mcp-token-gen` allow: ten years of 365 days. Whoever remembers a token of which
    /// nothing is known but that it was made, such as a revoked one, remembers it for so long.
    pub const LONGEST: Duration = Duration::from_hours(10 * 365 * 24);
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self { access: Duration::from_hours(1), refresh: Duration::from_hours(7 * 24) }
    }
}

/// Signs tokens with the current key of a ring.
#[derive(Debug)]
pub struct Issuer {
    keys: Arc<KeyRing>,
    /// The encoded header and its dot, the same for every token.
    header: String,
    lifetimes: Lifetimes,
    iss: Option<String>,
    audience: Option<String>,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
}

/// A token, and what it says.
#[derive(Clone)]
pub struct IssuedToken {
    /// The text to hand to its owner, and to nobody else.
    pub token: Token,
    /// Its claims.
    pub claims: Claims,
}

impl fmt::Debug for IssuedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssuedToken")
            .field("token", &self.token)
            .field("claims", &self.claims)
            .finish()
    }
}

impl Issuer {
    /// An issuer with the default lifetimes and the machine's clock and randomness.
    ///
    /// # Errors
    /// [`IssueError::NoSigningKey`] when the ring can only verify.
    pub fn new(keys: impl Into<Arc<KeyRing>>) -> Result<Self, IssueError> {
        let keys = keys.into();
        let header = encoded_header(&keys).ok_or(IssueError::NoSigningKey)?;
        Ok(Self {
            keys,
            header,
            lifetimes: Lifetimes::default(),
            iss: None,
            audience: None,
            clock: Arc::new(SystemClock),
            randomness: Arc::new(SystemRandom),
        })
    }

    /// Uses these lifetimes where a request names none.
    #[must_use]
    pub fn with_lifetimes(self, lifetimes: Lifetimes) -> Self {
        Self { lifetimes, ..self }
    }

    /// Writes `iss` into every token.
    #[must_use]
    pub fn with_issuer(self, issuer: Option<String>) -> Self {
        Self { iss: issuer, ..self }
    }

    /// Writes `aud` into every token.
    #[must_use]
    pub fn with_audience(self, audience: Option<String>) -> Self {
        Self { audience, ..self }
    }

    /// Reads time from this clock.
    #[must_use]
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// Makes token ids from this source.
    #[must_use]
    pub fn with_randomness(self, randomness: Arc<dyn Randomness>) -> Self {
        Self { randomness, ..self }
    }

    /// Issues one token.
    ///
    /// # Errors
    /// When the request asks for something that no validator would accept.
    pub fn issue(&self, request: &NewToken) -> Result<IssuedToken, IssueError> {
        let claims = self.claims(request)?;
        Ok(IssuedToken { token: self.sign(claims.payload())?, claims })
    }

    /// What a token would say, without making one: for judging a token of which only a record is left.
    ///
    /// # Errors
    /// As for [`Issuer::issue`].
    pub fn claims(&self, request: &NewToken) -> Result<Claims, IssueError> {
        let payload = self.payload(request)?;
        if payload.len() > MAX_PAYLOAD_BYTES {
            return Err(IssueError::TooLarge { bytes: payload.len(), limit: MAX_PAYLOAD_BYTES });
        }
        Ok(Claims::read(payload.into_boxed_str())?)
    }

    /// The keys, of which the current one signs.
    pub fn keys(&self) -> &Arc<KeyRing> {
        &self.keys
    }

    fn payload(&self, request: &NewToken) -> Result<String, IssueError> {
        let issued_at = match request.issued_at {
            Some(date) => date,
            None => {
                NumericDate::new(self.clock.now().unix_seconds()).ok_or(IssueError::Lifetime)?
            }
        };
        let expires_at = match request.expires_at {
            Some(date) => date,
            None => self.expiry(request, issued_at)?,
        };
        let token_id = request.token_id.clone().unwrap_or_else(|| token_id(&*self.randomness));
        let body = new_token::Payload {
            request,
            issued_at,
            expires_at,
            token_id: &token_id,
            issuer: request.issuer.as_deref().or(self.iss.as_deref()),
            audience: request.audience.as_deref().or(self.audience.as_deref()),
        };
        serde_json::to_string(&body).map_err(|_| IssueError::Unwritable)
    }

    fn expiry(
        &self,
        request: &NewToken,
        issued_at: NumericDate,
    ) -> Result<NumericDate, IssueError> {
        let lifetime = request.lifetime.unwrap_or(match request.token_type {
            TokenType::Access => self.lifetimes.access,
            TokenType::Refresh => self.lifetimes.refresh,
        });
        if lifetime.as_secs() == 0 {
            return Err(IssueError::Lifetime);
        }
        let seconds = issued_at.seconds().checked_add(lifetime.as_secs());
        seconds.and_then(NumericDate::new).ok_or(IssueError::Lifetime)
    }

    fn sign(&self, payload: &str) -> Result<Token, IssueError> {
        let key = self.keys.signing_key().ok_or(IssueError::NoSigningKey)?;
        let encoded = self.header.len() + payload.len().div_ceil(3) * 4;
        let mut text = String::with_capacity(encoded + 1 + 88);
        text.push_str(&self.header);
        URL_SAFE_NO_PAD.encode_append(payload, &mut text);
        let signature = key.sign(text.as_bytes())?;
        text.push('.');
        URL_SAFE_NO_PAD.encode_append(&signature, &mut text);
        if text.len() > MAX_TOKEN_BYTES {
            return Err(IssueError::TooLarge { bytes: text.len(), limit: MAX_TOKEN_BYTES });
        }
        Ok(Token::new(text))
    }
}

/// The header in the order that the Python services write: `alg`, `typ`, then `kid` where the ring needs one.
fn encoded_header(keys: &KeyRing) -> Option<String> {
    let algorithm = keys.signing_key()?.verifying_key().algorithm();
    let key_id = keys.issued_key_id().map(|id| format!(r#","kid":"{id}""#)).unwrap_or_default();
    let header = format!(r#"{{"alg":"{algorithm}","typ":"JWT"{key_id}}}"#);
    Some(URL_SAFE_NO_PAD.encode_to_string(header) + ".")
}

/// Why no token was issued.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum IssueError {
    /// The ring can only verify.
    #[error("the key ring holds no key that signs; configure a secret or a private key")]
    NoSigningKey,
    /// Zero, or past the year 9999.
    #[error("the lifetime must be at least one second and end before the year 10000")]
    Lifetime,
    /// A claim that every validator would refuse.
    #[error(transparent)]
    Claims(#[from] ClaimsFault),
    /// A custom claim with a name that has a meaning of its own.
    #[error("the claim `{name}` is set by the issuer and cannot be a custom claim")]
    Reserved {
        /// The name.
        name: &'static str,
    },
    /// Beyond the bounds of a token.
    #[error(
        "the token would have {bytes} bytes where {limit} are allowed; give it fewer or shorter custom claims"
    )]
    TooLarge {
        /// Bytes it would have.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// A custom claim that JSON cannot write.
    #[error("a custom claim cannot be written as JSON")]
    Unwritable,
    /// The cryptographic library failed.
    #[error(transparent)]
    Signing(#[from] SigningFailed),
}
