//! Which connections are open, and which of them makes room when there are too many.
//!
//! A connection without a request costs memory and a file, and its client nothing. When all places are taken, those go
//! that have been without a request for longest: whoever opens ten thousand and says nothing shuts out nobody.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Instant;

use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::Notify;
use tokio_util::sync::{CancellationToken, WaitForCancellationFuture};

/// All open connections.
#[derive(Debug)]
pub(crate) struct Connections {
    most: usize,
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
}

impl Connections {
    /// A share of the places is freed at once, so that a flood does not search for each.
    const SHARE: usize = 16;

    pub(crate) fn new(most: usize) -> Self {
        Self { most, began: Instant::now(), open: Mutex::default(), freed: Notify::new() }
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
        });
        let id = open.next;
        open.next += 1;
        open.places.insert(id, Arc::clone(&place));
        Some(Ticket { id, place, all: Arc::clone(self) })
    }

    /// Tells those to go that have been idle for longest.
    fn evict(&self, open: &Open) {
        let is_idle = |place: &&Arc<Place>| {
            place.requests.load(Ordering::Relaxed) <= 0 && !place.evicted.is_cancelled()
        };
        let mut idle: Vec<_> = open.places.values().filter(is_idle).collect();
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
    /// Resolves when the connection should make room.
    pub(crate) fn evicted(&self) -> WaitForCancellationFuture<'_> {
        self.place.evicted.cancelled()
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

/// The body of a request. While the client keeps it waiting, the connection counts as idle: a client that begins and
/// does not go on makes room as one that has not begun.
#[derive(Debug)]
pub(crate) struct Awaited<B> {
    body: B,
    ticket: Arc<Ticket>,
    is_waiting: bool,
}

impl<B> Awaited<B> {
    pub(crate) fn new(body: B, ticket: &Arc<Ticket>) -> Self {
        Self { body, ticket: Arc::clone(ticket), is_waiting: false }
    }

    fn set_waiting(&mut self, is_waiting: bool) {
        let place = &self.ticket.place;
        match (self.is_waiting, is_waiting) {
            (false, true) => {
                place.idle_since.store(self.ticket.all.now(), Ordering::Relaxed);
                place.requests.fetch_sub(1, Ordering::Relaxed);
            }
            (true, false) => {
                place.requests.fetch_add(1, Ordering::Relaxed);
            }
            _ => {}
        }
        self.is_waiting = is_waiting;
    }
}

impl<B: Body + Unpin> Body for Awaited<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        self.set_waiting(polled.is_pending());
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B> Drop for Awaited<B> {
    fn drop(&mut self) {
        self.set_waiting(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gone(ticket: &Ticket) -> bool {
        ticket.place.evicted.is_cancelled()
    }

    #[tokio::test]
    async fn the_idle_make_room_and_the_busy_stay() {
        let all = Arc::new(Connections::new(4));
        let mut tickets: Vec<_> = (0..4).map(|_| Arc::new(all.try_admit().unwrap())).collect();
        let _busy = tickets[0].busy();
        assert!(all.try_admit().is_none());
        assert!(!gone(&tickets[0]));
        assert_eq!(tickets.iter().filter(|it| gone(it)).count(), 1);
        assert!(all.try_admit().is_none());
        assert_eq!(tickets.iter().filter(|it| gone(it)).count(), 1, "one is leaving already");
        tickets.retain(|it| !gone(it));
        all.admit().await;
    }

    #[tokio::test]
    async fn a_place_that_is_given_back_is_given_on() {
        let all = Arc::new(Connections::new(1));
        let first = Arc::new(all.try_admit().unwrap());
        let busy = first.busy();
        let waiting = tokio::spawn({
            let all = Arc::clone(&all);
            async move { all.admit().await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished() && !gone(&first), "who is busy is not told to go");
        drop((first, busy));
        drop(waiting.await.unwrap());
        assert!(all.lock().places.is_empty());
    }

    #[tokio::test]
    async fn who_keeps_the_server_waiting_makes_room() {
        let all = Arc::new(Connections::new(1));
        let slow = Arc::new(all.try_admit().unwrap());
        let busy = slow.busy();
        let never = http_body_util::StreamBody::new(futures_util::stream::pending::<
            Result<Frame<hyper::body::Bytes>, std::convert::Infallible>,
        >());
        let mut body = Awaited::new(never, &slow);
        assert!(all.try_admit().is_none() && !gone(&slow), "nobody waits for it yet");
        let mut context = Context::from_waker(std::task::Waker::noop());
        assert!(Pin::new(&mut body).poll_frame(&mut context).is_pending());
        assert!(all.try_admit().is_none() && gone(&slow));
        drop(body);
        assert!(!slow.is_idle(), "its answer is being made");
        drop(busy);
        assert!(slow.is_idle());
    }
}
