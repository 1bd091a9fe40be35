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
use super::backlog::Backlog;
use crate::access::ANSWER;
use crate::engine::{Engine, REPLICATION};
use crate::failure::Failure;
use crate::keys::PartitionKeys;
use crate::promise::Promise;
use crate::revocations::row;
use crate::role::{followers, offset};
use crate::script::{Ask, REVOKE};
use crate::topology::{Primary, Replicas};

/// Lines that a log keeps, about: a node that has fallen further behind reads the whole partition.
pub(crate) const LOG_LINES: usize = 65_536;

/// Revocations in one call, during which the engine does nothing else.
const CALL: usize = 256;

/// Revocations in one try.
pub(super) const TRY: usize = 4_096;

/// After so many tries that did not get far enough, a replica that only this courier has seen may be gone for good.
const FORGET: u32 = 100;

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
    /// Tries since everything got as far as it should.
    short: u32,
}

impl Courier {
    /// Works until nobody can send a parcel any more.
    pub(crate) async fn run(mut self) {
        let (mut link, mut backlog) = (None, Backlog::default());
        while self.collect(&mut backlog).await {
            if let Err(failure) = self.deliver(&mut link, &mut backlog).await {
                backlog.failed();
                link = None;
                if failure.calls_for_search() {
                    self.engine.search_again().await;
                }
            }
        }
    }

    /// Takes what has come; waits for it where nothing else is to be done, and a little where something is to be tried again.
    async fn collect(&mut self, backlog: &mut Backlog) -> bool {
        let first = if backlog.is_empty() {
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
        backlog.add(first.into_iter().chain(more));
        true
    }

    async fn deliver(
        &mut self,
        link: &mut Option<Link>,
        backlog: &mut Backlog,
    ) -> Result<(), Failure> {
        let id = self.current_id().await?;
        let open = match link.take() {
            Some(open) => open,
            None => self.connect().await?,
        };
        let open = link.insert(open);
        let (count, new) = backlog.next(&id, TRY);
        let level = self.write(open, &id, &new).await?;
        let is_enough = level >= self.promise.wanted();
        open.short = if is_enough { 0 } else { open.short + 1 };
        backlog.reached(count, level, is_enough);
        Ok(())
    }

    async fn connect(&self) -> Result<Link, Failure> {
        let (primary, connection) =
            self.engine.own_connection(self.keys.slot, REPLICATION + ANSWER).await?;
        Ok(Link { connection, primary, short: 0 })
    }

    /// Waits a little where the id is in doubt.
    async fn current_id(&mut self) -> Result<String, Failure> {
        let known = timeout(ANSWER, self.id.wait_for(Option::is_some)).await;
        let id = known.ok().and_then(Result::ok).and_then(|id| id.clone());
        id.ok_or(Failure::Replaced)
    }

    /// Writes, and says how far everything has got that was ever written to these data on this link.
    async fn write(
        &self,
        link: &mut Link,
        id: &str,
        new: &[Revocation],
    ) -> Result<Durability, Failure> {
        self.look_at_the_set(link).await?;
        let mut ask = Ask::calling(&REVOKE);
        // With nothing new it still says whether the data are the same.
        self.add_call(&mut ask, id, new.get(..CALL).unwrap_or(new));
        new.chunks(CALL).skip(1).for_each(|part| self.add_call(&mut ask, id, part));
        let is_awaited = !self.promise.is_asynchronous();
        if is_awaited {
            self.add_wait(&mut ask, &link.primary.replicas);
        }
        let sent = ask.send(&mut link.connection.clone()).await;
        let answers = sent.map_err(|source| failure(link, source))?;
        if is_awaited { self.judge(link, id, answers) } else { Ok(Durability::Primary) }
    }

    /// Others may know by now of replicas that this link has not seen, or of another primary. What nobody knows any more is
    /// forgotten when everything has waited for it in vain for a while.
    async fn look_at_the_set(&self, link: &mut Link) -> Result<(), Failure> {
        let known = self.engine.primary(self.keys.slot).await?;
        if known.address != link.primary.address {
            return Err(Failure::Demoted(link.primary.address.clone()));
        }
        if link.short % FORGET == FORGET - 1 {
            link.primary.replicas = known.replicas;
        } else {
            link.primary.replicas = link.primary.replicas.or(&known.replicas);
        }
        Ok(())
    }

    /// `WAIT` only waits. Who has it is told by the roles before and behind it: where the writes had come to, and how far
    /// each replica says that it is.
    fn add_wait(&self, ask: &mut Ask, replicas: &Replicas) {
        let wanted = self.promise.to_wait_for(replicas);
        // Of a connection that has written nothing, `WAIT` would say that all is well.
        ask.add(cmd("INCR").arg(&self.keys.mark).to_owned());
        ask.add(cmd("ROLE").clone());
        ask.add(cmd("WAIT").arg(wanted).arg(REPLICATION.as_millis().to_string()).to_owned());
        ask.add(cmd("ROLE").clone());
        ask.add(cmd("GET").arg(&self.keys.id).to_owned());
    }

    fn judge(
        &self,
        link: &mut Link,
        id: &str,
        mut answers: Vec<Value>,
    ) -> Result<Durability, Failure> {
        let held = answers.pop().map(Option::<String>::from_redis_value);
        // The data may have been emptied while the replicas were waited for, and theirs with them.
        if !matches!(held, Some(Ok(Some(held))) if held == id) {
            return Err(Failure::Replaced);
        }
        let followers = answers.pop().map(followers).unwrap_or_default();
        let written_to = answers.iter().rev().nth(1).and_then(offset);
        let written_to =
            written_to.ok_or_else(|| Failure::Demoted(link.primary.address.clone()))?;
        let following: Vec<_> = followers.iter().map(|it| it.address.clone()).collect();
        let confirmed = followers.into_iter().filter(|follower| follower.offset >= written_to);
        let confirmed: Vec<_> = confirmed.map(|follower| follower.address).collect();
        // A replica that came after the primaries were looked for can be promoted as well.
        link.primary.replicas = link.primary.replicas.and(&following);
        Ok(self.promise.level(&confirmed, &following, &link.primary.replicas))
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
    let failure = Failure::answer(&link.primary.address, source);
    if failure.code().as_deref() == Some("REPLACED") { Failure::Replaced } else { failure }
}
