//! Brings revocations to the primary of one partition and waits for its replicas.

use std::sync::Arc;
use std::time::Duration;

use mcp_auth::store::{Durability, Revocation};
use redis::aio::MultiplexedConnection;
use redis::{FromRedisValue as _, RedisError, Value, cmd};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::Parcel;
use crate::access::ANSWER;
use crate::engine::{Engine, following};
use crate::failure::Failure;
use crate::keys::PartitionKeys;
use crate::promise::Promise;
use crate::revocations::row;
use crate::script::{Ask, REVOKE};
use crate::topology::Primary;

/// Lines that a log keeps, about: a node that has fallen further behind reads the whole partition.
pub(crate) const LOG_LINES: usize = 65_536;

/// Revocations in one call, during which the engine does nothing else.
const CALL: usize = 256;

/// Revocations in one try.
pub(super) const TRY: usize = 4_096;

/// How long the engine waits for its replicas.
const WAIT: Duration = Duration::from_millis(250);

/// Between two tries for what did not get far enough.
const PAUSE: Duration = Duration::from_millis(100);

/// The courier of one partition.
#[derive(Debug)]
pub(crate) struct Courier {
    pub(crate) engine: Arc<Engine>,
    pub(crate) keys: PartitionKeys,
    pub(crate) promise: Arc<Promise>,
    pub(crate) inbox: UnboundedReceiver<Parcel>,
    /// The id of the data, from who follows them.
    pub(crate) id: watch::Receiver<Option<String>>,
}

/// A connection to the primary. `WAIT` speaks of what was written on its own connection, so this is used for nothing else.
struct Link {
    connection: MultiplexedConnection,
    primary: Primary,
}

/// A parcel, and whether the primary at the other end of the link has taken it.
struct Waiting {
    parcel: Parcel,
    is_written: bool,
}

impl Courier {
    /// Works until nobody can send a parcel any more.
    pub(crate) async fn run(mut self) {
        let (mut link, mut waiting) = (None, Vec::new());
        while self.collect(&mut waiting).await {
            if let Err(failure) = self.deliver(&mut link, &mut waiting).await {
                for one in &mut waiting {
                    one.parcel.report.failed();
                    one.is_written = false;
                }
                link = None;
                if failure.calls_for_search() {
                    self.engine.search_again().await;
                }
            }
        }
    }

    /// Takes what has come; waits for it where nothing else is to be done, and a little where something is to be tried again.
    async fn collect(&mut self, waiting: &mut Vec<Waiting>) -> bool {
        let first = if waiting.is_empty() {
            match self.inbox.recv().await {
                Some(parcel) => Some(parcel),
                None => return false,
            }
        } else {
            tokio::select! {
                parcel = self.inbox.recv() => parcel,
                () = sleep(PAUSE) => None,
            }
        };
        let more = std::iter::from_fn(|| self.inbox.try_recv().ok());
        let parcels = first.into_iter().chain(more);
        waiting.extend(parcels.map(|parcel| Waiting { parcel, is_written: false }));
        true
    }

    async fn deliver(
        &mut self,
        link: &mut Option<Link>,
        waiting: &mut Vec<Waiting>,
    ) -> Result<(), Failure> {
        let id = self.current_id().await?;
        let open = match link.take() {
            Some(open) => open,
            None => self.connect().await?,
        };
        let open = link.insert(open);
        let mut room = TRY;
        let taken = waiting.iter_mut().take_while(|one| {
            let fits = room > 0;
            room = room.saturating_sub(one.parcel.revocations.len());
            fits
        });
        let mut taken: Vec<_> = taken.collect();
        let new = taken.iter().filter(|one| !one.is_written);
        let new: Vec<_> = new.flat_map(|one| &one.parcel.revocations).copied().collect();
        let level = self.write(open, &id, &new).await?;
        for one in &mut taken {
            one.is_written = true;
        }
        if level >= self.promise.wanted() {
            let count = taken.len();
            waiting.drain(..count).for_each(|one| one.parcel.report.done(level));
        } else {
            for one in taken {
                one.parcel.report.reached(level);
            }
        }
        Ok(())
    }

    async fn connect(&self) -> Result<Link, Failure> {
        let (primary, connection) =
            self.engine.own_connection(self.keys.slot, WAIT + ANSWER).await?;
        Ok(Link { connection, primary })
    }

    /// Waits a little where the id is in doubt.
    async fn current_id(&mut self) -> Result<String, Failure> {
        let known = timeout(ANSWER, self.id.wait_for(Option::is_some)).await;
        let id = known.ok().and_then(Result::ok).and_then(|id| id.clone());
        id.ok_or(Failure::Replaced)
    }

    /// Writes, and says how far everything has got that was ever written on this link.
    async fn write(
        &self,
        link: &mut Link,
        id: &str,
        new: &[Revocation],
    ) -> Result<Durability, Failure> {
        let replicas = link.primary.replicas;
        let wanted = self.promise.to_wait_for(replicas);
        let mut ask = Ask::calling(&REVOKE);
        new.chunks(CALL).for_each(|part| self.add_call(&mut ask, id, part));
        let is_awaited = !self.promise.is_asynchronous();
        if is_awaited {
            // Of a connection that has written nothing, `WAIT` would say that all is well.
            ask.add(cmd("INCR").arg(&self.keys.mark).to_owned());
            ask.add(cmd("WAIT").arg(wanted).arg(WAIT.as_millis().to_string()).to_owned());
            ask.add(cmd("ROLE").clone());
        }
        let failed = |source| failure(link, source);
        let mut answers = if ask.is_empty() {
            Vec::new()
        } else {
            ask.send(&mut link.connection.clone()).await.map_err(failed)?
        };
        if !is_awaited {
            return Ok(Durability::Primary);
        }
        // A replica that came after the primaries were looked for can be promoted as well.
        let there = answers.pop().map_or(0, following);
        link.primary.replicas = replicas.max(there);
        let acknowledged = answers.pop().map_or(Ok(0), count)?;
        Ok(self.promise.level(acknowledged, link.primary.replicas))
    }

    fn add_call(&self, ask: &mut Ask, id: &str, revocations: &[Revocation]) {
        let PartitionKeys { id: id_key, log, entries, users, ends, .. } = &self.keys;
        let mut call = REVOKE.call(&[id_key, log, entries, users, ends]);
        call.arg(id).arg(LOG_LINES);
        for one in revocations {
            row::put(&mut call, one);
        }
        ask.add(call);
    }
}

fn failure(link: &Link, source: RedisError) -> Failure {
    match source.code() {
        Some("REPLACED") => Failure::Replaced,
        _ => Failure::answer(&link.primary.address, source),
    }
}

fn count(answer: Value) -> Result<usize, Failure> {
    usize::from_redis_value(answer).map_err(|_| Failure::Corrupt("an answer to WAIT"))
}
