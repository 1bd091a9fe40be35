//! What is on its way to the engine: each partition has a courier that goes on until what was asked for is reached.

mod backlog;
mod blacklist;
mod courier;
pub(crate) mod journal;
mod progress;

use std::sync::Arc;

use mcp_auth::clock::NumericDate;
use mcp_auth::store::{Order, Revocation, TokenDigest};
use tokio::sync::mpsc::UnboundedSender;

pub(crate) use self::blacklist::Blacklist;
pub(crate) use self::courier::{Courier, LOG_LINES};
pub(crate) use self::progress::{Progress, Reached};
use crate::follower::id_of;
use crate::keys::partition_of;

/// The ways to the couriers. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Outbox {
    couriers: Arc<[UnboundedSender<Parcel>]>,
    blacklist: UnboundedSender<Listing>,
}

/// Revocations of one partition, of one order.
#[derive(Debug)]
pub(crate) struct Parcel {
    pub(crate) revocations: Vec<Revocation>,
    pub(crate) report: Report,
}

/// Tokens that Python services are to see on the blacklist, each until it expires.
#[derive(Debug)]
pub(crate) struct Listing {
    pub(crate) tokens: Vec<(TokenDigest, NumericDate)>,
    pub(crate) report: Report,
}

/// Tells how far one part of an order has got.
#[derive(Debug, Clone)]
pub(crate) struct Report {
    progress: Arc<Progress>,
    part: usize,
}

impl Outbox {
    pub(crate) fn new(
        couriers: impl IntoIterator<Item = UnboundedSender<Parcel>>,
        blacklist: UnboundedSender<Listing>,
    ) -> Self {
        Self { couriers: couriers.into_iter().collect(), blacklist }
    }

    /// How many partitions there are.
    pub(crate) fn partitions(&self) -> usize {
        self.couriers.len()
    }

    /// Sends an order on its way.
    pub(crate) fn send(&self, order: &Order<'_>) -> Arc<Progress> {
        let mut parts: Vec<Vec<Revocation>> = vec![Vec::new(); self.partitions()];
        for one in order.revocations {
            if let Some(part) = parts.get_mut(partition_of(id_of(one), self.partitions())) {
                part.push(*one);
            }
        }
        let listed = usize::from(!order.tokens.is_empty());
        let sent = parts.iter().filter(|part| !part.is_empty()).count() + listed;
        let progress = Arc::new(Progress::new(sent));
        let reports = (0..sent).map(|part| Report { progress: Arc::clone(&progress), part });
        let mut reports = reports.into_iter();
        let parcels =
            parts.into_iter().zip(self.couriers.iter()).filter(|(part, _)| !part.is_empty());
        for ((revocations, courier), report) in parcels.zip(&mut reports) {
            // A courier is gone only when the store was closed; the order then counts as not delivered.
            let _: Result<(), _> = courier.send(Parcel { revocations, report });
        }
        if let Some(report) = reports.next() {
            let _: Result<(), _> =
                self.blacklist.send(Listing { tokens: order.tokens.to_vec(), report });
        }
        progress
    }

    /// Gives back to a partition what it has lost. Nobody waits for it.
    pub(crate) fn give_back(&self, partition: usize, revocations: &[Revocation]) {
        let Some(courier) = self.couriers.get(partition) else { return };
        for part in revocations.chunks(courier::TRY) {
            let report = Report { progress: Arc::new(Progress::new(1)), part: 0 };
            let _: Result<(), _> = courier.send(Parcel { revocations: part.to_vec(), report });
        }
    }
}
