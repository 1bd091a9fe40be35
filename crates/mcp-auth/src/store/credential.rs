//! What revocation looks at in a token, computed only when somebody asks.

use std::fmt;

use super::{RevocationId, TokenDigest};
use crate::claims::Claims;
use crate::keys::{KeyId, VerifyingKey};

/// A valid token as the stores see it.
#[derive(Clone)]
pub struct Credential<'a> {
    claims: &'a Claims,
    text: Text<'a>,
    signing_input: &'a [u8],
    key_id: &'a KeyId,
    key_revocation_id: RevocationId,
    /// Where its text is gone.
    revocation_id: Option<RevocationId>,
}

/// What is there of a token's text.
#[derive(Clone, Copy)]
enum Text<'a> {
    Whole(&'a [u8]),
    Digest(TokenDigest),
    /// The request that brought it is over.
    Gone,
}

impl<'a> Credential<'a> {
    pub(crate) fn new(
        claims: &'a Claims,
        (token, signing_input): (&'a [u8], &'a [u8]),
        (key_id, key_revocation_id): (&'a KeyId, RevocationId),
    ) -> Self {
        let (revocation_id, text) = (None, Text::Whole(token));
        Self { claims, text, signing_input, key_id, key_revocation_id, revocation_id }
    }

    /// Of a token whose text is gone, and perhaps its digest with it.
    pub(crate) fn again(
        claims: &'a Claims,
        revocation_id: RevocationId,
        digest: Option<TokenDigest>,
        (key_id, key_revocation_id): (&'a KeyId, RevocationId),
    ) -> Self {
        let (revocation_id, signing_input) = (Some(revocation_id), &[][..]);
        let text = digest.map_or(Text::Gone, Text::Digest);
        Self { claims, text, signing_input, key_id, key_revocation_id, revocation_id }
    }

    /// Of a token of which only a record is left, with what it said of itself ([`Issuer::claims`](crate::issue::Issuer::claims)).
    /// Which key signed it is not on record; `key` stands for it. A token without `jti` is on no record.
    pub fn of_record(claims: &'a Claims, digest: TokenDigest, key: &'a VerifyingKey) -> Self {
        let revocation_id = claims.token_revocation_id(&[]);
        Self::again(claims, revocation_id, Some(digest), (key.id(), key.revocation_id()))
    }

    /// What the token says.
    pub fn claims(&self) -> &'a Claims {
        self.claims
    }

    /// The key that signed it.
    pub fn key_id(&self) -> &'a KeyId {
        self.key_id
    }

    /// What revokes every token of that key.
    pub fn key_revocation_id(&self) -> RevocationId {
        self.key_revocation_id
    }

    /// The identity of this one token: its `jti` or, without one, its signing input.
    pub fn revocation_id(&self) -> RevocationId {
        let of_text = || self.claims.token_revocation_id(self.signing_input);
        self.revocation_id.unwrap_or_else(of_text)
    }

    /// What revokes every token of its grant, where it names one.
    pub fn grant_revocation_id(&self) -> Option<RevocationId> {
        self.claims.grant_revocation_id()
    }

    /// The entry of its user.
    pub fn user_revocation_id(&self) -> RevocationId {
        self.claims.user_revocation_id()
    }

    /// SHA-256 of the whole token: the name under which Python services blacklist it. `None` where a token is judged
    /// again that a view accepted earlier, because then its text is gone.
    pub fn token_digest(&self) -> Option<TokenDigest> {
        match self.text {
            Text::Whole(token) => Some(self.claims.token_digest(token)),
            Text::Digest(digest) => Some(digest),
            Text::Gone => None,
        }
    }
}

impl fmt::Debug for Credential<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential").field("claims", &self.claims).finish_non_exhaustive()
    }
}
