//! The promises, one file each.

mod audited;
mod available;
mod bound;
mod fails_closed;
mod families;
mod never_back;
mod nothing_false;
mod own_node;
#[cfg(test)]
pub(crate) mod samples;

use std::fmt;
use std::time::Duration;

pub use self::audited::audited;
pub use self::available::available;
pub use self::bound::bound;
pub use self::fails_closed::fails_closed;
pub use self::families::families;
pub use self::never_back::never_back;
pub use self::nothing_false::nothing_false;
pub use self::own_node::own_node;
use crate::record::{AdmitAnswer, Operation, Record, RevokeAnswer, Target, Token};

/// The times that the gateways were configured with, and what a test grants them on top.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How long a lease lasts.
    pub lease: Duration,
    /// How long it takes to make a fault or to undo it, and how late a busy machine may notice that a lease is over.
    pub slack: Duration,
    /// How long after the end of a fault a node may still answer 503.
    pub recovery: Duration,
}

/// A promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Property {
    /// P1, [`bound`].
    Bound,
    /// P2, [`own_node`].
    OwnNode,
    /// P3, [`never_back`].
    NeverBack,
    /// P4, [`nothing_false`].
    NothingFalse,
    /// P5, [`families`].
    Families,
    /// P6, [`audited`].
    Audited,
    /// P7, [`fails_closed`].
    FailsClosed,
    /// P8, [`available`].
    Available,
}

/// A promise that was broken, by which operations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which promise.
    pub property: Property,
    /// What happened, in a sentence; operations are numbered from 1, as the lines of the history.
    pub message: String,
    /// The operations, by their place in the history, from 0.
    pub operations: Vec<usize>,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "P{} {:?}: {}", self.property as u8 + 1, self.property, self.message)
    }
}

/// All checks, in the order of the properties. Its work grows with the history about as sorting it does.
pub fn check_all(history: &[Record], limits: &Limits) -> Vec<Violation> {
    let mut found = bound(history);
    found.extend(own_node(history));
    found.extend(never_back(history));
    found.extend(nothing_false(history));
    found.extend(families(history));
    found.extend(audited(history));
    found.extend(fails_closed(history, limits));
    found.extend(available(history, limits));
    found
}

/// An operation with a time, for messages.
fn when(place: usize, time: u64) -> String {
    format!("operation {} at {:?}", place + 1, Duration::from_nanos(time))
}

fn nanoseconds(duration: Duration) -> u64 {
    duration.as_nanos().try_into().unwrap_or(u64::MAX)
}

/// A request with a token.
#[derive(Debug, Clone, Copy)]
struct Admission<'h> {
    place: usize,
    record: &'h Record,
    token: &'h Token,
    answer: AdmitAnswer,
}

impl Admission<'_> {
    /// Its answer breaks a promise, because of an earlier operation or for want of one.
    fn violation(self, property: Property, cause: Option<usize>, why: &str) -> Violation {
        let (operation, did) = (when(self.place, self.record.invoked), did(self.answer));
        let message =
            format!("{operation} {did} `{}` on {}, {why}", self.token.id, self.record.node);
        let operations = cause.into_iter().chain([self.place]).collect();
        Violation { property, message, operations }
    }
}

fn did(answer: AdmitAnswer) -> &'static str {
    match answer {
        AdmitAnswer::Accepted => "accepted",
        AdmitAnswer::Revoked => "refused as revoked",
        AdmitAnswer::Blocked => "refused as blocked",
        AdmitAnswer::Refused => "refused",
        AdmitAnswer::Unavailable => "answered 503 to",
        AdmitAnswer::Lost => "did not answer",
    }
}

fn admissions(history: &[Record]) -> impl Iterator<Item = Admission<'_>> {
    history.iter().enumerate().filter_map(|(place, record)| match &record.operation {
        Operation::Admit { token, answer } => {
            Some(Admission { place, record, token, answer: *answer })
        }
        _ => None,
    })
}

fn accepted(history: &[Record]) -> impl Iterator<Item = Admission<'_>> {
    admissions(history).filter(|admission| admission.answer == AdmitAnswer::Accepted)
}

/// A request to revoke.
#[derive(Debug, Clone, Copy)]
struct Revoking<'h> {
    place: usize,
    record: &'h Record,
    target: &'h Target,
    below: Option<u64>,
    answer: RevokeAnswer,
}

fn revocations(history: &[Record]) -> impl Iterator<Item = Revoking<'_>> {
    history.iter().enumerate().filter_map(|(place, record)| match &record.operation {
        Operation::Revoke { target, below, answer } => {
            Some(Revoking { place, record, target, below: *below, answer: *answer })
        }
        _ => None,
    })
}
