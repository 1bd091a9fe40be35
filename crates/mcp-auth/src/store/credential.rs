//! What revocation looks at in a token, computed only when somebody asks.

use std::fmt;
use std::sync::OnceLock;

use super::{RevocationId, TokenDigest};
use crate::claims::Claims;
use crate::keys::{KeyId, KeyNames, VerifyingKey};

/// A valid token as the stores see it.
#[derive(Clone)]
pub struct Credential<'a> {
    claims: &'a Claims,
    identity: Identity<'a>,
    text: Text<'a>,
    key: &'a KeyNames,
}

/// What revokes one token alone.
#[derive(Clone)]
enum Identity<'a> {
    Known(RevocationId),
    /// Found when somebody asks.
    Of {
        signing_input: &'a [u8],
        found: OnceLock<RevocationId>,
    },
}

/// What revocations and blacklists call one token: found once for a token that comes again.
#[derive(Clone, Copy)]
pub(crate) struct TokenNames {
    /// [`Credential::revocation_id`].
    pub(crate) revocation_id: RevocationId,
    pub(crate) digest: TokenDigest,
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
        key: &'a KeyNames,
        names: Option<TokenNames>,
    ) -> Self {
        let (identity, text) = match names {
            Some(names) => (Identity::Known(names.revocation_id), Text::Digest(names.digest)),
            None => (Identity::Of { signing_input, found: OnceLock::new() }, Text::Whole(token)),
        };
        Self { claims, identity, text, key }
    }

    /// Of a token whose text is gone, and perhaps its digest with it.
    pub(crate) fn again(
        claims: &'a Claims,
        revocation_id: RevocationId,
        digest: Option<TokenDigest>,
        key: &'a KeyNames,
    ) -> Self {
        let text = digest.map_or(Text::Gone, Text::Digest);
        Self { claims, identity: Identity::Known(revocation_id), text, key }
    }

    /// Of a token of which only a record is left, with what it said of itself ([`Issuer::claims`](crate::issue::Issuer::claims)).
    /// Which key signed it is not on record; `key` stands for it. A token without `jti` is on no record.
    pub fn of_record(claims: &'a Claims, digest: TokenDigest, key: &'a VerifyingKey) -> Self {
        let revocation_id = RevocationId::of_token_id(claims.token_id().unwrap_or_default());
        Self::again(claims, revocation_id, Some(digest), key.names())
    }

    /// What the token says.
    pub fn claims(&self) -> &'a Claims {
        self.claims
    }

    /// The key that signed it.
    pub fn key_id(&self) -> &'a KeyId {
        &self.key.id
    }

    /// What revokes every token of that key.
    pub fn key_revocation_id(&self) -> RevocationId {
        self.key.revocation_id
    }

    /// The identity of this one token: its `jti` or, without one, its signing input.
    pub fn revocation_id(&self) -> RevocationId {
        let (signing_input, found) = match &self.identity {
            Identity::Known(id) => return *id,
            Identity::Of { signing_input, found } => (signing_input, found),
        };
        *found.get_or_init(|| match self.claims.token_id() {
            Some(jti) => RevocationId::of_token_id(jti),
            None => RevocationId::of_signing_input(signing_input),
        })
    }

    /// What revokes every token of its grant, where it names one.
    pub fn grant_revocation_id(&self) -> Option<RevocationId> {
        self.claims.grant_revocation_id()
    }

    /// The entry of its user.
    pub fn user_revocation_id(&self) -> RevocationId {
        self.claims.user_revocation_id()
    }

    /// SHA-256 of the whole token: the name under which Python services blacklist it. `None` where a token with a
    /// `jti` is judged again that a view accepted earlier, because then its text is gone.
    pub fn token_digest(&self) -> Option<TokenDigest> {
        match self.text {
            Text::Whole(token) => Some(TokenDigest::of(token)),
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
