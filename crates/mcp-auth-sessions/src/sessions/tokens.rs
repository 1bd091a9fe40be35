//! From a grant to its two tokens.

use mcp_auth::claims::TokenType;
use mcp_auth::clock::{NumericDate, Timestamp};
use mcp_auth::issue::{IssueError, IssuedToken, NewToken};
use mcp_auth::random::token_id;
use mcp_auth::store::{StoreError, TokenDigest};

use super::Sessions;
use super::outcome::{TokenPair, seconds_until};
use super::policy::date;
use crate::account::Account;
use crate::client::Client;
use crate::grant::{Grant, TokenPairIds};
use crate::issued::IssuedRecord;

impl Sessions {
    /// The first row of a grant.
    pub(super) fn new_grant(&self, account: &Account, client: &Client, now: Timestamp) -> Grant {
        let ends_at = date(now.plus(self.policy.max_grant));
        Grant {
            session_id: token_id(&*self.randomness),
            user_id: account.user_id.clone(),
            counter: 0,
            current: self.new_ids(now, ends_at),
            parent_id: None,
            replays: 0,
            started_at: date(now),
            ends_at,
            client: client.clone(),
        }
    }

    /// The row that follows when the current refresh token is exchanged.
    pub(super) fn next_grant(&self, held: &Grant, client: &Client, now: Timestamp) -> Grant {
        Grant {
            counter: held.counter + 1,
            current: self.new_ids(now, held.ends_at),
            parent_id: Some(held.current.refresh_id.clone()),
            replays: 0,
            client: client.clone(),
            ..held.clone()
        }
    }

    fn new_ids(&self, now: Timestamp, ends_at: NumericDate) -> TokenPairIds {
        let lifetimes = self.policy.lifetimes;
        TokenPairIds {
            refresh_id: token_id(&*self.randomness),
            access_id: token_id(&*self.randomness),
            issued_at: date(now),
            refresh_expires_at: date(now.plus(lifetimes.refresh)).min(ends_at),
            access_expires_at: date(now.plus(lifetimes.access)).min(ends_at),
        }
    }

    /// The tokens that the row describes, for the account as it was read before.
    pub(super) fn mint(
        &self,
        grant: &Grant,
        account: Account,
        now: Timestamp,
    ) -> Result<TokenPair, IssueError> {
        let ids = &grant.current;
        let access = NewToken::access(&account.user_id).with_role(account.role.clone());
        let access = access.with_identity(&ids.access_id, ids.issued_at, ids.access_expires_at);
        let refresh = NewToken::refresh(&account.user_id);
        let refresh = refresh.with_identity(&ids.refresh_id, ids.issued_at, ids.refresh_expires_at);
        let issuer = self.issuer();
        let sign = |request: NewToken| {
            let named = request.with_username(&account.username);
            issuer.issue(&named.with_session(&grant.session_id, account.generation))
        };
        let (access, refresh) = (sign(access)?, sign(refresh)?);
        let expires_in = seconds_until(ids.access_expires_at, now);
        Ok(TokenPair { access, refresh, expires_in, account, again: false })
    }

    /// Puts the tokens on record.
    pub(super) async fn record(&self, pair: &TokenPair, grant: &Grant) -> Result<(), StoreError> {
        let records = [
            record(&pair.access, TokenType::Access, grant),
            record(&pair.refresh, TokenType::Refresh, grant),
        ];
        self.stores.issued.record(&records).await
    }
}

fn record(issued: &IssuedToken, token_type: TokenType, grant: &Grant) -> IssuedRecord {
    let claims = &issued.claims;
    IssuedRecord {
        digest: TokenDigest::of(issued.token.expose().as_bytes()),
        token_id: claims.token_id().unwrap_or_default().to_owned(),
        session_id: grant.session_id.clone(),
        user_id: grant.user_id.clone(),
        token_type,
        issued_at: claims.issued_at().unwrap_or_default(),
        expires_at: claims.expires_at(),
        client: grant.client.clone(),
    }
}
