//! The strings of slowapi, as its parent library `limits` reads them.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use thiserror::Error;

use crate::key::CounterKey;

/// So many requests in a window of so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Limit {
    amount: u32,
    multiples: u32,
    unit: Unit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Unit {
    Second,
    Minute,
    Hour,
    Day,
    Month,
    Year,
}

impl Unit {
    const ALL: [Self; 6] =
        [Self::Second, Self::Minute, Self::Hour, Self::Day, Self::Month, Self::Year];

    const fn name(self) -> &'static str {
        match self {
            Self::Second => "second",
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    /// As in `limits`: a month has 30 days and a year 12 months.
    const fn seconds(self) -> u64 {
        match self {
            Self::Second => 1,
            Self::Minute => 60,
            Self::Hour => 3_600,
            Self::Day => 86_400,
            Self::Month => 30 * 86_400,
            Self::Year => 360 * 86_400,
        }
    }
}

impl Limit {
    /// The longest window. Up to here every store computes moments exactly, and an engine takes them as expiries.
    pub const LONGEST_WINDOW: Duration = Duration::from_secs(100 * Unit::Year.seconds());

    /// Requests in a window, one at least.
    pub const fn amount(&self) -> u32 {
        self.amount
    }

    /// How long a window is: a second at least, [`Self::LONGEST_WINDOW`] at most.
    pub const fn window(&self) -> Duration {
        Duration::from_secs(self.unit.seconds() * self.multiples as u64)
    }

    /// The counter of this limit for what `key` names.
    pub fn key(&self, key: CounterKey) -> CounterKey {
        key.part(&self.to_string())
    }
}

/// As in the messages of slowapi: `10 per 1 minute`.
impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} per {} {}", self.amount, self.multiples, self.unit.name())
    }
}

/// Several limits that hold together; at least one, at most [`Limits::MAX`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits(Vec<Limit>);

impl Limits {
    /// Most limits in one string.
    pub const MAX: usize = 8;

    /// The limits in the order of the string.
    pub fn iter(&self) -> impl Iterator<Item = &Limit> {
        self.0.iter()
    }

    /// The part that each of so many processes may let pass when none knows what the others do: of each limit at least one
    /// request. They stand in the same order.
    #[must_use]
    pub fn shared_among(&self, processes: u32) -> Self {
        let share =
            |limit: &Limit| Limit { amount: (limit.amount / processes.max(1)).max(1), ..*limit };
        Self(self.0.iter().map(share).collect())
    }
}

impl fmt::Display for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, limit) in self.0.iter().enumerate() {
            write!(f, "{}{limit}", if at == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

/// Not a rate limit. The text names the part at fault and the remedy.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{part}` {problem}; write limits such as `10/minute` or `5/2minute; 100/hour`")]
pub struct LimitError {
    part: String,
    problem: &'static str,
}

impl FromStr for Limits {
    type Err = LimitError;

    fn from_str(text: &str) -> Result<Self, LimitError> {
        let limits: Vec<_> = text.split([';', ',', '|']).map(limit).collect::<Result<_, _>>()?;
        if limits.len() > Self::MAX {
            let part = text.chars().take(40).collect();
            return Err(LimitError { part, problem: "holds more than 8 limits" });
        }
        Ok(Self(limits))
    }
}

fn limit(part: &str) -> Result<Limit, LimitError> {
    let fault = |problem| LimitError { part: part.trim().chars().take(40).collect(), problem };
    let lower = part.to_ascii_lowercase();
    let (amount, rest) = number(lower.trim());
    let rest = rest.trim_start();
    let rest = rest.strip_prefix('/').or_else(|| rest.strip_prefix("per"));
    let (multiples, unit) = number(rest.ok_or(fault("is not of the form `amount/unit`"))?.trim());
    let unit = unit.trim();
    let unit = unit.strip_suffix('s').unwrap_or(unit);
    let named = Unit::ALL.into_iter().find(|known| known.name() == unit);
    let unit = named.ok_or(fault("names no unit of second, minute, hour, day, month, year"))?;
    let multiples = if multiples.is_empty() { "1" } else { multiples };
    let count = |digits: &str| digits.parse().ok().filter(|count| *count > 0);
    let bad = "holds a number that is not from 1 to 4294967295";
    let (Some(amount), Some(multiples)) = (count(amount), count(multiples)) else {
        return Err(fault(bad));
    };
    let limit = Limit { amount, multiples, unit };
    let is_too_long = limit.window() > Limit::LONGEST_WINDOW;
    if is_too_long { Err(fault("has a window of more than 100 years")) } else { Ok(limit) }
}

/// The digits at the beginning, and what follows them.
fn number(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        text.parse::<Limits>().map_or_else(|error| error.to_string(), |limits| limits.to_string())
    }

    #[test]
    fn the_spellings_of_slowapi_are_read() {
        let cases = [
            ("10/minute", "10 per 1 minute"),
            ("10 per minute", "10 per 1 minute"),
            ("10 per 1 minute", "10 per 1 minute"),
            (" 10 / Minutes ", "10 per 1 minute"),
            ("5/2minute; 100/hour", "5 per 2 minute; 100 per 1 hour"),
            ("1/second,2/day|3/month", "1 per 1 second; 2 per 1 day; 3 per 1 month"),
            ("7per3years", "7 per 3 year"),
        ];
        for (text, wanted) in cases {
            assert_eq!(shown(text), wanted, "{text}");
        }
        let window = |text: &str| text.parse::<Limits>().unwrap().0[0].window().as_secs();
        assert_eq!(window("5/2minute"), 120);
        assert_eq!(window("1/month"), 2_592_000);
        assert_eq!(window("1/year"), 31_104_000);
        assert_eq!(window("1/100years"), Limit::LONGEST_WINDOW.as_secs());
    }

    #[test]
    fn shares_are_never_more_than_the_whole_nor_nothing() {
        let limits: Limits = "10/minute; 2/hour".parse().unwrap();
        let shared = |processes| limits.shared_among(processes).to_string();
        assert_eq!(shared(0), "10 per 1 minute; 2 per 1 hour");
        assert_eq!(shared(1), "10 per 1 minute; 2 per 1 hour");
        assert_eq!(shared(3), "3 per 1 minute; 1 per 1 hour");
        assert_eq!(shared(u32::MAX), "1 per 1 minute; 1 per 1 hour");
    }

    #[test]
    fn mistakes_are_named_with_the_remedy() {
        let cases = [
            ("", "is not of the form"),
            ("10", "is not of the form"),
            ("minute", "is not of the form"),
            ("10/fortnight", "names no unit"),
            ("10/", "names no unit"),
            ("10/minute;", "is not of the form"),
            ("0/minute", "from 1 to"),
            ("1/0minute", "from 1 to"),
            ("/minute", "from 1 to"),
            ("99999999999/minute", "from 1 to"),
            ("-1/minute", "is not of the form"),
            ("1/101years", "more than 100 years"),
            ("1/4294967295seconds; 1/4294967295years", "more than 100 years"),
            ("1/s;2/s;3/s;4/s;5/s;6/s;7/s;8/s;9/s", "names no unit"),
            (&["1/second"; 9].join(";"), "more than 8"),
        ];
        for (text, problem) in cases {
            let message = shown(text);
            assert!(
                message.contains(problem) && message.contains("`10/minute`"),
                "{text}: {message}"
            );
        }
    }
}
