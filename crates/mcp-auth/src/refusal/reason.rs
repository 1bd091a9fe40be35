//! The operator's voice: what exactly was wrong, with what was expected and what was found.

use std::time::Duration;

use thiserror::Error;

use super::RefusalCode;
use crate::claims::{ClaimsFault, TokenType};
use crate::clock::{NumericDate, Timestamp};
use crate::json::JsonFault;
use crate::store::{RevokedBy, StoreError};

/// The full reason of a refusal. Values that came from a token are escaped and cut; the token itself is never in
/// it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Reason {
    /// Nothing was presented.
    #[error("no Authorization header")]
    NoCredential,
    /// Something was presented, but no bearer token.
    #[error("the Authorization header is not of the form `Bearer <token>`")]
    NotBearer,
    /// More than one `Authorization` header (RFC 9110 section 5.3 allows no list here).
    #[error("more than one Authorization header")]
    SeveralHeaders,
    /// Not a token, before anything was decoded.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// `alg` is no algorithm that this crate knows.
    #[error("the header names the algorithm {found}, which is not supported")]
    UnknownAlgorithm {
        /// `alg` as found.
        found: String,
    },
    /// `alg` is known, and no key is of it (RFC 8725 section 3.1).
    #[error("the header names the algorithm {found}; configured: {accepted}")]
    Algorithm {
        /// `alg` as found.
        found: String,
        /// The configured algorithms.
        accepted: String,
    },
    /// `kid` is not one of ours.
    #[error("the header names the key {found}, which is not in the key ring")]
    Key {
        /// `kid` as found.
        found: String,
    },
    /// No key made the signature.
    #[error("no configured key made the signature (keys tried: {tried})")]
    Signature {
        /// Keys of the token's algorithm that were tried.
        tried: usize,
    },
    /// Signed claims that break the contract.
    #[error(transparent)]
    Claims(#[from] ClaimsFault),
    /// The lifetime that the token claims is longer than the embedder allows.
    #[error("the token is made to live {lifetime:?}, longer than the {limit:?} allowed here")]
    Lifetime {
        /// `exp - iat`.
        lifetime: Duration,
        /// The longest allowed.
        limit: Duration,
    },
    /// `nbf` or `iat` lies ahead.
    #[error("`{claim}` is {value}, {} s ahead of the clock", value.timestamp().since(*now).as_secs_f64().ceil())]
    NotYet {
        /// `nbf` or `iat`.
        claim: &'static str,
        /// Its value.
        value: NumericDate,
        /// The clock.
        now: Timestamp,
    },
    /// `exp` has passed.
    #[error("the token expired at {expires_at}, {} s ago", now.since(expires_at.timestamp()).as_secs())]
    Expired {
        /// `exp`.
        expires_at: NumericDate,
        /// The clock.
        now: Timestamp,
    },
    /// `now - iat` passes the limit.
    #[error("the token is {} s old; MCP_MAX_TOKEN_AGE allows {} s", age.as_secs(), limit.as_secs())]
    TooOld {
        /// Time since `iat`.
        age: Duration,
        /// The limit.
        limit: Duration,
    },
    /// Without `iat` the age is unknown, and the token could be older than the limit.
    #[error(
        "the token names no issue time and expires in {} s; MCP_MAX_TOKEN_AGE allows {} s",
        remaining.as_secs(),
        limit.as_secs()
    )]
    AgeUnknown {
        /// Time until `exp`.
        remaining: Duration,
        /// The limit.
        limit: Duration,
    },
    /// The wrong kind of token.
    #[error("token_type is {found}, expected {expected}")]
    TokenType {
        /// The kind that is due here, or both by name.
        expected: &'static str,
        /// `token_type` as found.
        found: String,
    },
    /// `iss` differs.
    #[error("iss is {found}, expected {expected:?}")]
    Issuer {
        /// The configured issuer.
        expected: String,
        /// `iss` as found, or `missing`.
        found: String,
    },
    /// `aud` differs.
    #[error("aud is {found}, expected {expected}")]
    Audience {
        /// The configured audience, or `none`.
        expected: String,
        /// `aud` as found, or `missing`.
        found: String,
    },
    /// Revoked.
    #[error("{0}")]
    Revoked(RevokedBy),
    /// The account is blocked.
    #[error("the account is disabled")]
    AccountDisabled,
    /// Policy says no.
    #[error("{action} is not allowed for role {role}: {decided_by}")]
    Denied {
        /// What was asked, for example `call filesystem/read_file`.
        action: String,
        /// The caller's role.
        role: String,
        /// The rule that decided.
        decided_by: String,
    },
    /// A sign-in that failed. The client hears the same, and after the same time, whatever the cause.
    #[error("sign-in failed: {why}")]
    Login {
        /// Such as `no account has this name`.
        why: &'static str,
    },
    /// Too many requests.
    #[error("rate limit exceeded: {limit}, for {key}")]
    RateLimited {
        /// The limit, such as `10 per 1 minute`.
        limit: String,
        /// Whose requests were counted.
        key: String,
        /// When the next one is due.
        retry_after: Duration,
    },
    /// A store gave no answer.
    #[error("the store gave no answer: {0}")]
    Store(#[from] StoreError),
    /// The request is at fault, and its credential is not.
    #[error("{detail}")]
    Request {
        /// Its row of the table.
        code: RefusalCode,
        /// Names the input, the problem and the remedy; the client reads it. Never a token.
        detail: String,
    },
    /// This side failed.
    #[error("{what}")]
    Failure {
        /// Its row of the table, whose own sentence is all that the client reads.
        code: RefusalCode,
        /// What failed, for the log.
        what: String,
    },
}

impl Reason {
    /// The row of the table that a client sees.
    pub const fn code(&self) -> RefusalCode {
        match self {
            Self::NoCredential | Self::NotBearer => RefusalCode::TokenMissing,
            Self::SeveralHeaders => RefusalCode::BadRequest,
            Self::Malformed(_) => RefusalCode::TokenMalformed,
            Self::UnknownAlgorithm { .. } | Self::Algorithm { .. } => RefusalCode::AlgorithmRefused,
            Self::Key { .. } => RefusalCode::KeyUnknown,
            Self::Signature { .. } => RefusalCode::SignatureInvalid,
            Self::Claims(_) | Self::Lifetime { .. } => RefusalCode::ClaimsInvalid,
            Self::NotYet { .. } => RefusalCode::NotYetValid,
            Self::Expired { .. } => RefusalCode::TokenExpired,
            Self::TooOld { .. } | Self::AgeUnknown { .. } => RefusalCode::TokenTooOld,
            Self::TokenType { .. } => RefusalCode::TokenTypeMismatch,
            Self::Issuer { .. } => RefusalCode::IssuerMismatch,
            Self::Audience { .. } => RefusalCode::AudienceMismatch,
            Self::Revoked(_) => RefusalCode::TokenRevoked,
            Self::AccountDisabled => RefusalCode::AccountDisabled,
            Self::Denied { .. } => RefusalCode::PermissionDenied,
            Self::Login { .. } => RefusalCode::LoginFailed,
            Self::RateLimited { .. } => RefusalCode::RateLimited,
            Self::Store(_) => RefusalCode::StoreUnavailable,
            Self::Request { code, .. } | Self::Failure { code, .. } => *code,
        }
    }

    pub(crate) fn token_type(expected: Option<TokenType>, found: String) -> Self {
        Self::TokenType { expected: expected.map_or("access or refresh", TokenType::name), found }
    }
}

/// Why a text is not a token.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Malformed {
    /// Nothing after `Bearer`, or an empty text.
    #[error("the token is empty")]
    Empty,
    /// Over 8 KiB.
    #[error("the token has {bytes} bytes, {limit} are allowed")]
    TooLong {
        /// Bytes found.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// Not `header.payload.signature`.
    #[error("the token has {dots} dots, a signed JWT has 2")]
    Dots {
        /// Dots found; counting stops at 5, the parts of an encrypted token and one more.
        dots: usize,
    },
    /// A character that base64url does not have (RFC 7515 section 2).
    #[error("the token holds a character that cannot be in a JWT, at byte {at}")]
    Alphabet {
        /// Offset in bytes.
        at: usize,
    },
    /// The header is over 1 KiB.
    #[error("the header has {bytes} characters, {limit} are allowed")]
    HeaderTooLong {
        /// Characters found.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// The payload is over 4 KiB.
    #[error("the payload has {bytes} bytes, {limit} are allowed")]
    PayloadTooLong {
        /// Bytes after decoding.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// A part is not canonical base64url, so that it could be written in a second way.
    #[error("the {part} is not canonical base64url")]
    Encoding {
        /// `header` or `payload`.
        part: &'static str,
    },
    /// A part is not UTF-8.
    #[error("the {part} is not UTF-8 text")]
    Utf8 {
        /// `header` or `payload`.
        part: &'static str,
    },
    /// The header is not a sound JSON object.
    #[error("the header is refused: {0}")]
    Header(#[from] JsonFault),
    /// A header parameter that must not be there or has an illegal value.
    #[error("the header parameter `{name}` {problem}")]
    Parameter {
        /// Its name.
        name: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
}
