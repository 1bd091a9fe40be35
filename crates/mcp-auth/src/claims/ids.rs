//! What revocations and blacklists call a token, its grant and its user: found once for each token, however often it is judged.

use std::sync::OnceLock;

use super::Claims;
use crate::store::{RevocationId, TokenDigest};

#[derive(Default)]
pub(super) struct Ids {
    token: OnceLock<RevocationId>,
    grant: OnceLock<RevocationId>,
    user: OnceLock<RevocationId>,
    digest: OnceLock<TokenDigest>,
}

impl Claims {
    /// By its `jti`; one without by what was signed, which whoever asks first knows.
    pub(crate) fn token_revocation_id(&self, signing_input: &[u8]) -> RevocationId {
        *self.0.ids.token.get_or_init(|| match self.token_id() {
            Some(jti) => RevocationId::of_token_id(jti),
            None => RevocationId::of_signing_input(signing_input),
        })
    }

    /// By the token's text, which whoever asks first knows.
    pub(crate) fn token_digest(&self, token: &[u8]) -> TokenDigest {
        *self.0.ids.digest.get_or_init(|| TokenDigest::of(token))
    }

    /// By its `sid`, if it has one.
    pub(crate) fn grant_revocation_id(&self) -> Option<RevocationId> {
        let of = |sid| *self.0.ids.grant.get_or_init(|| RevocationId::of_grant(sid));
        self.session_id().map(of)
    }

    /// By its `user_id`.
    pub(crate) fn user_revocation_id(&self) -> RevocationId {
        *self.0.ids.user.get_or_init(|| RevocationId::of_user(self.user_id()))
    }
}
