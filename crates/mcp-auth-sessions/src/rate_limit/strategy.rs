//! Which rule counts requests against a limit.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// How requests are counted against a limit of so many in a window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Strategy {
    /// [`Window`](super::Window): a window opens at the first request. Around its end up to twice the amount may pass in one
    /// window's time.
    #[default]
    FixedWindow,
    /// [`Log`](super::Log): no span of a window's time holds more than the amount.
    MovingWindow,
    /// [`Arrival`](super::Arrival), the generic cell rate algorithm: requests pass at an even rate, and the whole amount at once
    /// after a rest. Together that is less than twice the amount in one window's time.
    Gcra,
}

impl Strategy {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::FixedWindow, Self::MovingWindow, Self::Gcra];

    /// Its name in settings: as in `limits`, the library below slowapi, where that has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FixedWindow => "fixed-window",
            Self::MovingWindow => "moving-window",
            Self::Gcra => "gcra",
        }
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Not the name of a strategy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("is none of fixed-window, moving-window and gcra; write one of them")]
pub struct StrategyError;

impl FromStr for Strategy {
    type Err = StrategyError;

    fn from_str(text: &str) -> Result<Self, StrategyError> {
        Self::ALL.into_iter().find(|known| known.as_str() == text).ok_or(StrategyError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for strategy in Strategy::ALL {
            assert_eq!(strategy.to_string().parse(), Ok(strategy));
            assert!(StrategyError.to_string().contains(strategy.as_str()));
        }
        for other in ["", "Gcra", "sliding-window-counter"] {
            assert_eq!(other.parse::<Strategy>(), Err(StrategyError), "{other}");
        }
    }
}
