//! Waiting for a condition, never for a time.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// How often a condition is looked at.
const PAUSE: Duration = Duration::from_millis(5);

/// Looks until `look` succeeds, and answers with what it found.
///
/// # Errors
///
/// The last failure of `look`, when `within` has passed; `what` says what was waited for.
pub fn until<T>(what: &str, within: Duration, mut look: impl FnMut() -> Result<T>) -> Result<T> {
    let end = Instant::now() + within;
    loop {
        match look() {
            Err(error) if Instant::now() >= end => {
                return Err(error).with_context(|| format!("{what}: not within {within:?}"));
            }
            Err(_) => thread::sleep(PAUSE),
            found => return found,
        }
    }
}

#[cfg(test)]
mod tests {
    use anyhow::{bail, ensure};

    use super::*;

    #[test]
    fn the_last_failure_is_told_with_what_was_waited_for() {
        let mut looks = 0;
        let found = until("a third look", Duration::from_mins(1), || {
            looks += 1;
            ensure!(looks > 2, "look {looks}");
            Ok(looks)
        });
        assert_eq!(found.unwrap(), 3);
        let never = || -> Result<()> { bail!("nothing there") };
        let error = until("a sign", Duration::ZERO, never).unwrap_err();
        assert_eq!(format!("{error:#}"), "a sign: not within 0ns: nothing there");
    }
}
