//! How long a token lives, as people write it.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use mcp_auth::issue::Lifetimes;

/// The longest lifetime: 10 years, the limit of `MCP_JWT_EXPIRY_HOURS` too.
const MAX_SECONDS: u64 = Lifetimes::LONGEST.as_secs();
const MAX_HOURS: u64 = MAX_SECONDS / 3600;

const REMEDY: &str = "write whole hours (24), or a number with its unit (90m, 7d, 24h, 30s)";

/// A lifetime in the unit in which it was given. `Display` is the text of `Expires In`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Expiry {
    count: u64,
    unit: Unit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Second,
    Minute,
    Hour,
    Day,
}

impl Expiry {
    pub(crate) fn from_hours(duration: Duration) -> Self {
        Self { count: duration.as_secs() / Unit::Hour.seconds(), unit: Unit::Hour }
    }

    pub(crate) fn duration(self) -> Duration {
        Duration::from_secs(self.count.saturating_mul(self.unit.seconds()))
    }
}

impl Unit {
    fn seconds(self) -> u64 {
        match self {
            Self::Second => 1,
            Self::Minute => 60,
            Self::Hour => 3600,
            Self::Day => 24 * 3600,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Second => "second",
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }

    fn of(letter: char) -> Option<Self> {
        match letter {
            's' => Some(Self::Second),
            'm' => Some(Self::Minute),
            'h' => Some(Self::Hour),
            'd' => Some(Self::Day),
            _ => None,
        }
    }
}

impl FromStr for Expiry {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (digits, unit) = match text.chars().next_back().and_then(Unit::of) {
            Some(unit) => (text.get(..text.len() - 1).unwrap_or_default(), unit),
            None => (text, Unit::Hour),
        };
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(format!("{}; {REMEDY}", problem(text)));
        }
        // Digits only, so all that can go wrong is that they are too many.
        let expiry = Self { count: digits.parse().unwrap_or(u64::MAX), unit };
        expiry.within_bounds()
    }
}

impl Expiry {
    fn within_bounds(self) -> Result<Self, String> {
        match self.duration().as_secs() {
            0 => Err(format!("a token must live for some time; {REMEDY}")),
            1..=MAX_SECONDS => Ok(self),
            _ => Err(format!("10 years are the most; write at most {MAX_HOURS} (hours) or 3650d")),
        }
    }
}

fn problem(text: &str) -> &'static str {
    if text.is_empty() {
        "it is empty"
    } else if text.starts_with('-') {
        "a token cannot expire before it is made"
    } else {
        "it is not a lifetime"
    }
}

impl fmt::Display for Expiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.count == 1 { "" } else { "s" };
        write!(f, "{} {}{plural}", self.count, self.unit.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes_read_back_as_they_were_given() {
        for (text, shown, seconds) in [
            ("1", "1 hour", 3600),
            ("24", "24 hours", 86_400),
            ("024", "24 hours", 86_400),
            ("24h", "24 hours", 86_400),
            ("2160", "2160 hours", 7_776_000),
            ("90m", "90 minutes", 5400),
            ("1m", "1 minute", 60),
            ("7d", "7 days", 604_800),
            ("30s", "30 seconds", 30),
            ("87600", "87600 hours", 315_360_000),
            ("3650d", "3650 days", 315_360_000),
        ] {
            let expiry: Expiry = text.parse().unwrap();
            assert_eq!(
                (expiry.to_string().as_str(), expiry.duration().as_secs()),
                (shown, seconds)
            );
        }
        assert_eq!(Expiry::from_hours(Duration::from_hours(2)).to_string(), "2 hours");
    }

    #[test]
    fn what_is_no_lifetime_is_refused_with_the_remedy() {
        for (text, problem) in [
            ("", "it is empty"),
            ("0", "some time"),
            ("0d", "some time"),
            ("-5", "before it is made"),
            ("-5h", "before it is made"),
            ("1e9", "not a lifetime"),
            ("1.5", "not a lifetime"),
            ("+5", "not a lifetime"),
            ("h", "not a lifetime"),
            ("5w", "not a lifetime"),
            ("5 h", "not a lifetime"),
            ("24\r\n", "not a lifetime"),
            ("٣", "not a lifetime"),
            ("5é", "not a lifetime"),
            ("87601", "10 years"),
            ("3651d", "10 years"),
            ("18446744073709551615d", "10 years"),
            ("99999999999999999999999", "10 years"),
        ] {
            let error = text.parse::<Expiry>().unwrap_err();
            assert!(error.contains(problem) && error.contains("write "), "{text:?}: {error}");
        }
    }
}
