//! Seeing to what processes of this machine left behind that ended before all of it had arrived.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::Parts;
use crate::outbox::journal::{Abandoned, Journal};

impl Parts {
    /// Sends what is found on its way: it is refused here at once. A file is removed when all of it has arrived.
    pub(super) fn adopt(self: &Arc<Self>) {
        let Some(directory) = &self.journal_directory else { return };
        // A directory that cannot be read now is looked at again.
        let Ok(left) = Journal::left(directory) else { return };
        // Those whose orders go on their way count as held from now on.
        let held = left.files.iter().filter(|file| file.is_damaged && !file.orders.is_empty());
        self.damaged_outboxes.store(left.damaged - held.count(), Ordering::Relaxed);
        for found in left.files {
            self.adopt_file(found);
        }
    }

    fn adopt_file(self: &Arc<Self>, mut found: Abandoned) {
        let orders = std::mem::take(&mut found.orders);
        if orders.is_empty() {
            found.remove();
            return;
        }
        // Whoever looks while this process holds it does not see it.
        let held = usize::from(found.is_damaged);
        self.held_damaged.fetch_add(held, Ordering::Relaxed);
        let left = Arc::new(AtomicUsize::new(orders.len()));
        let file = Arc::new(std::sync::Mutex::new(Some(found)));
        for order in orders {
            let (left, file) = (Arc::clone(&left), Arc::clone(&file));
            let (held_damaged, damaged) =
                (Arc::clone(&self.held_damaged), Arc::clone(&self.damaged_outboxes));
            let arrived = move || {
                if left.fetch_sub(1, Ordering::AcqRel) == 1
                    && let Ok(mut file) = file.lock()
                    && let Some(file) = file.take()
                {
                    file.remove();
                    // Where it lies now it is seen by whoever looks next.
                    held_damaged.fetch_sub(held, Ordering::Relaxed);
                    damaged.fetch_add(held, Ordering::Relaxed);
                }
            };
            self.send(&order.as_order(), true, arrived);
        }
    }
}
