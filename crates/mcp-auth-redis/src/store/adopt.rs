//! Seeing to what processes of this machine left behind that ended before all of it had arrived.

use std::mem;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::task::{spawn_blocking, yield_now};

use super::Parts;
use crate::outbox::journal::{Abandoned, Journal, Left, OwnedOrder};

/// Orders that are sent on their way before anything else gets its turn.
const PORTION: usize = 500;

/// A file whose orders are on their way.
struct Adopted {
    file: Mutex<Option<Abandoned>>,
    /// How many of them have not arrived.
    left: AtomicUsize,
    /// 1 where it has lines that nobody can read.
    is_damaged: usize,
    held_damaged: Arc<AtomicUsize>,
    damaged_outboxes: Arc<AtomicUsize>,
}

impl Parts {
    /// Sends what is found on its way: it is refused here at once. A file is removed when all of it has arrived.
    pub(super) fn adopt(self: &Arc<Self>) {
        let Some(directory) = &self.journal_directory else { return };
        // A directory that cannot be read now is looked at again.
        let Ok(left) = Journal::left(directory) else { return };
        self.count_damaged(&left);
        for found in left.files {
            let (orders, file) = self.take_over(found);
            for order in &orders {
                self.send_of(&file, order);
            }
        }
    }

    /// The same while this process is at work. The thread that does it renews the lease too, so it neither reads files nor
    /// sends all of one in one go.
    pub(super) async fn adopt_later(self: &Arc<Self>) {
        let Some(directory) = self.journal_directory.clone() else { return };
        let Ok(Ok(left)) = spawn_blocking(move || Journal::left(&directory)).await else { return };
        self.count_damaged(&left);
        for found in left.files {
            let (orders, file) = self.take_over(found);
            for portion in orders.chunks(PORTION) {
                for order in portion {
                    self.send_of(&file, order);
                }
                yield_now().await;
            }
        }
    }

    fn count_damaged(&self, left: &Left) {
        // Those whose orders go on their way count as held from now on.
        let held = left.files.iter().filter(|file| file.is_damaged && !file.orders.is_empty());
        self.damaged_outboxes.store(left.damaged - held.count(), Ordering::Relaxed);
    }

    fn take_over(&self, mut found: Abandoned) -> (Vec<OwnedOrder>, Arc<Adopted>) {
        let orders = mem::take(&mut found.orders);
        let is_damaged = usize::from(found.is_damaged && !orders.is_empty());
        let file = if orders.is_empty() {
            found.remove();
            None
        } else {
            Some(found)
        };
        // Whoever looks while this process holds it does not see it.
        self.held_damaged.fetch_add(is_damaged, Ordering::Relaxed);
        let adopted = Adopted {
            file: Mutex::new(file),
            left: AtomicUsize::new(orders.len()),
            is_damaged,
            held_damaged: Arc::clone(&self.held_damaged),
            damaged_outboxes: Arc::clone(&self.damaged_outboxes),
        };
        (orders, Arc::new(adopted))
    }

    fn send_of(self: &Arc<Self>, file: &Arc<Adopted>, order: &OwnedOrder) {
        let file = Arc::clone(file);
        self.send(&order.as_order(), true, move || file.has_arrived());
    }
}

impl Adopted {
    /// One of its orders has.
    fn has_arrived(&self) {
        if self.left.fetch_sub(1, Ordering::AcqRel) == 1
            && let Ok(mut file) = self.file.lock()
            && let Some(file) = file.take()
        {
            file.remove();
            // Where it lies now it is seen by whoever looks next.
            self.held_damaged.fetch_sub(self.is_damaged, Ordering::Relaxed);
            self.damaged_outboxes.fetch_add(self.is_damaged, Ordering::Relaxed);
        }
    }
}
