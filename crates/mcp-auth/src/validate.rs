//! The road of a token, from the text of a header to a permit.
//!
//! ```text
//! header text --extract--> RawToken --parse--> ParsedToken --signature--> SignedToken --checks--> ValidToken
//!             --revocation--> LiveToken --authorization--> Permit
//! ```
//!
//! Trust is a type. Each stage takes what the stage before returned and gives back something stronger, so a token
//! whose signature was not checked has no role to ask for. The stages go from cheap to dear, and before the
//! signature is known to be good nothing an attacker controls is parsed but the header.

mod authorization;
pub(crate) mod checks;
pub(crate) mod extract;
pub(crate) mod parse;
mod revocation;
mod rules;
mod signature;
mod verified;

pub use self::authorization::{Caller, Permit};
pub use self::checks::ValidToken;
pub use self::extract::{MAX_TOKEN_BYTES, RawToken};
pub use self::parse::{MAX_HEADER_BYTES, ParsedToken};
pub use self::revocation::LiveToken;
pub use self::rules::{Expect, Rules};
pub use self::signature::{MAX_PAYLOAD_BYTES, SignedToken};
pub(crate) use self::verified::VerifiedTokens;

use std::sync::Arc;

use self::checks::AuthenticToken;
use self::verified::Found;
use crate::claims::Claims;
use crate::clock::Timestamp;
use crate::keys::KeyRing;
use crate::refusal::Refusal;

/// Validates tokens: keys and rules, and no state. What it accepts may still be revoked or lack the permission
/// for an action; [`Gate`](crate::Gate) goes the whole road.
#[derive(Debug, Clone)]
pub struct Validator {
    keys: Arc<KeyRing>,
    rules: Rules,
}

impl Validator {
    /// Accepts tokens that a key of the ring signed and that keep the rules.
    pub fn new(keys: impl Into<Arc<KeyRing>>, rules: Rules) -> Self {
        Self { keys: keys.into(), rules }
    }

    /// Validates the token in a request's `Authorization` headers, of which there should be one; an `Option` will
    /// do.
    ///
    /// # Errors
    /// The first check that fails, in the order of the stages.
    pub fn validate_header<'a>(
        &self,
        authorization: impl IntoIterator<Item = &'a [u8]>,
        expect: Expect,
        now: Timestamp,
    ) -> Result<ValidToken<'a>, Refusal> {
        self.validate(RawToken::from_authorization(authorization)?, expect, now)
    }

    /// Validates a token that is not in a header.
    ///
    /// # Errors
    /// As for [`Validator::validate_header`].
    pub fn validate<'a>(
        &self,
        token: RawToken<'a>,
        expect: Expect,
        now: Timestamp,
    ) -> Result<ValidToken<'a>, Refusal> {
        let parsed = token.parse()?;
        let signed = parsed.verify(&self.keys)?;
        signed.check(&self.rules, expect, now)
    }

    /// Validates a token by its bytes, of which nobody has looked at any, with a memory of those that these keys signed.
    pub(crate) fn validate_with<'a>(
        &self,
        verified: &VerifiedTokens,
        token: &'a [u8],
        expect: Expect,
        now: Timestamp,
    ) -> Result<ValidToken<'a>, Refusal> {
        let anew = || self.validate(RawToken::from_bytes(token)?, expect, now);
        match verified.find(token, now) {
            Found::Known(known) => known.check(&self.rules, expect, now),
            Found::New(seat) => anew().inspect(|valid| seat.offer(valid, now)),
            Found::NotKept => anew(),
        }
    }

    /// What a token says that one of the keys signed and that was refused all the same, for the audit. Not for deciding
    /// anything: nobody judged these claims.
    pub(crate) fn refused_claims(&self, token: RawToken<'_>) -> Option<Claims> {
        let signed = token.parse().and_then(|parsed| parsed.verify(&self.keys)).ok()?;
        Claims::read(signed.payload).ok()
    }

    /// The keys.
    pub fn keys(&self) -> &Arc<KeyRing> {
        &self.keys
    }

    /// The rules.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }
}
