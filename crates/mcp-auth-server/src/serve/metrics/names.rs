//! The names of tools as labels: so many and no more, because MCP servers make them up.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

/// A server's and a tool's name.
type Pair = (Arc<str>, Arc<str>);

/// The names that are told apart.
#[derive(Debug, Default)]
pub(super) struct Names(Mutex<HashSet<Pair>>);

impl Names {
    /// How many pairs are told apart, each of at most a few hundred bytes.
    pub(super) const MOST: usize = 1_000;

    /// What stands for all further ones.
    const OTHERS: &str = "(others)";

    /// The labels for a tool.
    pub(super) fn of(&self, server: &str, tool: &str) -> Pair {
        // A set is sound after a panic, too.
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let pair: Pair = (server.into(), tool.into());
        if let Some(pair) = known.get(&pair) {
            return pair.clone();
        }
        if known.len() >= Self::MOST {
            return (Self::OTHERS.into(), Self::OTHERS.into());
        }
        known.insert(pair.clone());
        pair
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_without_end_become_one_label() {
        let names = Names::default();
        for number in 0..Names::MOST {
            assert_eq!(&*names.of("s", &number.to_string()).1, number.to_string());
        }
        assert_eq!(&*names.of("s", "one more").1, "(others)");
        assert_eq!(&*names.of("s", "7").1, "7");
    }
}
