//! Stage 5: whether the token still stands.

use std::fmt;
use std::sync::Arc;

use super::checks::not_expired;
use super::{Rules, ValidToken};
use crate::claims::{Claims, TokenType};
use crate::clock::{NumericDate, Timestamp};
use crate::keys::{KeyId, KeyNames};
use crate::refusal::{Reason, Refusal};
use crate::roles::Role;
use crate::store::{
    Credential, Revocation, RevocationId, RevocationStore, RevocationView, StoreError, TokenDigest,
    Verdict,
};

/// A token that is valid and was not revoked when it was looked at. Cheap to clone, and free of the token's text,
/// so it can travel with the request.
#[derive(Clone)]
pub struct LiveToken {
    claims: Claims,
    key: Arc<KeyNames>,
    /// What revokes this token alone: its text, of which it is made where there is no `jti`, is gone.
    revocation_id: RevocationId,
    /// Of its text: where a store was asked, which may know it by that, and where it has no `jti` to be called by.
    digest: Option<TokenDigest>,
    /// What audits call it where it has no `jti`: the beginning of the digest, as text, because events borrow.
    short_digest: Option<[u8; 12]>,
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
        refuse_unless_live(revocations.verdict(&credential, now))?;
        let revocation_id = credential.revocation_id();
        let has_name = credential.claims().token_id().is_some();
        let digest = if has_name { None } else { credential.token_digest() };
        Ok(self.live(revocation_id, digest))
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
        refuse_unless_live(store.look_up(&credential, now).await)?;
        let (revocation_id, digest) = (credential.revocation_id(), credential.token_digest());
        Ok(self.live(revocation_id, digest))
    }

    fn live(self, revocation_id: RevocationId, digest: Option<TokenDigest>) -> LiveToken {
        let (claims, key) = self.into_parts();
        let nameless = digest.filter(|_| claims.token_id().is_none());
        let short_digest = nameless.map(|digest| digest.short_text());
        LiveToken { claims, key, revocation_id, digest, short_digest }
    }
}

fn refuse_unless_live(verdict: Result<Verdict, StoreError>) -> Result<(), Refusal> {
    match verdict.map_err(Reason::from)? {
        Verdict::Live => Ok(()),
        Verdict::Revoked(by) => Err(Reason::Revoked(by).into()),
        Verdict::Blocked => Err(Reason::AccountDisabled.into()),
    }
}

impl LiveToken {
    /// What the token says.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// Who presents it.
    pub fn user_id(&self) -> &str {
        self.claims.user_id()
    }

    /// The presenter's role. A refresh token has none, and can do nothing that a policy is asked about.
    pub fn role(&self) -> Option<&Role> {
        self.claims.role().filter(|_| self.claims.token_type() == Some(TokenType::Access))
    }

    /// The key that signed it.
    pub fn key_id(&self) -> &KeyId {
        &self.key.id
    }

    /// Asks the view again, as [`ValidToken::confirm`] did: whether nothing was revoked since.
    pub(crate) fn confirm_again(
        &self,
        revocations: &dyn RevocationView,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        refuse_unless_live(revocations.verdict(&self.credential(), now))
    }

    /// Asks the store again, as [`ValidToken::confirm_with`] did.
    pub(crate) async fn confirm_again_with(
        &self,
        store: &dyn RevocationStore,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        refuse_unless_live(store.look_up(&self.credential(), now).await)
    }

    fn credential(&self) -> Credential<'_> {
        Credential::again(&self.claims, self.revocation_id, self.digest, &self.key)
    }

    /// Whether the token is still within its time, as when it was validated.
    pub(crate) fn check_expiry(&self, rules: &Rules, now: Timestamp) -> Result<(), Refusal> {
        Ok(not_expired(self.claims(), rules, now)?)
    }

    /// What audits call it where it has no `jti`.
    pub(crate) fn short_digest(&self) -> Option<&str> {
        // Hex digits.
        str::from_utf8(self.short_digest.as_ref()?).ok()
    }

    /// What revokes this token alone.
    pub fn revocation_id(&self) -> RevocationId {
        self.revocation_id
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
        f.debug_struct("LiveToken").field("claims", &self.claims).finish_non_exhaustive()
    }
}
