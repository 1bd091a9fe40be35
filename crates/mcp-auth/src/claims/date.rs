//! `NumericDate` claims (RFC 7519 section 2): integers, or finite fractions as Python's libraries write them.

use crate::clock::{LATEST_SECOND, NumericDate};
use crate::json::{Scanner, Value};

use super::ClaimsFault;

/// Which way a fraction of a second is cut: always the way that refuses more.
#[derive(Clone, Copy)]
pub(super) enum Round {
    /// `exp`: a token does not live longer for its fraction.
    Down,
    /// `nbf` and `iat`: nor does it begin earlier.
    Up,
}

const PROBLEM: &str =
    "is not a date: it must be a number of seconds from 0 to 253402300799 (the year 9999)";

/// Reads a date claim that begins at `at`; the date and the place behind it.
#[inline]
pub(super) fn read<'a>(
    name: &'static str,
    at: Scanner<'a>,
    round: Round,
) -> Result<(NumericDate, Scanner<'a>), ClaimsFault> {
    match at.whole_number().and_then(|(seconds, end)| Some((NumericDate::new(seconds)?, end))) {
        Some(found) => Ok(found),
        None => read_unusual(name, at, round),
    }
}

#[cold]
fn read_unusual<'a>(
    name: &'static str,
    at: Scanner<'a>,
    round: Round,
) -> Result<(NumericDate, Scanner<'a>), ClaimsFault> {
    match at.value()? {
        (Value::Number(text), end) => {
            let date = parse(text, round).ok_or(ClaimsFault::Value { name, problem: PROBLEM })?;
            Ok((date, end))
        }
        (other, _) => {
            Err(ClaimsFault::Type { name, wanted: "a number of seconds", found: other.kind() })
        }
    }
}

fn parse(text: &str, round: Round) -> Option<NumericDate> {
    if text.starts_with('-') {
        return None;
    }
    match text.parse::<u64>() {
        Ok(seconds) => NumericDate::new(seconds),
        Err(_) => parse_fraction(text, round),
    }
}

fn parse_fraction(text: &str, round: Round) -> Option<NumericDate> {
    let exact: f64 = text.parse().ok()?;
    let whole = match round {
        Round::Down => exact.floor(),
        Round::Up => exact.ceil(),
    };
    #[expect(clippy::cast_precision_loss, reason = "the bound is far below 2^53, so it is exact")]
    let in_range = (0.0..=LATEST_SECOND as f64).contains(&whole);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole and in range"
    )]
    in_range.then(|| NumericDate::new(whole as u64)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_and_finite_fractions_within_the_years_are_dates() {
        let cases = [
            ("0", 0, 0),
            ("1671423600", 1_671_423_600, 1_671_423_600),
            ("1671423600.0", 1_671_423_600, 1_671_423_600),
            ("1671423600.25", 1_671_423_600, 1_671_423_601),
            ("1.6714236e9", 1_671_423_600, 1_671_423_600),
            ("253402300799", LATEST_SECOND, LATEST_SECOND),
        ];
        for (text, down, up) in cases {
            assert_eq!(parse(text, Round::Down), NumericDate::new(down), "{text}");
            assert_eq!(parse(text, Round::Up), NumericDate::new(up), "{text}");
        }
    }

    #[test]
    fn everything_else_is_not() {
        let cases = [
            "-1",
            "-0",
            "-0.0",
            "253402300800",
            "9223372036854775808",
            "18446744073709551616",
            "99999999999999999999",
            "1e19",
            "1e300",
            "253402300799.5e1",
        ];
        for text in cases {
            assert_eq!(parse(text, Round::Down), None, "{text}");
            assert_eq!(parse(text, Round::Up), None, "{text}");
        }
        assert_eq!(parse("253402300799.5", Round::Up), None);
    }
}
