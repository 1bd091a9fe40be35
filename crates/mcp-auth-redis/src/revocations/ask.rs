//! Asking the engine itself whether a token stands (mode `direct`).

use std::sync::Arc;

use futures_util::future::{join_all, try_join};
use mcp_auth::clock::Timestamp;
use mcp_auth::store::{
    Credential, RevocationId, RevocationView as _, RevokedBy, StoreError, StoreErrorKind,
    TokenDigest, UserEntry, Verdict,
};
use redis::{FromRedisValue as _, Value, cmd};

use super::row;
use crate::failure::Failure;
use crate::keys::{blacklist, partition_of};
use crate::script::Ask;
use crate::slot::Slot;
use crate::store::Parts;

/// What is asked of one token.
struct Question {
    /// Each entry that covers it, and as what.
    entries: Vec<(RevocationId, RevokedBy)>,
    user: RevocationId,
    token: Option<TokenDigest>,
}

/// What the engine holds of it.
#[derive(Default, Clone, Copy)]
struct Found {
    revoked_by: Option<RevokedBy>,
    user: Option<UserEntry>,
    /// The latest `keep_until` that was forgotten.
    forgotten: u64,
}

impl Parts {
    pub(super) async fn look_up(
        self: &Arc<Self>,
        credential: &Credential<'_>,
        now: Timestamp,
    ) -> Result<Verdict, StoreError> {
        let known = self.set.verdict(credential, now)?;
        if known != Verdict::Live {
            return Ok(known);
        }
        let (parts, question) = (Arc::clone(self), Question::about(credential));
        let found = self.worker.run(async move { parts.ask(&question).await }).await?;
        found.verdict(credential, now)
    }

    async fn ask(&self, question: &Question) -> Result<Found, Failure> {
        let listed = self.ask_blacklist(question.token);
        let mut found = Found::default();
        let partitions = (0..self.keys.len()).map(|number| self.ask_partition(number, question));
        let (answers, is_listed) =
            try_join(async { Ok(join_all(partitions).await) }, listed).await?;
        for answer in answers {
            found.add(answer?);
        }
        if is_listed {
            found.revoked_by = Some(RevokedBy::Token);
        }
        Ok(found)
    }

    async fn ask_blacklist(&self, token: Option<TokenDigest>) -> Result<bool, Failure> {
        let Some(token) = token else { return Ok(false) };
        let key = blacklist(token);
        self.engine.ask_for(Slot::of(&key), &cmd("EXISTS").arg(&key).to_owned().into()).await
    }

    /// Asks one partition for what it may hold; a partition that holds nothing of it is not asked.
    async fn ask_partition(&self, number: usize, question: &Question) -> Result<Found, Failure> {
        let Some(keys) = self.keys.get(number) else { return Ok(Found::default()) };
        let is_here = |id| partition_of(id, self.keys.len()) == number;
        let entries: Vec<_> = question.entries.iter().filter(|(id, _)| is_here(*id)).collect();
        let user = Some(question.user).filter(|user| is_here(*user));
        if entries.is_empty() && user.is_none() {
            return Ok(Found::default());
        }
        let mut ask = Ask::from(cmd("GET").arg(&keys.forgotten).to_owned());
        for (id, _) in &entries {
            ask.add(cmd("ZSCORE").arg(&keys.entries).arg(id.as_bytes()).to_owned());
        }
        if let Some(user) = user {
            ask.add(cmd("HGET").arg(&keys.users).arg(user.as_bytes()).to_owned());
        }
        let mut answers = self.engine.ask(keys.slot, &ask).await?.into_iter();
        let forgotten = answers.next().map_or(Ok(0), number_or_none)?;
        let held: Vec<_> = answers.by_ref().take(entries.len()).collect();
        let hit = entries.iter().zip(held).find(|(_, held)| *held != Value::Nil);
        let user = match answers.next() {
            Some(Value::BulkString(raw)) => Some(row::read_user_value(&raw)?.0),
            _ => None,
        };
        Ok(Found { revoked_by: hit.map(|((_, by), _)| *by), user, forgotten })
    }
}

fn number_or_none(answer: Value) -> Result<u64, Failure> {
    let number = Option::<u64>::from_redis_value(answer);
    number.map(Option::unwrap_or_default).map_err(|_| Failure::Corrupt("a date"))
}

impl Question {
    fn about(credential: &Credential<'_>) -> Self {
        let mut entries = vec![(credential.revocation_id(), RevokedBy::Token)];
        entries.extend(credential.grant_revocation_id().map(|id| (id, RevokedBy::Grant)));
        entries.push((credential.key_revocation_id(), RevokedBy::Key));
        let user = credential.user_revocation_id();
        Self { entries, user, token: credential.token_digest() }
    }
}

impl Found {
    fn add(&mut self, other: Self) {
        // The most specific one is named, as the set in memory does.
        self.revoked_by =
            [self.revoked_by, other.revoked_by].into_iter().flatten().min_by_key(|by| rank(*by));
        self.user = self.user.or(other.user);
        self.forgotten = self.forgotten.max(other.forgotten);
    }

    /// As the set in memory judges.
    fn verdict(&self, credential: &Credential<'_>, now: Timestamp) -> Result<Verdict, StoreError> {
        let forgotten = Timestamp::from_unix_seconds(self.forgotten);
        if now < forgotten && credential.claims().expires_at().timestamp() <= forgotten {
            let what = "the clock is behind the one by which revocations were forgotten";
            return Err(StoreError::new(what).of_kind(StoreErrorKind::Stale));
        }
        Ok(match (self.revoked_by, self.user) {
            (Some(by), _) => Verdict::Revoked(by),
            (None, Some(entry)) => entry.verdict(credential),
            (None, None) => Verdict::Live,
        })
    }
}

const fn rank(by: RevokedBy) -> u8 {
    match by {
        RevokedBy::Token => 0,
        RevokedBy::Grant => 1,
        RevokedBy::Key => 2,
        RevokedBy::User => 3,
    }
}
