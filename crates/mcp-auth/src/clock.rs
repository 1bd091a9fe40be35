//! Time as a parameter: the instant, the claim that names one, and the clock that callers hand in.
//!
//! Nothing in this crate asks the machine what time it is. Whoever builds a validator or an issuer passes a
//! [`Clock`]; tests pass a fixed one (`testing::FixedClock`).

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Datelike as _, SecondsFormat, Timelike as _, Utc};
use serde::{Serialize, Serializer};

/// Seconds of 9999-12-31T23:59:59Z, the last second that RFC 3339 can write.
pub(crate) const LATEST_SECOND: u64 = 253_402_300_799;

/// A moment, counted from 1970-01-01T00:00:00Z with sub-second precision. A clock that stands before 1970
/// reads as zero: every token that names its issue time is then "not yet valid", and nothing panics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(Duration);

impl Timestamp {
    /// The moment `seconds` after the epoch.
    pub const fn from_unix_seconds(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn unix_seconds(self) -> u64 {
        self.0.as_secs()
    }

    /// Time since the epoch, exact.
    pub const fn since_epoch(self) -> Duration {
        self.0
    }

    /// The moment `span` later; the far future when that overflows.
    #[must_use]
    pub const fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(span))
    }

    /// RFC 3339 in UTC with milliseconds, up to the last second that it can write. Each audit line has one, so nothing here
    /// interprets a format or allocates.
    pub(crate) fn to_rfc3339_milliseconds(self) -> [u8; 24] {
        let time = self.date_time();
        let mut text = *b"0000-00-00T00:00:00.000Z";
        let mut put = |at: usize, length: usize, mut number: u32| {
            let places = text.get_mut(at..at + length).unwrap_or_default();
            for place in places.iter_mut().rev() {
                *place += u8::try_from(number % 10).unwrap_or_default();
                number /= 10;
            }
        };
        put(0, 4, time.year().unsigned_abs());
        put(5, 2, time.month());
        put(8, 2, time.day());
        put(11, 2, time.hour());
        put(14, 2, time.minute());
        put(17, 2, time.second());
        put(20, 3, self.0.subsec_millis());
        text
    }

    fn date_time(self) -> DateTime<Utc> {
        let seconds = i64::try_from(self.0.as_secs().min(LATEST_SECOND)).unwrap_or_default();
        DateTime::from_timestamp(seconds, self.0.subsec_nanos()).unwrap_or_default()
    }

    /// How long `self` lies after `earlier`; zero when it does not.
    pub const fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        Self(time.duration_since(UNIX_EPOCH).unwrap_or_default())
    }
}

/// RFC 3339 in UTC with whole seconds, for example `2025-12-24T22:30:45Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.date_time().to_rfc3339_opts(SecondsFormat::Secs, true))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The value of `exp`, `nbf` or `iat`: whole seconds since 1970, up to the end of the year 9999
/// (RFC 7519 section 2, "NumericDate").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
#[serde(transparent)]
pub struct NumericDate(u64);

impl NumericDate {
    /// 9999-12-31T23:59:59Z.
    pub const LATEST: Self = Self(LATEST_SECOND);

    /// `None` after the year 9999.
    pub const fn new(seconds: u64) -> Option<Self> {
        if seconds <= LATEST_SECOND { Some(Self(seconds)) } else { None }
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    pub const fn seconds(self) -> u64 {
        self.0
    }

    /// The moment this date names.
    pub const fn timestamp(self) -> Timestamp {
        Timestamp::from_unix_seconds(self.0)
    }
}

impl fmt::Display for NumericDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.timestamp().fmt(f)
    }
}

/// Says what time it is. Asked once for each decision, so that every check of one token sees one moment.
pub trait Clock: fmt::Debug + Send + Sync {
    /// The current moment.
    fn now(&self) -> Timestamp;
}

/// The machine's wall clock, for programs. It can step backwards; nothing here relies on it not to.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    fn now(&self) -> Timestamp {
        SystemTime::now().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_rfc_3339_up_to_its_end() {
        let at = |seconds| Timestamp::from_unix_seconds(seconds).plus(Duration::from_micros(7_900));
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00"),
            (951_782_400, "2000-02-29T00:00:00"),
            (1_766_615_445, "2025-12-24T22:30:45"),
            (LATEST_SECOND, "9999-12-31T23:59:59"),
            (u64::MAX, "9999-12-31T23:59:59"),
        ] {
            assert_eq!(at(seconds).to_string(), format!("{expected}Z"));
            let fine = at(seconds).to_rfc3339_milliseconds();
            assert_eq!(fine, format!("{expected}.007Z").as_bytes(), "{seconds}");
        }
    }
}
