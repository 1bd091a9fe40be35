//! Writing revocations.

use std::sync::Arc;
use std::time::Duration;

use mcp_auth::clock::Timestamp;
use mcp_auth::store::{
    Durability, Order, Receipt, Revocation, RevocationId, StoreError, UserChange, UserEntry,
};
use redis::cmd;
use tokio::time::timeout;

use super::row;
use crate::access::ANSWER;
use crate::failure::Failure;
use crate::keys::{PartitionKeys, partition_of};
use crate::outbox::{LOG_LINES, Reached};
use crate::script::{ADVANCE, Ask};
use crate::store::Parts;

/// How long whoever revokes waits for the engine; the order goes on after that.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often an entry may change between reading it and replacing it.
const ATTEMPTS: usize = 64;

impl Parts {
    /// Writes an order down on this machine, refuses what it covers from then on, and brings it to the engine. Revoking never
    /// fails because the engine is away: the receipt says how far it has got.
    pub(super) async fn revoke(self: &Arc<Self>, order: &Order<'_>) -> Result<Receipt, StoreError> {
        if let Some(same) = self.on_their_way.same_as(order) {
            return Ok(self.receipt(same.first_try(PATIENCE).await, self.journal.is_some()));
        }
        let written = match &self.journal {
            Some(journal) => Some(journal.write(order).await),
            None => None,
        };
        let (number, journal) =
            (written.as_ref().and_then(|it| it.as_ref().ok().copied()), self.journal.clone());
        let progress = self.send(order, number.is_some(), move || {
            if let (Some(number), Some(journal)) = (number, journal) {
                journal.done(number);
            }
        });
        let reached = progress.first_try(PATIENCE).await;
        match written {
            // The engine does not have it, and after a crash nobody would.
            Some(Err(error)) if reached.durability.is_none() => Err(error),
            _ => Ok(self.receipt(reached, number.is_some())),
        }
    }

    fn receipt(&self, reached: Reached, is_journaled: bool) -> Receipt {
        let here = if is_journaled { Durability::Local } else { Durability::Memory };
        let durability = reached.durability.unwrap_or(here);
        let is_bounded = durability == Durability::All && !self.promise.is_asynchronous();
        Receipt {
            durability,
            bound: is_bounded.then(|| self.lease.bound()),
            pending: reached.is_pending,
        }
    }

    /// Gives a user the next entry.
    pub(super) async fn advance(&self, change: &UserChange) -> Result<UserEntry, Failure> {
        for _ in 0..ATTEMPTS {
            let held = self.held_user(change.id).await?;
            let entry = change.after(held.as_ref().map(|(_, entry, _)| *entry));
            let ends = held
                .as_ref()
                .map_or(change.keep_until, |(_, _, ends)| change.keep_until.max(*ends));
            let read = held.map(|(raw, ..)| raw).unwrap_or_default();
            let next = row::user_value(entry, ends);
            if self.replace_user(change.id, &read, &next).await? {
                let written = Revocation::User { id: change.id, entry, keep_until: ends };
                self.set.take_in([written], Timestamp::default(), self.clock.now());
                return Ok(entry);
            }
        }
        Err(Failure::Contended)
    }

    async fn replace_user(
        &self,
        user: RevocationId,
        read: &[u8],
        next: &str,
    ) -> Result<bool, Failure> {
        let keys = self.keys_of(user)?;
        let PartitionKeys { id: id_key, log, users, ends, .. } = keys;
        let id = self.data_id(user).await?;
        let mut call = ADVANCE.call(&[id_key, log, users, ends]);
        call.arg(id).arg(LOG_LINES).arg(user.as_bytes()).arg(read).arg(next);
        let mut ask = Ask::calling(&ADVANCE);
        ask.add(call);
        Ok(self.engine.ask_for::<u8>(keys.slot, &ask).await? == 1)
    }

    /// A user's entry: as it stands in the engine, and read.
    pub(super) async fn held_user(
        &self,
        user: RevocationId,
    ) -> Result<Option<(Vec<u8>, UserEntry, mcp_auth::clock::NumericDate)>, Failure> {
        let keys = self.keys_of(user)?;
        let asked = cmd("HGET").arg(&keys.users).arg(user.as_bytes()).to_owned();
        let held: Option<Vec<u8>> = self.engine.ask_for(keys.slot, &asked.into()).await?;
        let Some(raw) = held else { return Ok(None) };
        let (entry, keep_until) = row::read_user_value(&raw)?;
        Ok(Some((raw, entry, keep_until)))
    }

    /// The keys of the partition that an id belongs to.
    pub(super) fn keys_of(&self, id: RevocationId) -> Result<&PartitionKeys, Failure> {
        self.keys.get(partition_of(id, self.keys.len())).ok_or(Failure::Closed)
    }

    /// The id of the data in that partition; waits a little where it is in doubt.
    async fn data_id(&self, id: RevocationId) -> Result<String, Failure> {
        let known = self.ids.get(partition_of(id, self.ids.len())).ok_or(Failure::Closed)?;
        let mut known = known.clone();
        let id = timeout(ANSWER, known.wait_for(Option::is_some)).await;
        id.ok().and_then(Result::ok).and_then(|id| id.clone()).ok_or(Failure::Replaced)
    }
}
