//! The clock of the history, and clocks that are wrong.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Nanoseconds of `CLOCK_BOOTTIME`, which nobody can set.
pub(crate) fn now() -> u64 {
    let now = clock_gettime(ClockId::Boottime);
    u64::try_from(now.tv_sec).unwrap() * 1_000_000_000 + u64::try_from(now.tv_nsec).unwrap()
}

/// As a number of nanoseconds.
pub(crate) fn span(duration: Duration) -> u64 {
    duration.as_nanos().try_into().unwrap()
}

/// What a program is given so that its calendar is wrong by this, such as `+3600s`. Time that passes is not touched: no
/// operator can set that.
pub(crate) fn wrong_by(offset: &str) -> Option<Vec<(String, String)>> {
    let library = library()?.to_str()?.to_owned();
    let variables =
        [("LD_PRELOAD", &*library), ("FAKETIME", offset), ("FAKETIME_DONT_FAKE_MONOTONIC", "1")];
    Some(variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into())
}

/// Where Debian puts it for each architecture.
fn library() -> Option<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib").ok()?;
    let inside = |folder: &Path| folder.join("faketime/libfaketimeMT.so.1");
    folders.filter_map(|folder| Some(inside(&folder.ok()?.path()))).find(|path| path.exists())
}
