//! One round of reading a log.
//!
//! The commands run in this order, and the order is what makes a round say something: the log is read first; then the id shows
//! that what was read belongs to the data that were followed so far; then the line at which the last round ended shows that
//! nothing was rolled back or cut off before it, because a log only grows behind its last line; and the node says whether it
//! still takes itself for the primary.

use std::time::Duration;

use mcp_auth::store::Revocation;
use redis::aio::MultiplexedConnection;
use redis::{RedisResult, Value, cmd};

use crate::address::Address;
use crate::failure::Failure;
use crate::keys::PartitionKeys;
use crate::moment::Moment;
use crate::revocations::row;
use crate::role::is_primary;
use crate::script::Ask;

/// How long the engine waits for news before it says that there are none.
pub(crate) const BLOCK: Duration = Duration::from_millis(250);

/// Lines that are read at once.
const PORTION: usize = 4_096;

/// How far a log was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The id of the data.
    pub(crate) id: String,
    /// No lease is given to a round that began before: after the data were begun anew, other nodes need time to give back what
    /// they know.
    pub(crate) settled_at: Moment,
    pub(crate) cursor: Cursor,
}

/// The last line that was read, as the engine gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cursor {
    /// The log was empty.
    Start,
    /// This one.
    Line(Line),
}

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) number: Vec<u8>,
    pub(crate) kind: Vec<u8>,
    pub(crate) text: Vec<u8>,
}

impl Cursor {
    fn number(&self) -> &[u8] {
        match self {
            Self::Start => b"0-0",
            Self::Line(line) => &line.number,
        }
    }

    fn is_before(&self, other: &Self) -> bool {
        match (order(self.number()), order(other.number())) {
            (Some(own), Some(other)) => own < other,
            _ => false,
        }
    }
}

impl Place {
    /// Whether data with this id, whose log begins and ends there, are those of an earlier time: a backup that was restored.
    /// A log only grows behind its last line and is cut off at its beginning. So where this place was lost, the log must
    /// begin behind it; and no older data come after younger ones.
    pub(super) fn was_rolled_back(&self, id: &str, first: &Cursor, last: &Cursor) -> bool {
        if id != self.id {
            return made_at(id) < made_at(&self.id);
        }
        last.is_before(&self.cursor) || !self.cursor.is_before(first)
    }
}

/// When data got this id, in milliseconds of the engine's clock.
pub(super) fn made_at(id: &str) -> Option<u64> {
    id.rsplit_once(':').and_then(|(_, made_at)| made_at.parse().ok())
}

/// The number of a line, `milliseconds-sequence`, as it is ordered.
fn order(number: &[u8]) -> Option<(u64, u64)> {
    let (milliseconds, sequence) = std::str::from_utf8(number).ok()?.split_once('-')?;
    Some((milliseconds.parse().ok()?, sequence.parse().ok()?))
}

/// Reads what follows the place, and waits for it a while.
pub(super) async fn read(
    keys: &PartitionKeys,
    place: &Place,
    connection: &mut MultiplexedConnection,
) -> RedisResult<Vec<Value>> {
    let cursor = place.cursor.number();
    let mut ask = Ask::new();
    let mut news = cmd("XREAD");
    news.arg("COUNT").arg(PORTION).arg("BLOCK").arg(BLOCK.as_millis().to_string());
    news.arg("STREAMS").arg(&keys.log).arg(cursor);
    ask.add(news);
    ask.add(cmd("GET").arg(&keys.id).to_owned());
    ask.add(cmd("XRANGE").arg(&keys.log).arg(cursor).arg(cursor).to_owned());
    ask.add(cmd("ROLE").clone());
    ask.send(connection).await
}

/// What a round brought.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Round {
    pub(super) news: Vec<Revocation>,
    pub(super) cursor: Cursor,
    /// Whether it came to the end of the log.
    pub(super) is_complete: bool,
}

impl Round {
    /// Reads the answers; `None` where they are not about the data that were followed.
    pub(super) fn of(
        answers: Vec<Value>,
        place: &Place,
        node: &Address,
    ) -> Result<Option<Self>, Failure> {
        let [news, id, last, role] =
            <[Value; 4]>::try_from(answers).map_err(|_| Failure::Corrupt("a round"))?;
        if !is_primary(&role) {
            return Err(Failure::Demoted(node.clone()));
        }
        if !is_id(&id, &place.id) || !is_still_there(last, &place.cursor)? {
            return Ok(None);
        }
        let lines = lines_of_stream(news)?;
        let is_complete = lines.len() < PORTION;
        // From the start nobody sees what was cut off, and a log that was cut is longer than a portion.
        if place.cursor == Cursor::Start && !is_complete {
            return Ok(None);
        }
        let news: Result<_, _> =
            lines.iter().map(|line| row::read(&line.kind, &line.text)).collect();
        let cursor = lines.into_iter().next_back().map_or(place.cursor.clone(), Cursor::Line);
        Ok(Some(Self { news: news?, cursor, is_complete }))
    }
}

fn is_id(answer: &Value, id: &str) -> bool {
    matches!(answer, Value::BulkString(held) if held == id.as_bytes())
}

fn is_still_there(answer: Value, cursor: &Cursor) -> Result<bool, Failure> {
    let Cursor::Line(line) = cursor else { return Ok(true) };
    Ok(lines(answer)?.first() == Some(line))
}

/// The lines of the one stream that was read; none where the wait was in vain.
fn lines_of_stream(answer: Value) -> Result<Vec<Line>, Failure> {
    let mut streams = match answer {
        Value::Nil => return Ok(Vec::new()),
        answer => array(answer)?,
    };
    match (streams.pop(), streams.is_empty()) {
        (Some(stream), true) => lines(array(stream)?.pop().ok_or(BAD)?),
        _ => Err(BAD),
    }
}

/// Lines as `XRANGE` and its kin give them.
pub(super) fn lines(answer: Value) -> Result<Vec<Line>, Failure> {
    array(answer)?.into_iter().map(line).collect()
}

fn line(answer: Value) -> Result<Line, Failure> {
    let [number, fields] = <[Value; 2]>::try_from(array(answer)?).map_err(|_| BAD)?;
    let [kind, text] = <[Value; 2]>::try_from(array(fields)?).map_err(|_| BAD)?;
    Ok(Line { number: bytes(number)?, kind: bytes(kind)?, text: bytes(text)? })
}

const BAD: Failure = Failure::Corrupt("the log of revocations");

fn array(value: Value) -> Result<Vec<Value>, Failure> {
    if let Value::Array(values) = value { Ok(values) } else { Err(BAD) }
}

fn bytes(value: Value) -> Result<Vec<u8>, Failure> {
    if let Value::BulkString(bytes) = value { Ok(bytes) } else { Err(BAD) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::BulkString(text.into())
    }

    fn entry(number: &str, id: char) -> Value {
        let said = format!("{}{:012}", id.to_string().repeat(16), 9);
        Value::Array(vec![text(number), Value::Array(vec![text("e"), text(&said)])])
    }

    fn place(cursor: Cursor) -> Place {
        Place { id: "one".to_owned(), settled_at: Moment::default(), cursor }
    }

    fn at(number: &str, id: char) -> Place {
        place(Cursor::Line(line(entry(number, id)).unwrap()))
    }

    fn role(name: &str) -> Value {
        Value::Array(vec![text(name), Value::Int(0), Value::Array(vec![])])
    }

    fn news(lines: Vec<Value>) -> Value {
        Value::Array(vec![Value::Array(vec![text("log"), Value::Array(lines)])])
    }

    fn round(answers: [Value; 4], place: &Place) -> Result<Option<Round>, Failure> {
        Round::of(answers.into(), place, &Address::new("node", 1))
    }

    #[test]
    fn news_move_the_cursor() {
        let there = at("1-0", 'a');
        let held = Value::Array(vec![entry("1-0", 'a')]);
        let quiet = [Value::Nil, text("one"), held.clone(), role("master")];
        let quiet = round(quiet, &there).unwrap().unwrap();
        assert!(quiet.news.is_empty() && quiet.is_complete && quiet.cursor == there.cursor);
        let answers = [news(vec![entry("2-0", 'b')]), text("one"), held, role("master")];
        let moved = round(answers, &there).unwrap().unwrap();
        assert_eq!((moved.news.len(), moved.cursor), (1, at("2-0", 'b').cursor));
    }

    #[test]
    fn a_place_that_no_longer_holds_is_given_up() {
        let there = at("1-0", 'a');
        let held = || Value::Array(vec![entry("1-0", 'a')]);
        let other = || Value::Array(vec![entry("1-0", 'b')]);
        for (id, last) in [
            (text("two"), held()),
            (Value::Nil, held()),
            (text("one"), Value::Array(vec![])),
            (text("one"), other()),
        ] {
            let read = round([Value::Nil, id, last, role("master")], &there);
            assert_eq!(read.unwrap(), None);
        }
    }

    #[test]
    fn lines_are_ordered_by_number_and_not_by_digits() {
        let [nine, ten, next] = ["9-0", "10-0", "10-1"].map(|number| at(number, 'a').cursor);
        assert!(Cursor::Start.is_before(&nine) && nine.is_before(&ten) && ten.is_before(&next));
        assert!(!ten.is_before(&ten) && !ten.is_before(&Cursor::Start));
    }

    #[test]
    fn a_restored_backup_is_told_from_a_log_that_was_cut_off() {
        let line = |number| at(number, 'a').cursor;
        let lost = Place { id: "a:5".to_owned(), ..at("20-0", 'a') };
        let rolled_back = |id, first, last| lost.was_rolled_back(id, &line(first), &line(last));
        assert!(rolled_back("a:5", "1-0", "9-0"), "it ends before");
        assert!(rolled_back("a:5", "1-0", "30-0"), "and others have written since");
        assert!(!rolled_back("a:5", "21-0", "30-0"), "it was cut off");
        assert!(lost.was_rolled_back("a:5", &Cursor::Start, &Cursor::Start), "it is empty");
        assert!(rolled_back("b:4", "1-0", "30-0") && !rolled_back("b:6", "1-0", "30-0"));
    }

    #[test]
    fn a_replica_is_not_believed() {
        let answers = [Value::Nil, text("one"), Value::Array(vec![]), role("slave")];
        assert!(matches!(round(answers, &place(Cursor::Start)), Err(Failure::Demoted(_))));
    }

    #[test]
    fn a_full_portion_is_not_the_end() {
        let lines = (1..=PORTION).map(|number| entry(&format!("{number}-0"), 'a')).collect();
        let held = Value::Array(vec![entry("0-1", 'a')]);
        let answers = [news(lines), text("one"), held, role("master")];
        let read = round(answers.clone(), &at("0-1", 'a')).unwrap().unwrap();
        assert!(!read.is_complete);
        assert_eq!(read.news.len(), PORTION);
        let from_the_start = round(answers, &place(Cursor::Start)).unwrap();
        assert_eq!(from_the_start, None, "some of it may have been cut off");
    }
}
