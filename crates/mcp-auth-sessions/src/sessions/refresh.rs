//! From a refresh token to the next pair.

use mcp_auth::claims::TokenType;
use mcp_auth::clock::Timestamp;
use mcp_auth::store::StoreError;
use mcp_auth::validate::LiveToken;

use super::outcome::{RefreshError, TokenPair};
use super::{ATTEMPTS, Sessions, contended};
use crate::account::Account;
use crate::client::Client;
use crate::grant::{Grant, Presented, Reuse};

/// What a refresh token says that counts here.
struct Ticket<'a> {
    session_id: &'a str,
    refresh_id: &'a str,
    user_id: &'a str,
    generation: Option<u64>,
}

impl<'a> Ticket<'a> {
    fn of(token: &'a LiveToken) -> Result<Self, RefreshError> {
        let claims = token.claims();
        if claims.token_type() != Some(TokenType::Refresh) {
            return Err(RefreshError::NotRefresh);
        }
        match (claims.session_id(), claims.token_id()) {
            (Some(session_id), Some(refresh_id)) => Ok(Self {
                session_id,
                refresh_id,
                user_id: claims.user_id(),
                generation: claims.generation(),
            }),
            _ => Err(RefreshError::NoGrant),
        }
    }
}

impl Sessions {
    /// Exchanges a refresh token. Clients that race get one successor; see [`RotationPolicy`](crate::grant::RotationPolicy).
    ///
    /// # Errors
    /// [`RefreshError`]; after [`RefreshError::Reused`] the grant is revoked.
    pub async fn refresh(
        &self,
        token: &LiveToken,
        client: &Client,
    ) -> Result<TokenPair, RefreshError> {
        let ticket = Ticket::of(token)?;
        for _ in 0..ATTEMPTS {
            let now = self.now();
            // The account first: if it changes after this, the tokens carry the generation that the change outdates.
            let account = self.account_behind(&ticket).await?;
            let held = self.stores.grants.get(ticket.session_id).await?;
            let held = held.filter(|grant| grant.user_id == ticket.user_id);
            let held = held.ok_or(RefreshError::NoGrant)?;
            if let Some(pair) = self.exchange(&ticket, account, held, client, now).await? {
                return Ok(pair);
            }
        }
        Err(contended("the grant").into())
    }

    /// Whether [`refresh`](Self::refresh) would end the grant, because the token was used before. Nothing is changed.
    ///
    /// # Errors
    /// When the store gives no answer.
    pub async fn is_reused(&self, token: &LiveToken) -> Result<bool, StoreError> {
        let Ok(ticket) = Ticket::of(token) else { return Ok(false) };
        let held = self.stores.grants.get(ticket.session_id).await?;
        let held = held.filter(|grant| grant.user_id == ticket.user_id);
        let judged =
            held.map(|grant| self.policy.rotation.judge(&grant, ticket.refresh_id, self.now()));
        Ok(matches!(judged, Some(Presented::Reused(_))))
    }

    async fn account_behind(&self, ticket: &Ticket<'_>) -> Result<Account, RefreshError> {
        let account = self.stores.accounts.by_user_id(ticket.user_id).await?;
        let account =
            account.filter(|account| account.active).ok_or(RefreshError::AccountDisabled)?;
        if ticket.generation.is_none_or(|generation| generation < account.generation) {
            return Err(RefreshError::Outdated);
        }
        Ok(account)
    }

    /// `None` when another client was faster.
    async fn exchange(
        &self,
        ticket: &Ticket<'_>,
        account: Account,
        held: Grant,
        client: &Client,
        now: Timestamp,
    ) -> Result<Option<TokenPair>, RefreshError> {
        match self.policy.rotation.judge(&held, ticket.refresh_id, now) {
            Presented::Current => self.advance(&held, account, client, now).await,
            Presented::Again => self.repeat(&held, account, now).await,
            Presented::Ended => Err(RefreshError::NoGrant),
            Presented::Reused(why) => Err(self.end_reused(&held, why, now).await?),
        }
    }

    async fn advance(
        &self,
        held: &Grant,
        account: Account,
        client: &Client,
        now: Timestamp,
    ) -> Result<Option<TokenPair>, RefreshError> {
        let next = self.next_grant(held, client, now);
        let pair = self.mint(&next, account, now)?;
        if !self.stores.grants.rotate(&next).await? {
            return Ok(None);
        }
        self.record(&pair, &next).await?;
        Ok(Some(pair))
    }

    async fn repeat(
        &self,
        held: &Grant,
        account: Account,
        now: Timestamp,
    ) -> Result<Option<TokenPair>, RefreshError> {
        let limit = self.policy.rotation.max_replays;
        let counted = self.stores.grants.count_replay(&held.session_id, held.counter, limit);
        if !counted.await? {
            return Ok(None);
        }
        let pair = TokenPair { again: true, ..self.mint(held, account, now)? };
        self.record(&pair, held).await?;
        Ok(Some(pair))
    }

    async fn end_reused(
        &self,
        held: &Grant,
        why: Reuse,
        now: Timestamp,
    ) -> Result<RefreshError, RefreshError> {
        let revoked = self.revoke_grant(&held.session_id, Some(&held.user_id), now).await?;
        Ok(RefreshError::Reused { why, revoked })
    }
}
