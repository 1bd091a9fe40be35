//! Whether tokens on record still stand.

use mcp_auth::claims::{Claims, TokenType};
use mcp_auth::issue::{Issuer, NewToken};
use mcp_auth::store::{Credential, RevocationId, RevokedBy, StoreError, UserEntry, Verdict};

use super::Sessions;
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
        let unreadable = |what: String| StoreError::new(format!("a record of a token: {what}"));
        let claims =
            claims(record, entry, issuer).map_err(|error| unreadable(error.to_string()))?;
        let key = issuer.keys().signing_key().ok_or_else(|| unreadable("no key signs".into()))?;
        let credential = Credential::of_record(&claims, record.digest, key.verifying_key());
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
) -> Result<Claims, mcp_auth::issue::IssueError> {
    let new = match record.token_type {
        TokenType::Access => NewToken::access(&record.user_id),
        TokenType::Refresh => NewToken::refresh(&record.user_id),
    };
    let new = new.with_identity(&record.token_id, record.issued_at, record.expires_at);
    let generation = entry.map_or(0, |entry| entry.generation);
    issuer.claims(&new.with_session(&record.session_id, generation))
}
