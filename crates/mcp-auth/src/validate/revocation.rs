//! Stage 5: whether the token still stands.

use std::fmt;
use std::sync::Arc;

use super::checks::not_expired;
use super::{Rules, ValidToken};
use crate::claims::{Claims, TokenType};
use crate::clock::{NumericDate, Timestamp};
use crate::keys::KeyId;
use crate::refusal::{Reason, Refusal};
use crate::roles::Role;
use crate::store::{
    Revocation, RevocationId, RevocationStore, RevocationView, StoreError, Verdict,
};

/// A token that is valid and was not revoked when it was looked at. Cheap to clone, and free of the token's text,
/// so it can travel with the request.
#[derive(Clone)]
pub struct LiveToken(Arc<Parts>);

struct Parts {
    claims: Claims,
    key_id: KeyId,
    revocation_id: RevocationId,
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
        let credential = self.credential();
        let verdict = revocations.verdict(&credential, now);
        let revocation_id = credential.revocation_id();
        self.admit(verdict, revocation_id)
    }

    /// The same, asked of the store itself: as fresh as the store, at the price of waiting for it.
    ///
    /// # Errors
    /// As for [`ValidToken::confirm`].
    pub async fn confirm_with(
        self,
        store: &dyn RevocationStore,
        now: Timestamp,
    ) -> Result<LiveToken, Refusal> {
        let credential = self.credential();
        let verdict = store.look_up(&credential, now).await;
        let revocation_id = credential.revocation_id();
        self.admit(verdict, revocation_id)
    }

    fn admit(
        self,
        verdict: Result<Verdict, StoreError>,
        revocation_id: RevocationId,
    ) -> Result<LiveToken, Refusal> {
        match verdict.map_err(Reason::from)? {
            Verdict::Live => {}
            Verdict::Revoked(by) => return Err(Reason::Revoked(by).into()),
            Verdict::Blocked => return Err(Reason::AccountDisabled.into()),
        }
        let (claims, key_id) = self.into_parts();
        Ok(LiveToken(Arc::new(Parts { claims, key_id, revocation_id })))
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

    /// The presenter's role. A refresh token has none, and can do nothing that a policy is asked about.
    pub fn role(&self) -> Option<&Role> {
        self.0.claims.role().filter(|_| self.0.claims.token_type() == Some(TokenType::Access))
    }

    /// The key that signed it.
    pub fn key_id(&self) -> &KeyId {
        &self.0.key_id
    }

    /// Whether the token is still within its time, as when it was validated.
    pub(crate) fn check_expiry(&self, rules: &Rules, now: Timestamp) -> Result<(), Refusal> {
        Ok(not_expired(self.claims(), rules, now)?)
    }

    /// What revokes this token alone.
    pub fn revocation_id(&self) -> RevocationId {
        self.0.revocation_id
    }

    /// The revocation of this token alone, kept for as long as a validator with these rules could still accept it,
    /// and a minute more for clocks that disagree.
    pub fn revocation(&self, rules: &Rules) -> Revocation {
        let spare = rules.leeway() + Rules::ISSUED_AHEAD;
        let keep_until = self.claims().expires_at().seconds().saturating_add(spare.as_secs());
        let keep_until = NumericDate::new(keep_until).unwrap_or(NumericDate::LATEST);
        Revocation::Entry { id: self.revocation_id(), keep_until }
    }
}

impl fmt::Debug for LiveToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveToken").field("claims", &self.0.claims).finish_non_exhaustive()
    }
}
