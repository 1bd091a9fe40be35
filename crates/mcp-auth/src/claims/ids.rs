//! What revocations call a token's grant and its user: found once for each token, however often it is judged. What depends
//! on more than the claims has no place here: all who hold the claims share them.

use std::sync::OnceLock;

use super::Claims;
use crate::store::RevocationId;

#[derive(Default)]
pub(super) struct Ids {
    grant: OnceLock<RevocationId>,
    user: OnceLock<RevocationId>,
}

impl Claims {
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
