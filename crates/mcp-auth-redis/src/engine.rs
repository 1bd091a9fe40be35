//! The engine as one thing that is asked: finds the primary of a slot, keeps a connection to each, and follows when another
//! node takes over.
//!
//! redis-rs brings a client for clusters and one for sentinels. Neither is used: a write and the `WAIT` for its replicas must
//! share a connection, a lease must be read from a node that says itself that it is the primary, and no connection may take
//! for ever to come about.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{ErrorKind, FromRedisValue, RedisError, ServerErrorKind, Value, cmd};
use tokio::time::{Instant, sleep};

use crate::access::ANSWER;
use crate::address::Address;
use crate::failure::Failure;
use crate::script::Ask;
use crate::slot::Slot;
use crate::topology::{Layout, Primary, Topology};

/// How long one question may go from node to node.
const PATIENCE: Duration = Duration::from_secs(1);

/// Between two tries while the nodes find out who takes over.
const PAUSE: Duration = Duration::from_millis(25);

/// The engine.
#[derive(Debug)]
pub(crate) struct Engine {
    topology: Topology,
    known: Mutex<Known>,
    /// Held by whoever looks for the primaries, so that all others wait for what is found.
    search: tokio::sync::Mutex<()>,
    connections: Mutex<HashMap<(Address, Lane), MultiplexedConnection>>,
}

/// What a shared connection is for: whoever waits for replicas keeps everybody behind them waiting too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Lane {
    Quick,
    Durable,
}

/// How long the engine waits for its replicas.
const REPLICATION: Duration = Duration::from_millis(250);

#[derive(Debug, Clone, Default)]
struct Known {
    layout: Arc<Layout>,
    /// Counts the searches; 0 before the first.
    searches: u64,
}

impl Engine {
    pub(crate) fn new(topology: Topology) -> Self {
        Self {
            topology,
            known: Mutex::default(),
            search: tokio::sync::Mutex::default(),
            connections: Mutex::default(),
        }
    }

    pub(crate) fn topology(&self) -> &Topology {
        &self.topology
    }

    /// Asks the primary of this slot. Asked again, there or elsewhere, only where it certainly did nothing.
    pub(crate) async fn ask(&self, slot: Slot, ask: &Ask) -> Result<Vec<Value>, Failure> {
        let give_up = Instant::now() + PATIENCE;
        loop {
            let failure = match self.try_to_ask(slot, ask, Lane::Quick).await {
                Ok((_, answers)) => return Ok(answers),
                Err(failure) => failure,
            };
            if !failure.did_nothing() || Instant::now() >= give_up {
                return Err(failure);
            }
            sleep(PAUSE).await;
        }
    }

    /// The same for one command, whose answer is of a known type.
    pub(crate) async fn ask_for<T: FromRedisValue>(
        &self,
        slot: Slot,
        ask: &Ask,
    ) -> Result<T, Failure> {
        the_answer(self.ask(slot, ask).await?)
    }

    /// The same for a change that must not be lost when another node takes over: answered when a majority of the slot's nodes
    /// have it. One that fails may have happened all the same.
    pub(crate) async fn ask_durably(&self, slot: Slot, ask: &Ask) -> Result<Vec<Value>, Failure> {
        let replicas = self.primary(slot).await?.replicas;
        if replicas == 0 || self.topology.url().asynchronous {
            return self.ask(slot, ask).await;
        }
        let wanted = replicas.div_ceil(2);
        let mut ask = ask.clone();
        ask.add(cmd("WAIT").arg(wanted).arg(REPLICATION.as_millis().to_string()).to_owned());
        let give_up = Instant::now() + PATIENCE;
        loop {
            match self.try_to_ask(slot, &ask, Lane::Durable).await {
                Ok((address, mut answers)) => {
                    let acknowledged = answers.pop().map_or(Ok(0), usize::from_redis_value);
                    let enough = acknowledged.is_ok_and(|acknowledged| acknowledged >= wanted);
                    return if enough { Ok(answers) } else { Err(Failure::Unreplicated(address)) };
                }
                Err(failure) if !failure.did_nothing() || Instant::now() >= give_up => {
                    return Err(failure);
                }
                Err(_) => sleep(PAUSE).await,
            }
        }
    }

    /// The same for one command, whose answer is of a known type.
    pub(crate) async fn ask_durably_for<T: FromRedisValue>(
        &self,
        slot: Slot,
        ask: &Ask,
    ) -> Result<T, Failure> {
        the_answer(self.ask_durably(slot, ask).await?)
    }

    /// The primary of a slot, as far as known.
    pub(crate) async fn primary(&self, slot: Slot) -> Result<Primary, Failure> {
        let known = self.known();
        let layout = if known.searches == 0 { self.find(0).await? } else { known.layout };
        layout.primary_of(slot).cloned()
    }

    /// All primaries, as far as known.
    pub(crate) async fn primaries(&self) -> Result<Vec<Primary>, Failure> {
        let known = self.known();
        let layout = if known.searches == 0 { self.find(0).await? } else { known.layout };
        Ok(layout.primaries.clone())
    }

    /// A connection that nobody else uses, to the node that has this slot and says that it is the primary.
    pub(crate) async fn own_connection(
        &self,
        slot: Slot,
        patience: Duration,
    ) -> Result<(Primary, MultiplexedConnection), Failure> {
        let seen = self.known().searches;
        let connected = self.try_to_connect(slot, patience).await;
        if let Err(failure) = &connected
            && failure.calls_for_search()
        {
            // Whoever comes next goes to whom this finds.
            let _: Result<_, Failure> = self.find(seen).await;
        }
        connected
    }

    /// Looks for the primaries again, unless somebody has since the caller looked.
    pub(crate) async fn search_again(&self) {
        let seen = self.known().searches;
        let _: Result<_, Failure> = self.find(seen).await;
    }

    async fn try_to_connect(
        &self,
        slot: Slot,
        patience: Duration,
    ) -> Result<(Primary, MultiplexedConnection), Failure> {
        let primary = self.primary(slot).await?;
        let address = &primary.address;
        let mut connection = self.topology.access().connect(address, patience).await?;
        let role = cmd("ROLE").clone().query_async(&mut connection).await;
        is_primary(&role.map_err(|source| Failure::answer(address, source))?)
            .then_some(())
            .ok_or_else(|| Failure::Demoted(address.clone()))?;
        Ok((primary, connection))
    }

    async fn try_to_ask(
        &self,
        slot: Slot,
        ask: &Ask,
        lane: Lane,
    ) -> Result<(Address, Vec<Value>), Failure> {
        let seen = self.known().searches;
        let address = self.primary(slot).await?.address;
        let failure = match self.ask_node(&address, ask, lane).await {
            Ok(answers) => return Ok((address, answers)),
            Err(Failure::Answer { source, .. }) if source.kind() == ASK => {
                return self.ask_elsewhere(&source, ask).await;
            }
            Err(failure) => failure,
        };
        if failure.spoils_connection() {
            self.connections().remove(&(address, lane));
        }
        if failure.calls_for_search() {
            // Whether it was executed is told by the question's failure, not by that of the search.
            let _: Result<_, Failure> = self.find(seen).await;
        }
        Err(failure)
    }

    async fn ask_node(
        &self,
        address: &Address,
        ask: &Ask,
        lane: Lane,
    ) -> Result<Vec<Value>, Failure> {
        let mut connection = self.connection(address, lane).await?;
        ask.send(&mut connection).await.map_err(|source| Failure::answer(address, source))
    }

    /// A slot that is on its way to another node (`ASK`).
    async fn ask_elsewhere(
        &self,
        told: &RedisError,
        ask: &Ask,
    ) -> Result<(Address, Vec<Value>), Failure> {
        let nowhere = || Failure::NoPrimary("a slot is on its way to nowhere".to_owned());
        let (address, _) = told.redirect_node().ok_or_else(nowhere)?;
        let address = Address::parse(address, 0).ok_or_else(nowhere)?;
        let mut connection = self.topology.access().connect(&address, ANSWER).await?;
        let failed = |source| Failure::answer(&address, source);
        let _: Value = cmd("ASKING").query_async(&mut connection).await.map_err(failed)?;
        let answers = ask.send(&mut connection).await.map_err(failed)?;
        Ok((address, answers))
    }

    async fn connection(
        &self,
        address: &Address,
        lane: Lane,
    ) -> Result<MultiplexedConnection, Failure> {
        let key = (address.clone(), lane);
        let open = self.connections().get(&key).cloned();
        if let Some(open) = open {
            return Ok(open);
        }
        let patience = match lane {
            Lane::Quick => ANSWER,
            // Several may wait behind each other.
            Lane::Durable => 2 * REPLICATION + ANSWER,
        };
        let opened = self.topology.access().connect(address, patience).await?;
        self.connections().insert(key, opened.clone());
        Ok(opened)
    }

    /// Looks, unless somebody has since the caller had seen this many searches.
    async fn find(&self, seen: u64) -> Result<Arc<Layout>, Failure> {
        let _alone = self.search.lock().await;
        let known = self.known();
        if known.searches > seen {
            return Ok(known.layout);
        }
        let layout = Arc::new(self.topology.find(&known.layout).await?);
        let searches = known.searches + 1;
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) =
            Known { layout: Arc::clone(&layout), searches };
        Ok(layout)
    }

    fn known(&self) -> Known {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn connections(&self) -> MutexGuard<'_, HashMap<(Address, Lane), MultiplexedConnection>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn the_answer<T: FromRedisValue>(mut answers: Vec<Value>) -> Result<T, Failure> {
    let answer = answers.pop().ok_or(Failure::Corrupt("an answer"))?;
    T::from_redis_value(answer).map_err(|_| Failure::Corrupt("an answer"))
}

const ASK: ErrorKind = ErrorKind::Server(ServerErrorKind::Ask);

/// Whether an answer to `ROLE` is that of a primary.
pub(crate) fn is_primary(role: &Value) -> bool {
    let Value::Array(parts) = role else { return false };
    parts.first().is_some_and(|name| {
        matches!(name, Value::BulkString(name) if name == b"master")
            || matches!(name, Value::SimpleString(name) if name == "master")
    })
}

/// How many replicas follow a primary, in its answer to `ROLE`.
pub(crate) fn following(role: Value) -> usize {
    let Value::Array(mut parts) = role else { return 0 };
    parts.pop().map_or(0, |last| Vec::<Value>::from_redis_value(last).map_or(0, |all| all.len()))
}
