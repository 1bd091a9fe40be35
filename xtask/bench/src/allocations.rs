//! Counting allocations, in a build made for it (the feature `count-allocations`): the allocator that counts takes the
//! place of the one that our server has.

#[cfg(feature = "count-allocations")]
mod counted {
    /// How many allocations `run` makes.
    #[expect(clippy::unnecessary_wraps, reason = "another build cannot tell")]
    pub(crate) fn of(run: impl FnOnce()) -> Option<u64> {
        Some(allocation_counter::measure(run).count_total)
    }

    /// Runs without counting. The allocator still costs a look at a flag, and a growing buffer a copy: about a nanosecond an
    /// allocation, ours and theirs.
    pub(crate) fn none(run: impl FnOnce()) {
        allocation_counter::opt_out(run);
    }
}

#[cfg(not(feature = "count-allocations"))]
mod counted {
    pub(crate) fn of(_: impl FnOnce()) -> Option<u64> {
        None
    }

    pub(crate) fn none(run: impl FnOnce()) {
        run();
    }
}

pub(crate) use self::counted::{none, of};
