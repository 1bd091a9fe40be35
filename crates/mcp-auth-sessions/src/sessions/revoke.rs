//! Sign-out, and everything else that ends tokens.

use mcp_auth::claims::{Claims, TokenType};
use mcp_auth::clock::{NumericDate, Timestamp};
use mcp_auth::store::{Order, Receipt, Revocation, RevocationId, StoreError, TokenDigest};
use mcp_auth::validate::{LiveToken, ValidToken};

use super::change::Edit;
use super::named::{Holder, digests};
use super::outcome::{AccountError, Revoked};
use super::policy::{SessionPolicy, date};
use super::{MANY, Sessions};
use crate::grant::Grant;
use crate::issued::IssuedRecord;

impl Sessions {
    /// Ends the grant that the token comes from, with all its tokens; a token of no grant ends alone.
    ///
    /// # Errors
    /// When a store gives no answer: the token may still stand.
    pub async fn sign_out(&self, token: &LiveToken) -> Result<Revoked, StoreError> {
        self.end_sign_in(token.claims(), token.revocation_id()).await
    }

    /// Revokes a token. A refresh token takes its grant with it (RFC 7009 section 2.1); an access token ends alone. `digest` is
    /// that of its text, where the caller has it: with it, stores that name tokens so know also one that is not on record.
    ///
    /// # Errors
    /// When a store gives no answer: the token may still stand.
    pub async fn revoke_token(
        &self,
        token: &LiveToken,
        digest: Option<TokenDigest>,
    ) -> Result<Revoked, StoreError> {
        self.revoke_named(token.claims(), token.revocation_id(), digest).await
    }

    /// Revokes a token that is refused already once more, which changes nothing: the receipt says how far it has got.
    ///
    /// # Errors
    /// When a store gives no answer: it is refused as before.
    pub async fn revoke_again(&self, token: &ValidToken<'_>) -> Result<Revoked, StoreError> {
        let (id, digest) = {
            let credential = token.credential();
            (credential.revocation_id(), credential.token_digest())
        };
        self.revoke_named(token.claims(), id, digest).await
    }

    /// Revokes the token with this `jti`, whoever made it; a refresh token that is on record takes its grant with it.
    /// [`issued_token`](Self::issued_token) says whose it is.
    ///
    /// # Errors
    /// When a store gives no answer: the token may still stand.
    pub async fn revoke_token_id(&self, token_id: &str) -> Result<Revoked, StoreError> {
        let now = self.now();
        let record = self.stores.issued.by_token_id(token_id).await?;
        if let Some(record) = record.as_ref().filter(|it| it.token_type == TokenType::Refresh) {
            return self.revoke_grant(&record.session_id, Some(&record.user_id), now).await;
        }
        let keep_until = match &record {
            Some(record) => SessionPolicy::keep_until(record.expires_at),
            None => self.policy.keep_everything(now),
        };
        let known = digests(record.as_slice());
        let entry = Revocation::Entry { id: RevocationId::of_token_id(token_id), keep_until };
        let order = Order { revocations: &[entry], tokens: &known };
        let receipt = self.stores.revocations.revoke(order, now).await?;
        let user_id = record.map(|record| record.user_id);
        Ok(Revoked { user_id, session_id: None, token_id: Some(token_id.into()), receipt })
    }

    /// Revokes everything that a user holds. Works for users without an account, whose tokens were made elsewhere.
    ///
    /// # Errors
    /// When a store gives no answer: the tokens may still stand.
    pub async fn revoke_user(&self, user_id: &str) -> Result<Revoked, StoreError> {
        let now = self.now();
        let receipt = match self.change(user_id, |account| Ok(Edit::Ending(account))).await {
            Ok(changed) => changed.receipt,
            Err(AccountError::NotFound) => None,
            Err(AccountError::Store(error)) => return Err(error),
            Err(other) => return Err(StoreError::new(other.to_string())),
        };
        let receipt = match receipt {
            Some(receipt) => receipt,
            None => self.outdate_stranger(user_id, now).await?,
        };
        let user_id = Some(user_id.to_owned());
        Ok(Revoked { user_id, session_id: None, token_id: None, receipt })
    }

    /// A user without an account stays as blocked as before.
    async fn outdate_stranger(&self, user_id: &str, now: Timestamp) -> Result<Receipt, StoreError> {
        let held = self.stores.revocations.user(RevocationId::of_user(user_id)).await?;
        let blocked = held.is_some_and(|entry| entry.blocked);
        Ok(self.advance_user(user_id, 0, blocked, now).await?.1)
    }

    /// The live grants of a user, the newest first.
    ///
    /// # Errors
    /// When the store gives no answer.
    pub async fn grants(&self, user_id: &str) -> Result<Vec<Grant>, StoreError> {
        self.stores.grants.live_of_user(user_id, self.now(), MANY).await
    }

    /// The live tokens of a user that are on record, the newest first.
    ///
    /// # Errors
    /// When the store gives no answer.
    pub async fn tokens(&self, user_id: &str) -> Result<Vec<IssuedRecord>, StoreError> {
        self.stores.issued.live_of_user(user_id, self.now(), MANY).await
    }

    /// What is on record of the token with this `jti`.
    ///
    /// # Errors
    /// When the store gives no answer.
    pub async fn issued_token(&self, token_id: &str) -> Result<Option<IssuedRecord>, StoreError> {
        self.stores.issued.by_token_id(token_id).await
    }

    /// Revokes first and forgets then: whatever is cut off in between is refused all the same.
    pub(super) async fn revoke_grant(
        &self,
        session_id: &str,
        user_id: Option<&str>,
        now: Timestamp,
    ) -> Result<Revoked, StoreError> {
        // Records that cannot be read now must not keep the grant from being refused.
        let known = self.live_of(Holder::Grant(session_id), now, MANY).await;
        let known = known.unwrap_or_default();
        // A refresh that is under way may still issue tokens; older ones may come from times of longer lifetimes.
        let under_way = date(now.plus(self.policy.longest_of_grant()));
        let last = known.iter().map(|record| record.expires_at).fold(under_way, NumericDate::max);
        let keep_until = SessionPolicy::keep_until(last);
        let entry = Revocation::Entry { id: RevocationId::of_grant(session_id), keep_until };
        let receipt = self.revoke_by_name(entry, &known, Holder::Grant(session_id), now).await?;
        // It is refused whether or not it is forgotten.
        let _: Result<bool, StoreError> = self.stores.grants.end(session_id).await;
        let session_id = Some(session_id.to_owned());
        Ok(Revoked { user_id: user_id.map(str::to_owned), session_id, token_id: None, receipt })
    }

    async fn revoke_named(
        &self,
        claims: &Claims,
        id: RevocationId,
        digest: Option<TokenDigest>,
    ) -> Result<Revoked, StoreError> {
        match claims.token_type() {
            Some(TokenType::Refresh) => self.end_sign_in(claims, id).await,
            _ => self.revoke_one(claims, id, digest).await,
        }
    }

    async fn end_sign_in(&self, claims: &Claims, id: RevocationId) -> Result<Revoked, StoreError> {
        match claims.session_id() {
            Some(sid) => self.revoke_grant(sid, Some(claims.user_id()), self.now()).await,
            None => self.revoke_one(claims, id, None).await,
        }
    }

    async fn revoke_one(
        &self,
        claims: &Claims,
        id: RevocationId,
        digest: Option<TokenDigest>,
    ) -> Result<Revoked, StoreError> {
        let now = self.now();
        let mut known = self.digests_of(claims.token_id()).await;
        known.extend(digest.map(|digest| (digest, claims.expires_at())));
        known.sort_unstable_by_key(|(digest, _)| *digest);
        known.dedup();
        let keep_until = SessionPolicy::keep_until(claims.expires_at());
        let entry = Revocation::Entry { id, keep_until };
        let order = Order { revocations: &[entry], tokens: &known };
        let receipt = self.stores.revocations.revoke(order, now).await?;
        Ok(Revoked {
            user_id: Some(claims.user_id().to_owned()),
            session_id: None,
            token_id: claims.token_id().map(str::to_owned),
            receipt,
        })
    }

    /// What is on record of a token; nothing where it has no id, or the store gives no answer: that must not keep the token
    /// from being refused.
    async fn digests_of(&self, token_id: Option<&str>) -> Vec<(TokenDigest, NumericDate)> {
        let Some(token_id) = token_id else { return Vec::new() };
        let record = self.stores.issued.by_token_id(token_id).await;
        digests(record.unwrap_or_default().as_slice())
    }
}
