//! Looking for lines. Nothing is verified here: that is what [`Verifier`](crate::Verifier) is for.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::DateTime;
use mcp_auth::clock::Timestamp;
use serde_json::{Map, Value};

use crate::history::{History, Part};
use crate::line::Line;
use crate::read::ReadError;

/// What to look for: a line must fit all that is given. Texts are compared whole and to the letter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// The event's name, such as `token_revoked`.
    pub event: Option<String>,
    /// Who.
    pub user_id: Option<String>,
    /// The id that a client was told.
    pub error_id: Option<String>,
    /// The tool's name.
    pub tool: Option<String>,
    /// The refusal's code.
    pub code: Option<String>,
    /// The token's id.
    pub jti: Option<String>,
    /// The request's id.
    pub request_id: Option<String>,
    /// Not before this moment.
    pub since: Option<Timestamp>,
    /// Before this moment.
    pub until: Option<Timestamp>,
}

/// Which lines come first, and which are kept when there are more than the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// The latest.
    #[default]
    NewestFirst,
    /// The earliest.
    OldestFirst,
}

/// A line that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// The file that it stands in: the log's, or that of an archive.
    pub log: PathBuf,
    /// Its number, in that file.
    pub seq: u64,
    /// The line as it stands in the file.
    pub line: String,
    /// The event's own members.
    pub event: Map<String, Value>,
}

/// Reads the log and the archives that it continues, as far as they lie beside it and are needed, and returns at most `limit`
/// lines; it keeps no more than these in memory. Lines that are no lines of a log are passed over.
///
/// # Errors
/// When a file cannot be read.
pub fn search(
    log: &Path,
    filter: &Filter,
    order: Order,
    limit: usize,
) -> Result<Vec<Entry>, ReadError> {
    let newest_first = filter.parts(log)?;
    let parts: Box<dyn Iterator<Item = _>> = match order {
        Order::NewestFirst => Box::new(newest_first),
        Order::OldestFirst => {
            let parts = newest_first.collect::<Result<Vec<_>, _>>()?;
            Box::new(parts.into_iter().rev().map(Ok))
        }
    };
    let mut found = Vec::new();
    for part in parts {
        found.extend(part?.search(filter, order, limit - found.len())?);
        if found.len() >= limit {
            break;
        }
    }
    Ok(found)
}

/// All that was written about a refusal, oldest first: the ids are random, so it is one line in practice.
///
/// # Errors
/// When a file cannot be read.
pub fn find_error_id(log: &Path, error_id: &str) -> Result<Vec<Entry>, ReadError> {
    let filter = Filter { error_id: Some(error_id.to_owned()), ..Filter::default() };
    for part in History::of(log)? {
        let found = part?.search(&filter, Order::OldestFirst, MOST_WITH_ONE_ID)?;
        if !found.is_empty() {
            return Ok(found);
        }
    }
    Ok(Vec::new())
}

const MOST_WITH_ONE_ID: usize = 10;

/// So much may the clocks of those who wrote a log have been apart.
const CLOCKS_DIFFER: Duration = Duration::from_hours(24);

impl Part {
    fn search(self, filter: &Filter, order: Order, limit: usize) -> Result<Vec<Entry>, ReadError> {
        let (log, mut found) = (self.path.clone(), VecDeque::new());
        let mut lines = self.lines()?;
        while let Some((_, text)) = lines.next()? {
            if order == Order::OldestFirst && found.len() >= limit {
                break;
            }
            found.extend(filter.find_in(&log, text));
            if found.len() > limit {
                found.pop_front();
            }
        }
        if order == Order::NewestFirst {
            found.make_contiguous().reverse();
        }
        Ok(found.into())
    }
}

impl Filter {
    /// The logs that may hold something, the newest first. What came before a log is too old where that began too early. One
    /// alone may have begun while a clock was wrong.
    fn parts(
        &self,
        log: &Path,
    ) -> Result<impl Iterator<Item = Result<Part, ReadError>>, ReadError> {
        let mut too_early = 0;
        let parts = History::of(log)?.map_while(move |part| {
            if too_early == 2 {
                return None;
            }
            let begins_after = part.as_ref().is_ok_and(|part| self.begins_after(part));
            too_early = if begins_after { too_early + 1 } else { 0 };
            Some(part)
        });
        Ok(parts)
    }

    /// Whether what came before this log is too old.
    fn begins_after(&self, part: &Part) -> bool {
        let begun = part.first.as_ref().and_then(|first| milliseconds(&first.timestamp));
        let wanted = self.since.map(|since| since.since_epoch().as_millis());
        wanted.zip(begun).is_some_and(|(since, begun)| begun + CLOCKS_DIFFER.as_millis() < since)
    }

    fn find_in(&self, log: &Path, text: &[u8]) -> Option<Entry> {
        let line = Line::parse(text)?;
        let event: Map<String, Value> = serde_json::from_slice(&line.event()).ok()?;
        let fits = self.fits_members(&event) && self.fits_time(&event);
        let line_text = || String::from_utf8_lossy(text).into();
        fits.then(|| Entry { log: log.to_owned(), seq: line.seq, line: line_text(), event })
    }

    fn fits_members(&self, event: &Map<String, Value>) -> bool {
        let wanted = [
            ("event", &self.event),
            ("user_id", &self.user_id),
            ("error_id", &self.error_id),
            ("tool_name", &self.tool),
            ("code", &self.code),
            ("jti", &self.jti),
            ("request_id", &self.request_id),
        ];
        let fits = |(name, wanted): (&str, &Option<String>)| {
            wanted.is_none() || event.get(name).and_then(Value::as_str) == wanted.as_deref()
        };
        wanted.into_iter().all(fits)
    }

    /// A line without a readable time fits no range.
    fn fits_time(&self, event: &Map<String, Value>) -> bool {
        if self.since.is_none() && self.until.is_none() {
            return true;
        }
        let time = event.get("timestamp").and_then(Value::as_str).and_then(milliseconds);
        time.is_some_and(|time| {
            self.since.is_none_or(|since| since.since_epoch().as_millis() <= time)
                && self.until.is_none_or(|until| time < until.since_epoch().as_millis())
        })
    }
}

fn milliseconds(text: &str) -> Option<u128> {
    DateTime::parse_from_rfc3339(text).ok()?.timestamp_millis().try_into().ok()
}
