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
use redis::{FromRedisValue, Value, cmd};
use tokio::time::{Instant, sleep, timeout};

use crate::access::ANSWER;
use crate::address::Address;
use crate::failure::Failure;
use crate::keys::Group;
use crate::role::{following, is_primary};
use crate::script::Ask;
use crate::slot::Slot;
use crate::topology::{Layout, Primary, Topology};

/// How long one question may go from node to node.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long it may take in all, the last try and a search for the primaries included.
const LONGEST: Duration = Duration::from_secs(2);

/// A counter of a group, written to see whether replicas follow.
const MARK: &str = "mark";

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
pub(crate) const REPLICATION: Duration = Duration::from_millis(250);

#[derive(Debug, Clone, Default)]
struct Known {
    /// What was found last; `None` before anything was.
    layout: Option<Arc<Layout>>,
    /// Counts the searches, those included that found nothing.
    searches: u64,
    /// Why the last one found nothing.
    failed: Option<String>,
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

    /// Asks the primary of this slot. Asked again, there or elsewhere, only where it certainly did nothing. Nobody follows a
    /// slot that is on its way to another node (`ASK`): some of its keys are there already and some are not yet, and what is
    /// asked here is mostly about several.
    pub(crate) async fn ask(&self, slot: Slot, ask: &Ask) -> Result<Vec<Value>, Failure> {
        let (_, answers) = patiently(|| self.try_to_ask(slot, ask, Lane::Quick)).await?;
        Ok(answers)
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
        if self.topology.url().asynchronous {
            return self.ask(slot, ask).await;
        }
        patiently(|| self.try_to_ask_durably(slot, ask)).await
    }

    /// The same for one command about keys of a group, whose answer is of a known type. Where the majority is away already, it
    /// does not happen: a refresh token that was exchanged without an answer is taken for stolen when it comes again late.
    pub(crate) async fn ask_durably_for<T: FromRedisValue>(
        &self,
        keys: &Group,
        ask: &Ask,
    ) -> Result<T, Failure> {
        let is_awaited = !self.topology.url().asynchronous;
        let has_replicas = |primary: Primary| primary.replicas.majority() > 0;
        if is_awaited && self.primary(keys.slot).await.is_ok_and(has_replicas) {
            let touch = cmd("INCR").arg(keys.key(MARK)).to_owned();
            self.ask_durably(keys.slot, &touch.into()).await?;
        }
        the_answer(self.ask_durably(keys.slot, ask).await?)
    }

    /// The primary of a slot, as far as known.
    pub(crate) async fn primary(&self, slot: Slot) -> Result<Primary, Failure> {
        self.layout().await?.primary_of(slot).cloned()
    }

    /// All primaries, as far as known.
    pub(crate) async fn primaries(&self) -> Result<Vec<Primary>, Failure> {
        Ok(self.layout().await?.primaries.clone())
    }

    async fn layout(&self) -> Result<Arc<Layout>, Failure> {
        let Known { layout, searches, .. } = self.known();
        match layout {
            Some(layout) => Ok(layout),
            None => self.find(searches).await,
        }
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

    /// Asks the primary of a slot once. Where that calls for it, whoever comes next asks whom a search finds.
    async fn try_to_ask(
        &self,
        slot: Slot,
        ask: &Ask,
        lane: Lane,
    ) -> Result<(Primary, Vec<Value>), Failure> {
        let seen = self.known().searches;
        let asked = self.ask_primary(slot, ask, lane).await;
        if let Err(failure) = &asked
            && failure.calls_for_search()
        {
            // Whether it was executed is told by the question's failure, not by that of the search.
            let _: Result<_, Failure> = self.find(seen).await;
        }
        asked
    }

    async fn ask_primary(
        &self,
        slot: Slot,
        ask: &Ask,
        lane: Lane,
    ) -> Result<(Primary, Vec<Value>), Failure> {
        let primary = self.primary(slot).await?;
        let failure = match self.ask_node(&primary.address, ask, lane).await {
            Ok(answers) => return Ok((primary, answers)),
            Err(failure) => failure,
        };
        if failure.spoils_connection() {
            self.connections().remove(&(primary.address, lane));
        }
        Err(failure)
    }

    /// Asks once, and waits for a majority. How many that are says the primary itself: one may have joined since the
    /// primaries were looked for.
    async fn try_to_ask_durably(&self, slot: Slot, ask: &Ask) -> Result<Vec<Value>, Failure> {
        let expected = self.primary(slot).await?.replicas.majority();
        let mut ask = ask.clone();
        ask.add(cmd("WAIT").arg(expected).arg(REPLICATION.as_millis().to_string()).to_owned());
        ask.add(cmd("ROLE").clone());
        let (primary, mut answers) = self.try_to_ask(slot, &ask, Lane::Durable).await?;
        let following = answers.pop().map(following).unwrap_or_default();
        let acknowledged = answers.pop().map_or(Ok(0), usize::from_redis_value);
        let wanted = self.topology.heirs(&primary, &following).majority();
        if acknowledged.is_ok_and(|acknowledged| acknowledged >= wanted) {
            return Ok(answers);
        }
        // The next change then waits for as many as there are.
        self.search_again().await;
        Err(Failure::Unreplicated(primary.address))
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

    /// Looks, unless somebody has since the caller had seen this many searches: then that one's outcome is the caller's too.
    async fn find(&self, seen: u64) -> Result<Arc<Layout>, Failure> {
        let _alone = self.search.lock().await;
        let known = self.known();
        if known.searches > seen {
            return match (known.failed, known.layout) {
                (None, Some(layout)) => Ok(layout),
                (failed, _) => Err(Failure::NoPrimary(failed.unwrap_or_default())),
            };
        }
        let before = known.layout.unwrap_or_default();
        let found = self.topology.find(&before).await.map(Arc::new);
        self.take_note(found.as_ref());
        found
    }

    /// A search that found nothing leaves what was known before.
    fn take_note(&self, found: Result<&Arc<Layout>, &Failure>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.searches += 1;
        known.failed = found.err().map(Failure::to_string);
        if let Ok(layout) = found {
            known.layout = Some(Arc::clone(layout));
        }
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

/// Tries for a while, where a try that failed did nothing.
async fn patiently<T, F>(attempt: impl Fn() -> F) -> Result<T, Failure>
where
    F: Future<Output = Result<T, Failure>>,
{
    let give_up = Instant::now() + PATIENCE;
    let trying = async {
        loop {
            match attempt().await {
                Err(failure) if failure.did_nothing() && Instant::now() < give_up => {
                    sleep(PAUSE).await;
                }
                tried => return tried,
            }
        }
    };
    timeout(LONGEST, trying).await.unwrap_or(Err(Failure::Lengthy(LONGEST)))
}
