//! Whether tokens on record still stand.

use std::collections::HashMap;
use std::fmt::Display;

use mcp_auth::claims::{Claims, TokenType};
use mcp_auth::issue::{Issuer, NewToken};
use mcp_auth::keys::VerifyingKey;
use mcp_auth::store::{
    Credential, RevocationId, RevocationView, RevokedBy, StoreError, UserEntry, Verdict,
};

use super::Sessions;
use crate::grant::Grant;
use crate::issued::IssuedRecord;

/// Whether a token on record would be taken now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// What the store says of it.
    Judged(Verdict),
    /// A refresh token that was exchanged for another one, which stands.
    Exchanged,
}

impl Sessions {
    /// The tokens of a user that are on record and have not expired, the newest first, each with the verdict of the store
    /// itself. Which generation and which key a token has is not on record: a token counts as one of the current key, and
    /// whether the user's tokens were revoked after it was issued is told by its date and its sign-in.
    ///
    /// # Errors
    /// When a store gives no answer.
    pub async fn judged_tokens(
        &self,
        user_id: &str,
    ) -> Result<Vec<(IssuedRecord, Standing)>, StoreError> {
        let (issuer, records) = (self.issuer(), self.tokens(user_id).await?);
        let entry = self.stores.revocations.user(RevocationId::of_user(user_id)).await?;
        let mut judged = Vec::with_capacity(records.len());
        for record in records {
            let verdict = self.verdict(&record, entry, &issuer).await?;
            let standing = self.standing(&record, verdict).await?;
            judged.push((record, standing));
        }
        Ok(judged)
    }

    /// The tokens on record that stand, for whoever has the user's grants at hand: by those, and by what the view has heard of
    /// revocations. No store is asked about each token.
    ///
    /// # Errors
    /// When a store gives no answer, or the view cannot tell.
    pub async fn standing_tokens(
        &self,
        user_id: &str,
        grants: &[Grant],
        view: &dyn RevocationView,
    ) -> Result<Vec<IssuedRecord>, StoreError> {
        let (issuer, records) = (self.issuer(), self.tokens(user_id).await?);
        let entry = self.stores.revocations.user(RevocationId::of_user(user_id)).await?;
        let grants: HashMap<_, _> = grants.iter().map(|it| (it.session_id.as_str(), it)).collect();
        let mut standing = Vec::with_capacity(records.len());
        for record in records {
            // What ends the tokens of a sign-in ends the sign-in as well.
            let Some(grant) = grants.get(record.session_id.as_str()) else { continue };
            let is_exchanged = record.token_type == TokenType::Refresh
                && grant.current.refresh_id != record.token_id;
            let claims = claims(&record, entry, &issuer)?;
            let credential = Credential::of_record(&claims, record.digest, key(&issuer)?);
            if !is_exchanged && view.verdict(&credential, self.now())? == Verdict::Live {
                standing.push(record);
            }
        }
        Ok(standing)
    }

    /// Of refresh tokens a grant knows one alone, whatever the revocations say.
    async fn standing(
        &self,
        record: &IssuedRecord,
        verdict: Verdict,
    ) -> Result<Standing, StoreError> {
        if verdict != Verdict::Live || record.token_type != TokenType::Refresh {
            return Ok(Standing::Judged(verdict));
        }
        Ok(match self.stores.grants.get(&record.session_id).await? {
            Some(grant) if grant.current.refresh_id == record.token_id => Standing::Judged(verdict),
            Some(_) => Standing::Exchanged,
            None => Standing::Judged(Verdict::Revoked(RevokedBy::Grant)),
        })
    }

    async fn verdict(
        &self,
        record: &IssuedRecord,
        entry: Option<UserEntry>,
        issuer: &Issuer,
    ) -> Result<Verdict, StoreError> {
        let claims = claims(record, entry, issuer)?;
        let credential = Credential::of_record(&claims, record.digest, key(issuer)?);
        let verdict = self.stores.revocations.look_up(&credential, self.now()).await?;
        match (verdict, entry) {
            (Verdict::Live, Some(entry)) if self.is_outdated(record, entry).await? => {
                Ok(Verdict::Revoked(RevokedBy::User))
            }
            (verdict, _) => Ok(verdict),
        }
    }

    /// Whether the token was issued before its user's tokens were revoked. Dates are in whole seconds and from clocks that
    /// may differ; where they are too close to tell, the sign-in is asked, which was ended with the tokens.
    async fn is_outdated(
        &self,
        record: &IssuedRecord,
        entry: UserEntry,
    ) -> Result<bool, StoreError> {
        let (issued, revoked) = (record.issued_at.seconds(), entry.not_before.seconds());
        if issued.abs_diff(revoked) > UserEntry::UNNUMBERED_MARGIN_SECONDS {
            return Ok(issued < revoked);
        }
        Ok(self.stores.grants.get(&record.session_id).await?.is_none())
    }
}

/// What the token says of itself, of the generation that its user has now.
fn claims(
    record: &IssuedRecord,
    entry: Option<UserEntry>,
    issuer: &Issuer,
) -> Result<Claims, StoreError> {
    let new = match record.token_type {
        TokenType::Access => NewToken::access(&record.user_id),
        TokenType::Refresh => NewToken::refresh(&record.user_id),
    };
    let new = new.with_identity(&record.token_id, record.issued_at, record.expires_at);
    let generation = entry.map_or(0, |entry| entry.generation);
    let claims = issuer.claims(&new.with_session(&record.session_id, generation));
    claims.map_err(|error| unreadable(&error))
}

/// It stands for the one that signed, which is on no record.
fn key(issuer: &Issuer) -> Result<&VerifyingKey, StoreError> {
    let key = issuer.keys().signing_key().ok_or_else(|| unreadable(&"no key signs"))?;
    Ok(key.verifying_key())
}

fn unreadable(what: &dyn Display) -> StoreError {
    StoreError::new(format!("a record of a token: {what}"))
}
