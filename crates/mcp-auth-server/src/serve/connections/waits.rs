//! What a client keeps in memory by not going on: a request whose body does not come, an answer that it does not take.
//!
//! It costs the client some bytes: over HTTP/2 a window of zero is enough to let dozens of answers lie. So all of it is
//! counted, and where it is too much those go that have not moved for longest.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Ticket;

/// What a request or an answer takes besides the bytes of its body: its headers, its stream, its task.
pub(super) const EACH: u64 = 16 * 1024;

/// All that one connection waits with.
#[derive(Debug, Default)]
pub(super) struct Waits(Mutex<Vec<Arc<Wait>>>);

#[derive(Debug)]
pub(super) struct Wait {
    bytes: u64,
    /// When the client last went on with it, in milliseconds.
    moved: AtomicU64,
}

impl Waits {
    /// When that last moved which has not moved for longest; `None` where nothing waits.
    pub(super) fn oldest(&self) -> Option<u64> {
        self.lock().iter().map(|wait| wait.moved.load(Ordering::Relaxed)).min()
    }

    pub(super) fn bytes(&self) -> u64 {
        self.lock().iter().map(|wait| wait.bytes).sum()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Wait>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Something that waits for the client until this is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    wait: Arc<Wait>,
    ticket: Arc<Ticket>,
}

impl Held {
    /// Counts so many bytes, and what lies around them.
    pub(super) fn begin(ticket: Arc<Ticket>, bytes: usize) -> Self {
        let bytes = EACH.saturating_add(bytes as u64);
        let wait = Arc::new(Wait { bytes, moved: AtomicU64::new(ticket.all.now()) });
        ticket.place.waits.lock().push(Arc::clone(&wait));
        ticket.all.take(bytes);
        Self { wait, ticket }
    }

    /// The client has gone on.
    pub(super) fn moved(&self) {
        self.wait.moved.store(self.ticket.all.now(), Ordering::Relaxed);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.ticket.place.waits.lock().retain(|wait| !Arc::ptr_eq(wait, &self.wait));
        self.ticket.all.give_back(self.wait.bytes);
    }
}
