//! What the clones of a store share, and what is set going when it is opened.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::try_join_all;
use mcp_auth::clock::Clock;
use mcp_auth::store::{MemoryRevocations, Order, StoreError};
use redis::cmd;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::on_their_way::OnTheirWay;
use crate::RedisOptions;
use crate::engine::Engine;
use crate::failure::Failure;
use crate::follower::Follower;
use crate::foreign;
use crate::keys::{Group, PartitionKeys};
use crate::lease::Lease;
use crate::outbox::journal::Journal;
use crate::outbox::{Blacklist, Courier, Listing, Outbox, Parcel, Progress};
use crate::promise::Promise;
use crate::script::{Ask, PURGE};
use crate::status::{self, Finding, Status};
use crate::topology::Topology;
use crate::worker::Worker;

/// Between two looks at how the engine is set up.
const LOOK: Duration = Duration::from_secs(10);

/// Entries that are forgotten in one step, during which the engine does nothing else.
const PURGE_AT_ONCE: usize = 500;

/// How long closing waits for what is on its way.
const LAST: Duration = Duration::from_secs(2);

/// Everything of an open store.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) engine: Arc<Engine>,
    pub(crate) set: Arc<MemoryRevocations>,
    pub(crate) lease: Arc<Lease>,
    pub(crate) promise: Arc<Promise>,
    pub(crate) outbox: Outbox,
    pub(crate) keys: Vec<PartitionKeys>,
    /// The id of each partition's data.
    pub(crate) ids: Vec<watch::Receiver<Option<String>>>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) journal: Option<Journal>,
    pub(super) journal_directory: Option<PathBuf>,
    /// Files of the journal that could not be read, or not whole, without those that are held.
    pub(super) damaged_outboxes: Arc<AtomicUsize>,
    /// Such files whose orders, as far as they could be read, are on their way.
    pub(super) held_damaged: Arc<AtomicUsize>,
    pub(crate) on_their_way: OnTheirWay,
    /// What the names of all keys begin with.
    pub(crate) namespace: String,
    pub(crate) worker: Worker,
}

impl Parts {
    /// Sets everything going.
    pub(super) fn start(options: &RedisOptions) -> Result<Self, StoreError> {
        let url = options.url.clone();
        let (keys, namespace) =
            (PartitionKeys::all(&url.namespace, url.is_cluster()), url.namespace.clone());
        let promise = Arc::new(Promise::new(url.asynchronous));
        let engine = Arc::new(Engine::new(Topology::new(url)?));
        let journal = options.journal.as_deref().map(Journal::begin).transpose()?;
        let (senders, inboxes): (Vec<_>, Vec<_>) = keys.iter().map(|_| unbounded_channel()).unzip();
        let (listings, listed) = unbounded_channel();
        let mut parts = Self {
            engine,
            set: Arc::new(MemoryRevocations::new()),
            lease: Arc::new(Lease::new(keys.len(), options.bound)),
            promise,
            outbox: Outbox::new(senders, listings),
            keys,
            ids: Vec::new(),
            clock: Arc::clone(&options.clock),
            journal,
            journal_directory: options.journal.clone(),
            damaged_outboxes: Arc::default(),
            held_damaged: Arc::default(),
            on_their_way: OnTheirWay::default(),
            namespace,
            worker: Worker::start()?,
        };
        parts.worker.spawn(parts.blacklist(listed).run());
        for (partition, inbox) in inboxes.into_iter().enumerate() {
            parts.begin_partition(partition, inbox);
        }
        Ok(parts)
    }

    fn blacklist(&self, inbox: UnboundedReceiver<Listing>) -> Blacklist {
        Blacklist {
            engine: Arc::clone(&self.engine),
            promise: Arc::clone(&self.promise),
            inbox,
            ours: Group::new(&self.namespace, foreign::GROUP),
        }
    }

    /// Lets somebody write to a partition, and somebody follow it.
    fn begin_partition(&mut self, partition: usize, inbox: UnboundedReceiver<Parcel>) {
        let Some(keys) = self.keys.get(partition).cloned() else { return };
        let (id, known) = watch::channel(None);
        let courier = Courier {
            engine: Arc::clone(&self.engine),
            keys: keys.clone(),
            promise: Arc::clone(&self.promise),
            inbox,
            id: known.clone(),
        };
        let follower = Follower {
            engine: Arc::clone(&self.engine),
            partition,
            keys,
            set: Arc::clone(&self.set),
            lease: Arc::clone(&self.lease),
            clock: Arc::clone(&self.clock),
            outbox: self.outbox.clone(),
            id,
            place: None,
            lost: None,
        };
        self.worker.spawn(courier.run());
        self.worker.spawn(async move { match follower.run().await {} });
        self.ids.push(known);
    }

    /// The first look, whose failures tell an operator more than a lease that does not come.
    pub(super) fn connect(self: &Arc<Self>) -> Result<(), StoreError> {
        let parts = Arc::clone(self);
        self.worker.run_and_wait(async move {
            status::look(&parts.engine, &parts.promise).await.map(drop)
        })?;
        // Before anybody is admitted: an earlier process of this machine may have said that this was revoked.
        self.adopt();
        let parts = Arc::downgrade(self);
        self.worker.spawn(async move {
            loop {
                let Some(parts) = parts.upgrade() else { return };
                parts.look_after().await;
                drop(parts);
                sleep(LOOK).await;
            }
        });
        Ok(())
    }

    async fn look_after(self: &Arc<Self>) {
        // Replicas come and go without anything failing.
        self.engine.search_again().await;
        // An engine that cannot be asked now keeps the promises that were found last.
        let _: Result<_, Failure> = status::look(&self.engine, &self.promise).await;
        self.adopt_later().await;
        // What cannot be forgotten now is forgotten later.
        let _: Result<(), Failure> = self.forget_notes(self.clock.now()).await;
        for keys in &self.keys {
            // What has ended and is not forgotten now is forgotten later.
            let _: Result<(), Failure> = self.forget_ended(keys).await;
        }
    }

    /// Forgets what has ended, by the engine's clock: one that is wrong here must not end what others still need.
    async fn forget_ended(&self, keys: &PartitionKeys) -> Result<(), Failure> {
        let PartitionKeys { entries, users, ends, forgotten, .. } = keys;
        loop {
            let mut call = PURGE.call(&[entries, users, ends, forgotten]);
            call.arg(PURGE_AT_ONCE);
            let mut ask = Ask::calling(&PURGE);
            ask.add(call);
            if self.engine.ask_for::<usize>(keys.slot, &ask).await? < PURGE_AT_ONCE {
                return Ok(());
            }
        }
    }

    /// Sends an order on its way and keeps an eye on it.
    pub(crate) fn send(
        self: &Arc<Self>,
        order: &Order<'_>,
        is_journaled: bool,
        then: impl FnOnce() + Send + 'static,
    ) -> Arc<Progress> {
        self.set.take_in(
            order.revocations.iter().copied(),
            mcp_auth::clock::Timestamp::default(),
            self.clock.now(),
        );
        let progress = self.outbox.send(order);
        let is_safe = is_journaled || self.journal.is_none();
        let number = self.on_their_way.add(order, Arc::clone(&progress), is_safe);
        let (parts, watched) = (Arc::downgrade(self), Arc::clone(&progress));
        self.worker.spawn(async move {
            watched.done().await;
            if let Some(parts) = parts.upgrade() {
                parts.on_their_way.remove(number);
            }
            then();
        });
        progress
    }

    /// Waits a while for everything that is on its way.
    pub(super) async fn settle(self: Arc<Self>) -> Result<(), Failure> {
        let open = self.on_their_way.all();
        let all = async {
            for progress in open {
                progress.done().await;
            }
        };
        // What has not arrived by then is in the journal.
        let _: Result<(), _> = timeout(LAST, all).await;
        Ok(())
    }

    /// Each partition takes what a revocation begins with.
    pub(super) async fn probe(self: Arc<Self>) -> Result<(), Failure> {
        try_join_all(self.keys.iter().map(|keys| self.probe_partition(keys))).await.map(drop)
    }

    async fn probe_partition(&self, keys: &PartitionKeys) -> Result<(), Failure> {
        let touch = cmd("INCR").arg(&keys.mark).to_owned();
        self.engine.ask(keys.slot, &Ask::from(touch)).await?;
        // A line before all others: whoever may write lines hears that this one comes too late.
        let late =
            cmd("XADD").arg(&keys.log).arg("NOMKSTREAM").arg("0-1").arg("late").arg("").to_owned();
        match self.engine.ask(keys.slot, &Ask::from(late)).await {
            Err(failure) if !failure.is_too_late_a_line() => Err(failure),
            _ => Ok(()),
        }
    }

    pub(super) async fn examine(self: Arc<Self>) -> Result<Vec<Finding>, Failure> {
        let mut found = status::look(&self.engine, &self.promise).await?;
        found.extend(Finding::of_damaged_outboxes(self.status().damaged_outboxes));
        Ok(found)
    }

    pub(super) fn status(&self) -> Status {
        Status {
            is_fresh: self.lease.is_fresh(),
            age: self.lease.age(),
            bound: self.lease.bound(),
            revocations: self.set.len(),
            on_their_way: self.on_their_way.len(),
            damaged_outboxes: self.damaged_outboxes.load(Ordering::Relaxed)
                + self.held_damaged.load(Ordering::Relaxed),
            durability: self.promise.wanted(),
            is_bounded: !self.promise.is_asynchronous(),
        }
    }
}
