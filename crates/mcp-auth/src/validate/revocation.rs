//! Stage 5: whether the token still stands.

use std::fmt;
use std::sync::Arc;

use super::ValidToken;
use crate::claims::Claims;
use crate::clock::Timestamp;
use crate::keys::KeyId;
use crate::refusal::{Reason, Refusal};
use crate::roles::Role;
use crate::store::{RevocationId, RevocationView, Verdict};

/// A token that is valid and was not revoked when it was looked at. Cheap to clone, and free of the token's text,
/// so it can travel with the request.
#[derive(Clone)]
pub struct LiveToken(Arc<Parts>);

struct Parts {
    claims: Claims,
    key_id: KeyId,
    revocation_id: RevocationId,
    role: Role,
}

impl ValidToken<'_> {
    /// Asks the view whether the token, its grant, its user or its key was revoked.
    ///
    /// # Errors
    /// `token_revoked`, `account_disabled`, or `store_unavailable` when the view cannot tell: no answer is not a
    /// permission.
    pub fn confirm(
        self,
        revocations: &dyn RevocationView,
        now: Timestamp,
    ) -> Result<LiveToken, Refusal> {
        match revocations.verdict(&self.credential(), now).map_err(Reason::from)? {
            Verdict::Live => Ok(self.into_live()),
            Verdict::Revoked(by) => Err(Reason::Revoked(by).into()),
            Verdict::Blocked => Err(Reason::AccountDisabled.into()),
        }
    }

    fn into_live(self) -> LiveToken {
        let revocation_id = self.credential().revocation_id();
        let (claims, key_id) = self.into_parts();
        // A refresh token has no role; it can do nothing that a policy is asked about.
        let role = claims.role().cloned().unwrap_or(Role::User);
        LiveToken(Arc::new(Parts { claims, key_id, revocation_id, role }))
    }
}

impl LiveToken {
    /// What the token says.
    pub fn claims(&self) -> &Claims {
        &self.0.claims
    }

    /// Who presents it.
    pub fn user_id(&self) -> &str {
        self.0.claims.user_id()
    }

    /// The presenter's role.
    pub fn role(&self) -> &Role {
        &self.0.role
    }

    /// The key that signed it.
    pub fn key_id(&self) -> &KeyId {
        &self.0.key_id
    }

    /// What to revoke in order to revoke this token alone.
    pub fn revocation_id(&self) -> RevocationId {
        self.0.revocation_id
    }
}

impl fmt::Debug for LiveToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveToken").field("claims", &self.0.claims).finish_non_exhaustive()
    }
}
