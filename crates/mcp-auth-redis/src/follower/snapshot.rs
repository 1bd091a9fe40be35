//! Reading a whole partition: at the start, and whenever its log cannot be followed on.

use std::collections::HashMap;
use std::time::Duration;

use mcp_auth::clock::Timestamp;
use mcp_auth::random::{Randomness as _, SystemRandom};
use mcp_auth::store::{Revocation, RevocationId};
use redis::{Cmd, FromRedisValue, Value, cmd};

use super::round::{self, Cursor, Place};
use super::{Follower, Link};
use crate::failure::Failure;
use crate::keys::{PartitionKeys, partition_of};
use crate::moment::Moment;
use crate::revocations::row;
use crate::script::{RENEW, one_call};

/// Members that are asked for at once.
const PORTION: usize = 5_000;

/// What a partition holds.
type Found = HashMap<RevocationId, Revocation>;

/// A member or field, and its score or value.
type Pair = (Vec<u8>, Vec<u8>);

impl Follower {
    /// Reads everything, gives back what the engine has lost, and knows the place from which to follow.
    pub(super) async fn read_whole(&mut self, link: &mut Link) -> Result<(), Failure> {
        let (id, settled_at) = self.identify(link).await?;
        // The cursor comes first: what is written while the rest is read stands behind it, and reading twice does no harm.
        let cursor = self.last_line(link).await?;
        let first = self.first_line(link).await?;
        if let Some(lost) = &self.lost
            && lost.was_rolled_back(&id, &first, &cursor)
        {
            renew(&self.keys, &id, lost, link).await?;
            self.lost = None;
            return Ok(());
        }
        self.lost = None;
        let known = self.known();
        let found = self.scan(link, known.len()).await?;
        self.id.send_replace(Some(id.clone()));
        // What is there may be less than what was known: an older entry of a user, or one that ends earlier.
        let lost = known.into_iter().filter(|one| found.get(&id_of(one)) != Some(one));
        self.give_back(&lost.collect::<Vec<_>>());
        self.place = Some(Place { id, settled_at, cursor });
        Ok(())
    }

    /// The id of the data, which is made where there is none, and from when on a round is worth a lease.
    async fn identify(&self, link: &mut Link) -> Result<(String, Moment), Failure> {
        let began = Moment::now();
        let now = engine_milliseconds(link.ask(&cmd("TIME")).await?);
        let held: Option<String> = link.ask(cmd("GET").arg(&self.keys.id)).await?;
        let id = match held {
            Some(id) => id,
            None => begin(&self.keys, now, link).await?,
        };
        let age = now.saturating_sub(round::made_at(&id).unwrap_or(now));
        let bound = self.lease.bound();
        Ok((id, began.plus(bound.saturating_sub(Duration::from_millis(age)).min(bound))))
    }

    async fn last_line(&self, link: &mut Link) -> Result<Cursor, Failure> {
        let asked =
            cmd("XREVRANGE").arg(&self.keys.log).arg("+").arg("-").arg("COUNT").arg(1).to_owned();
        let last = round::lines(link.ask(&asked).await?)?.into_iter().next();
        Ok(last.map_or(Cursor::Start, Cursor::Line))
    }

    async fn first_line(&self, link: &mut Link) -> Result<Cursor, Failure> {
        let asked =
            cmd("XRANGE").arg(&self.keys.log).arg("-").arg("+").arg("COUNT").arg(1).to_owned();
        let first = round::lines(link.ask(&asked).await?)?.into_iter().next();
        Ok(first.map_or(Cursor::Start, Cursor::Line))
    }

    /// What this process knows of the partition and nobody may forget yet.
    fn known(&self) -> Vec<Revocation> {
        let now = self.clock.now();
        let partitions = self.outbox.partitions();
        let mine = |one: &Revocation| partition_of(id_of(one), partitions) == self.partition;
        let lasts = |one: &Revocation| one.keep_until().timestamp() > now || is_blocked(one);
        self.set.held().into_iter().filter(|one| mine(one) && lasts(one)).collect()
    }

    /// Takes everything into the set; what it is, where something of it was known before.
    async fn scan(&self, link: &mut Link, known: usize) -> Result<Found, Failure> {
        let PartitionKeys { entries, users, forgotten, .. } = &self.keys;
        let size: usize = link.ask(cmd("ZCARD").arg(entries)).await?;
        self.set.reserve(self.set.len() + size.saturating_sub(known));
        let mut all = Found::new();
        for (command, key) in [("ZSCAN", entries), ("HSCAN", users)] {
            let mut cursor = "0".to_owned();
            loop {
                let asked = cmd(command).arg(key).arg(&cursor).arg("COUNT").arg(PORTION).to_owned();
                let (next, found): (String, Vec<Pair>) = link.ask(&asked).await?;
                let found: Result<Vec<_>, _> =
                    found.iter().map(|(id, it)| read(command, id, it)).collect();
                let found = found?;
                if known > 0 {
                    all.extend(found.iter().map(|one| (id_of(one), *one)));
                }
                self.set.take_in(found, Timestamp::default(), self.clock.now());
                if next == "0" {
                    break;
                }
                cursor = next;
            }
        }
        // Asked last, so that it also tells of what was forgotten while the rest was read.
        let until: Option<u64> = link.ask(cmd("GET").arg(forgotten)).await?;
        let until = Timestamp::from_unix_seconds(until.unwrap_or_default());
        self.set.take_in([], until, self.clock.now());
        Ok(all)
    }

    /// What the engine held once, and does not hold now, goes back to it.
    fn give_back(&self, lost: &[Revocation]) {
        if !lost.is_empty() {
            self.outbox.give_back(self.partition, lost);
        }
    }
}

/// Empty data get an id. Of several nodes one comes first.
async fn begin(keys: &PartitionKeys, now: u64, link: &mut Link) -> Result<String, Failure> {
    let _: Value = link.ask(cmd("SET").arg(&keys.id).arg(new_id(now)).arg("NX")).await?;
    let held: Option<String> = link.ask(cmd("GET").arg(&keys.id)).await?;
    held.ok_or(Failure::Replaced)
}

/// Data that went back to an earlier time are others, though they kept their id: nobody may be admitted by them before
/// the nodes have given back what they know. The new id is younger than the one that was lost, whatever this node's clock
/// says, or the next one would take these data for older again.
async fn renew(
    keys: &PartitionKeys,
    id: &str,
    lost: &Place,
    link: &mut Link,
) -> Result<(), Failure> {
    let now = engine_milliseconds(link.ask(&cmd("TIME")).await?);
    let after = round::made_at(&lost.id).map_or(0, |made_at| made_at.saturating_add(1));
    let mut call = RENEW.call(&[&keys.id]);
    call.arg(id).arg(new_id(now.max(after)));
    // Another node may have been quicker; then the id is another one too.
    let renewed = one_call(&RENEW, call).send(&mut link.connection).await;
    renewed.map(drop).map_err(|source| Failure::answer(&link.address, source))
}

/// A random id, with the moment of its beginning by the engine's clock.
fn new_id(now: u64) -> String {
    let mut random = [0; 16];
    SystemRandom.fill(&mut random);
    format!("{}:{now}", hex::encode(random))
}

impl Link {
    async fn ask<T: FromRedisValue>(&mut self, command: &Cmd) -> Result<T, Failure> {
        let asked = command.query_async(&mut self.connection).await;
        asked.map_err(|source| Failure::answer(&self.address, source))
    }
}

fn read(command: &str, id: &[u8], value: &[u8]) -> Result<Revocation, Failure> {
    const CORRUPT: Failure = Failure::Corrupt("a revocation");
    if command == "ZSCAN" {
        let score = std::str::from_utf8(value).ok().and_then(|score| score.parse().ok());
        return row::read_entry(id, score.ok_or(CORRUPT)?);
    }
    let id = RevocationId::from_bytes(id.try_into().map_err(|_| CORRUPT)?);
    row::read_user(id, value)
}

fn engine_milliseconds((seconds, microseconds): (u64, u64)) -> u64 {
    seconds.saturating_mul(1_000).saturating_add(microseconds / 1_000)
}

pub(crate) fn id_of(revocation: &Revocation) -> RevocationId {
    match revocation {
        Revocation::Entry { id, .. } | Revocation::User { id, .. } => *id,
    }
}

fn is_blocked(revocation: &Revocation) -> bool {
    matches!(revocation, Revocation::User { entry, .. } if entry.blocked)
}
