//! How far an order has got.

use std::time::Duration;

use mcp_auth::store::Durability;
use tokio::sync::watch;
use tokio::time::timeout;

use super::Report;

/// The parts of one order.
#[derive(Debug)]
pub(crate) struct Progress(watch::Sender<Vec<Part>>);

/// How far one part has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// It was not tried yet.
    New,
    /// It was tried, and goes on; what has been reached so far.
    Tried(Option<Durability>),
    /// It has got as far as it was asked to.
    Done(Durability),
}

/// What is known of an order when whoever gave it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reached {
    /// How far its slowest part has got in the engine; `None` where one is not there at all.
    pub(crate) durability: Option<Durability>,
    /// Whether it goes on.
    pub(crate) is_pending: bool,
}

impl Progress {
    pub(crate) fn new(parts: usize) -> Self {
        Self(watch::Sender::new(vec![Part::New; parts]))
    }

    /// Waits until every part was tried, for at most so long.
    pub(crate) async fn first_try(&self, patience: Duration) -> Reached {
        let mut parts = self.0.subscribe();
        let tried = parts.wait_for(|parts| !parts.contains(&Part::New));
        // Too long is an answer too: what has been reached by now.
        let _: Result<_, _> = timeout(patience, tried).await.map(drop);
        self.reached()
    }

    /// Waits until all of it is done.
    pub(crate) async fn done(&self) {
        let mut parts = self.0.subscribe();
        let _: Result<_, _> =
            parts.wait_for(|parts| parts.iter().all(|part| part.is_done())).await.map(drop);
    }

    /// How far it has got by now.
    pub(super) fn reached(&self) -> Reached {
        let parts = self.0.borrow();
        let durability =
            parts.iter().copied().map(Part::durability).min().unwrap_or(Some(Durability::All));
        Reached { durability, is_pending: !parts.iter().all(|part| part.is_done()) }
    }
}

impl Part {
    fn is_done(self) -> bool {
        matches!(self, Self::Done(_))
    }

    /// `None` comes before every level.
    fn durability(self) -> Option<Durability> {
        match self {
            Self::New => None,
            Self::Tried(reached) => reached,
            Self::Done(reached) => Some(reached),
        }
    }
}

impl Report {
    /// The part was tried in vain.
    pub(super) fn failed(&self) {
        self.set(|part| match part {
            Part::New => Part::Tried(None),
            other => other,
        });
    }

    /// It has got this far, and goes on.
    pub(super) fn reached(&self, durability: Durability) {
        self.set(|_| Part::Tried(Some(durability)));
    }

    /// It has got this far, which is what was asked for.
    pub(super) fn done(&self, durability: Durability) {
        self.set(|_| Part::Done(durability));
    }

    fn set(&self, change: impl Fn(Part) -> Part) {
        self.progress.0.send_if_modified(|parts| {
            let Some(part) = parts.get_mut(self.part) else { return false };
            let before = std::mem::replace(part, change(*part));
            before != *part
        });
    }
}
