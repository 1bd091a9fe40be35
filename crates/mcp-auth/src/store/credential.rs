//! What revocation looks at in a token, computed only when somebody asks.

use std::fmt;
use std::sync::OnceLock;

use super::{RevocationId, TokenDigest};
use crate::claims::Claims;
use crate::keys::KeyId;

/// A valid token as the stores see it.
#[derive(Clone)]
pub struct Credential<'a> {
    claims: &'a Claims,
    /// Absent when the request that brought the token is over.
    token: Option<&'a [u8]>,
    signing_input: &'a [u8],
    key_id: &'a KeyId,
    key_revocation_id: RevocationId,
    revocation_id: OnceLock<RevocationId>,
}

impl<'a> Credential<'a> {
    pub(crate) fn new(
        claims: &'a Claims,
        (token, signing_input): (&'a [u8], &'a [u8]),
        (key_id, key_revocation_id): (&'a KeyId, RevocationId),
    ) -> Self {
        let revocation_id = OnceLock::new();
        let token = Some(token);
        Self { claims, token, signing_input, key_id, key_revocation_id, revocation_id }
    }

    /// Of a token whose text is gone.
    pub(crate) fn again(
        claims: &'a Claims,
        revocation_id: RevocationId,
        (key_id, key_revocation_id): (&'a KeyId, RevocationId),
    ) -> Self {
        let revocation_id = OnceLock::from(revocation_id);
        Self { claims, token: None, signing_input: &[], key_id, key_revocation_id, revocation_id }
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
        *self.revocation_id.get_or_init(|| match self.claims.token_id() {
            Some(jti) => RevocationId::of_token_id(jti),
            None => RevocationId::of_signing_input(self.signing_input),
        })
    }

    /// SHA-256 of the whole token: the name under which Python services blacklist it. `None` where a token is judged
    /// again that was accepted earlier, because then its text is gone.
    pub fn token_digest(&self) -> Option<TokenDigest> {
        self.token.map(TokenDigest::of)
    }
}

impl fmt::Debug for Credential<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential").field("claims", &self.claims).finish_non_exhaustive()
    }
}
