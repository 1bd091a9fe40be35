//! Follows the log of one partition: takes what is new into the local set, and extends the lease.

mod round;
mod snapshot;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use mcp_auth::clock::Clock;
use mcp_auth::store::{MemoryRevocations, Revocation};
use redis::aio::MultiplexedConnection;
use tokio::sync::watch;
use tokio::time::sleep;

pub(crate) use self::round::Place;
use self::round::{BLOCK, Round};
pub(crate) use self::snapshot::id_of;
use crate::access::ANSWER;
use crate::address::Address;
use crate::engine::Engine;
use crate::failure::Failure;
use crate::keys::PartitionKeys;
use crate::lease::Lease;
use crate::moment::Moment;
use crate::outbox::Outbox;

/// Between two tries to reach the engine.
const PAUSE: Duration = Duration::from_millis(50);

/// What the follower of one partition works with.
#[derive(Debug)]
pub(crate) struct Follower {
    pub(crate) engine: Arc<Engine>,
    pub(crate) partition: usize,
    pub(crate) keys: PartitionKeys,
    pub(crate) set: Arc<MemoryRevocations>,
    pub(crate) lease: Arc<Lease>,
    pub(crate) clock: Arc<dyn Clock>,
    /// Where what the engine has lost is given back to it.
    pub(crate) outbox: Outbox,
    /// The id of the data, for those who write; `None` until it is known, and while it is in doubt.
    pub(crate) id: watch::Sender<Option<String>>,
    /// How far the log was read, and of which data; `None` where the whole partition is to be read.
    pub(crate) place: Option<Place>,
    /// The last place that no longer held.
    pub(crate) lost: Option<Place>,
}

/// A connection to the partition's primary.
struct Link {
    connection: MultiplexedConnection,
    address: Address,
}

impl Follower {
    /// Follows until it is dropped.
    pub(crate) async fn run(mut self) -> Infallible {
        loop {
            let failure = match self.follow().await {
                Ok(never) => match never {},
                Err(failure) => failure,
            };
            self.lease.report(&failure);
            if failure.calls_for_search() {
                self.engine.search_again().await;
            }
            sleep(PAUSE).await;
        }
    }

    async fn follow(&mut self) -> Result<Infallible, Failure> {
        let (primary, connection) =
            self.engine.own_connection(self.keys.slot, BLOCK + ANSWER).await?;
        let mut link = Link { connection, address: primary.address };
        loop {
            match self.place.take() {
                Some(place) => self.read_on(place, &mut link).await?,
                None => self.read_whole(&mut link).await?,
            }
        }
    }

    /// One round. A place that no longer holds is given up, and the whole partition is read next.
    async fn read_on(&mut self, place: Place, link: &mut Link) -> Result<(), Failure> {
        let began = Moment::now();
        let read = round::read(&self.keys, &place, &mut link.connection).await;
        // A round that gave no answer says nothing against the place.
        let read = read.map_err(|source| Failure::answer(&link.address, source));
        let round = match read.and_then(|answers| Round::of(answers, &place, &link.address)) {
            Ok(Some(round)) => round,
            Ok(None) => {
                self.id.send_replace(None);
                self.lost = Some(place);
                // Reading everything takes longer than a request may hold its thread.
                self.lease.report(&Failure::Replaced);
                return Ok(());
            }
            Err(failure) => {
                self.place = Some(place);
                return Err(failure);
            }
        };
        self.take_in(round.news);
        if round.is_complete && began >= place.settled_at {
            self.lease.extend(self.partition, began);
        }
        self.place = Some(Place { cursor: round.cursor, ..place });
        Ok(())
    }

    fn take_in(&self, news: Vec<Revocation>) {
        if !news.is_empty() {
            self.set.take_in(news, mcp_auth::clock::Timestamp::default(), self.clock.now());
        }
    }
}
