//! Whether others write to the guide's blacklist too: in mode `replicated` nobody here would see it.

use std::sync::Arc;

use mcp_auth::clock::Timestamp;
use redis::{Value, cmd};

use crate::failure::Failure;
use crate::keys::{BLACKLIST, Group};
use crate::script::Ask;
use crate::slot::Slot;
use crate::store::Parts;

/// What the group of the keys that we noted is called.
pub(crate) const GROUP: &str = "blacklist";

/// Sorted set: digests of the tokens that we put on the blacklist, by when they expire.
pub(crate) const OURS: &str = "ours";

/// Keys that are asked for at once.
const PORTION: usize = 1_000;

/// Portions of one node that are looked at: an operator waits for this.
const PORTIONS: usize = 100;

impl Parts {
    /// How many keys of the blacklist are none that we noted. Of very many only the first are looked at.
    pub(crate) async fn foreign(self: Arc<Self>) -> Result<usize, Failure> {
        let mut foreign = 0;
        for primary in self.engine.primaries().await? {
            let slot = primary.slots.first().map_or(Slot(0), |(first, _)| *first);
            let mut cursor = "0".to_owned();
            for _ in 0..PORTIONS {
                let (next, found) = self.scan_blacklist(slot, &cursor).await?;
                foreign += self.count_foreign(&found).await?;
                if next == "0" {
                    break;
                }
                cursor = next;
            }
        }
        Ok(foreign)
    }

    async fn scan_blacklist(
        &self,
        slot: Slot,
        cursor: &str,
    ) -> Result<(String, Vec<String>), Failure> {
        let mut scan = cmd("SCAN");
        scan.arg(cursor).arg("MATCH").arg(format!("{BLACKLIST}*")).arg("COUNT").arg(PORTION);
        self.engine.ask_for(slot, &scan.into()).await
    }

    async fn count_foreign(&self, keys: &[String]) -> Result<usize, Failure> {
        if keys.is_empty() {
            return Ok(0);
        }
        let group = Group::new(&self.namespace, GROUP);
        let mut scores = cmd("ZMSCORE");
        scores.arg(group.key(OURS));
        for key in keys {
            scores.arg(key.strip_prefix(BLACKLIST).unwrap_or_default());
        }
        let noted: Vec<Value> = self.engine.ask_for(group.slot, &scores.into()).await?;
        Ok(noted.iter().filter(|score| matches!(score, Value::Nil)).count())
    }

    /// Forgets notes of keys that have expired.
    pub(crate) async fn forget_notes(&self, now: Timestamp) -> Result<(), Failure> {
        let group = Group::new(&self.namespace, GROUP);
        let mut forget = cmd("ZREMRANGEBYSCORE");
        forget.arg(group.key(OURS)).arg("-inf").arg(now.unix_seconds());
        self.engine.ask(group.slot, &Ask::from(forget)).await.map(drop)
    }
}
