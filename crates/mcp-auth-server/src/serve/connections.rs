//! Which connections are open, and which of them makes room when there are too many.
//!
//! A connection without a request costs memory and a file, and its client nothing. When all places are taken, those go
//! that have been without a request for longest: whoever opens ten thousand and says nothing shuts out nobody.
//!
//! The same holds for memory: when too much waits for clients, those go that have not moved for longest. And whoever takes
//! nothing of an answer for a minute goes in any case.

mod answer;
mod awaited;
mod stream;
mod waits;

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

pub(crate) use self::answer::Untaken;
pub(crate) use self::awaited::Awaited;
pub(crate) use self::stream::Unwritten;
pub(crate) use self::waits::Held;
use self::waits::Waits;

/// What may wait for all clients together: 256 MiB.
const MOST_WAITING: u64 = 256 * 1024 * 1024;

/// How long a client may take nothing of what waits for it. Slow ones take something now and then.
const STALL: Duration = Duration::from_mins(1);

/// All open connections.
#[derive(Debug)]
pub(crate) struct Connections {
    most: usize,
    most_waiting: u64,
    /// Bytes that wait for clients.
    waiting: AtomicU64,
    /// Those of them whose connections have been told to go.
    leaving: AtomicU64,
    began: Instant,
    open: Mutex<Open>,
    /// Told of each place that is given back.
    freed: Notify,
}

#[derive(Debug, Default)]
struct Open {
    next: u64,
    places: HashMap<u64, Arc<Place>>,
}

#[derive(Debug)]
struct Place {
    /// Requests that have begun and are not answered yet.
    begun: AtomicI64,
    /// Those of them whose client is not waited for.
    requests: AtomicI64,
    /// When the last one was answered, in milliseconds.
    idle_since: AtomicU64,
    evicted: CancellationToken,
    waits: Waits,
    /// What of [`Connections::leaving`] is this one's.
    leaving: AtomicU64,
}

impl Place {
    /// Whether it could go: no request is being answered, and it has not been told to go.
    fn is_idle(&self) -> bool {
        self.requests.load(Ordering::Relaxed) <= 0 && !self.evicted.is_cancelled()
    }
}

impl Connections {
    /// A share of the places is freed at once, so that a flood does not search for each.
    const SHARE: usize = 16;

    pub(crate) fn new(most: usize) -> Self {
        Self {
            most,
            most_waiting: MOST_WAITING,
            waiting: AtomicU64::new(0),
            leaving: AtomicU64::new(0),
            began: Instant::now(),
            open: Mutex::default(),
            freed: Notify::new(),
        }
    }

    /// A place for one more, as soon as there is one. Who is not let in waits in the operating system's queue.
    pub(crate) async fn admit(self: &Arc<Self>) -> Ticket {
        loop {
            if let Some(ticket) = self.try_admit() {
                return ticket;
            }
            self.freed.notified().await;
        }
    }

    /// A place, or `None` while all are taken; the idle are told to go then.
    fn try_admit(self: &Arc<Self>) -> Option<Ticket> {
        let mut open = self.lock();
        if open.places.len() >= self.most {
            self.evict(&open);
            return None;
        }
        let place = Arc::new(Place {
            begun: AtomicI64::new(0),
            requests: AtomicI64::new(0),
            idle_since: AtomicU64::new(self.now()),
            evicted: CancellationToken::new(),
            waits: Waits::default(),
            leaving: AtomicU64::new(0),
        });
        let id = open.next;
        open.next += 1;
        open.places.insert(id, Arc::clone(&place));
        Some(Ticket { id, place, all: Arc::clone(self) })
    }

    /// Tells those to go that have been idle for longest.
    fn evict(&self, open: &Open) {
        let mut idle: Vec<_> = open.places.values().filter(|place| place.is_idle()).collect();
        let share = self.most.div_ceil(Self::SHARE);
        let leaving = open.places.values().filter(|place| place.evicted.is_cancelled()).count();
        let wanted = share.saturating_sub(leaving).min(idle.len());
        if wanted > 0 {
            idle.select_nth_unstable_by_key(wanted - 1, |place| {
                place.idle_since.load(Ordering::Relaxed)
            });
            idle.iter().take(wanted).for_each(|place| place.evicted.cancel());
        }
    }

    /// So many more bytes wait. What is over the limit is freed, with a share so that it lasts.
    fn take(&self, bytes: u64) {
        self.waiting.fetch_add(bytes, Ordering::Relaxed);
        if self.excess() > 0 {
            let open = self.lock();
            let excess = self.excess();
            if excess > 0 {
                self.lighten(&open, excess + self.most_waiting / Self::SHARE as u64);
            }
        }
    }

    fn give_back(&self, bytes: u64) {
        self.waiting.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// How many bytes are too many, besides those that will be gone in a moment.
    fn excess(&self) -> u64 {
        let leaving = self.leaving.load(Ordering::Relaxed);
        let staying = self.waiting.load(Ordering::Relaxed).saturating_sub(leaving);
        staying.saturating_sub(self.most_waiting)
    }

    /// Tells those to go whose clients have not moved for longest, until so many bytes are freed.
    fn lighten(&self, open: &Open, mut bytes: u64) {
        let idle = open.places.values().filter(|place| place.is_idle());
        let mut waiting: Vec<_> =
            idle.filter_map(|place| Some((place.waits.oldest()?, place))).collect();
        waiting.sort_unstable_by_key(|(moved, _)| *moved);
        for (_, place) in waiting {
            if bytes == 0 {
                break;
            }
            let freed = place.waits.bytes();
            place.leaving.store(freed, Ordering::Relaxed);
            self.leaving.fetch_add(freed, Ordering::Relaxed);
            place.evicted.cancel();
            bytes = bytes.saturating_sub(freed);
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of one connection; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Ticket {
    id: u64,
    place: Arc<Place>,
    all: Arc<Connections>,
}

impl Ticket {
    /// Resolves when the connection should make room, or its client takes nothing of what waits for it.
    pub(crate) async fn evicted(&self) {
        tokio::select! {
            () = self.place.evicted.cancelled() => {}
            () = self.stalled() => {}
        }
    }

    async fn stalled(&self) {
        loop {
            let now = self.all.now();
            let moved = self.place.waits.oldest().unwrap_or(now);
            let patience = STALL.saturating_sub(Duration::from_millis(now.saturating_sub(moved)));
            if patience.is_zero() {
                return;
            }
            sleep(patience).await;
        }
    }

    /// Counts bytes as waiting for the client until what is returned is dropped.
    fn hold(self: &Arc<Self>, bytes: usize) -> Held {
        Held::begin(Arc::clone(self), bytes)
    }

    /// Whether a request has begun that is not answered yet, be it that its client is slow.
    pub(crate) fn has_request(&self) -> bool {
        self.place.begun.load(Ordering::Relaxed) > 0
    }

    /// Whether no request is being answered, or its client keeps it waiting.
    pub(crate) fn is_idle(&self) -> bool {
        self.place.requests.load(Ordering::Relaxed) <= 0
    }

    /// Counts a request as being answered until what is returned is dropped.
    pub(crate) fn busy(self: &Arc<Self>) -> Busy {
        Busy::begin(Arc::clone(self))
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.all.lock().places.remove(&self.id);
        self.all.leaving.fetch_sub(self.place.leaving.load(Ordering::Relaxed), Ordering::Relaxed);
        self.all.freed.notify_one();
    }
}

/// A request that is being answered.
#[derive(Debug)]
pub(crate) struct Busy(Arc<Ticket>);

impl Busy {
    fn begin(ticket: Arc<Ticket>) -> Self {
        ticket.place.begun.fetch_add(1, Ordering::Relaxed);
        ticket.place.requests.fetch_add(1, Ordering::Relaxed);
        Self(ticket)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.place.idle_since.store(self.0.all.now(), Ordering::Relaxed);
        self.0.place.requests.fetch_sub(1, Ordering::Relaxed);
        self.0.place.begun.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
