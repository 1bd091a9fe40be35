//! The lines of the file: an order, or the number of one that has arrived.

use std::collections::BTreeMap;

use mcp_auth::clock::NumericDate;
use mcp_auth::store::{Order, Revocation, RevocationId, TokenDigest, UserEntry};
use serde::{Deserialize, Serialize};

/// An order that outlives its caller.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct OwnedOrder {
    pub(crate) revocations: Vec<Revocation>,
    pub(crate) tokens: Vec<(TokenDigest, NumericDate)>,
}

impl OwnedOrder {
    pub(crate) fn of(order: &Order<'_>) -> Self {
        Self { revocations: order.revocations.to_vec(), tokens: order.tokens.to_vec() }
    }

    pub(crate) fn as_order(&self) -> Order<'_> {
        Order { revocations: &self.revocations, tokens: &self.tokens }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Order { number: u64, revocations: Vec<Written>, tokens: Vec<(String, u64)> },
    Done { number: u64 },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Written {
    Entry { id: String, keep_until: u64 },
    User { id: String, keep_until: u64, generation: u64, blocked: bool, not_before: u64 },
}

/// The line of an order, with its end.
pub(super) fn of_order(number: u64, order: &OwnedOrder) -> String {
    let tokens = order.tokens.iter().map(|(token, ends)| (token.to_string(), ends.seconds()));
    let revocations = order.revocations.iter().map(Written::of).collect();
    text(&Line::Order { number, revocations, tokens: tokens.collect() })
}

/// The line of an order that has arrived.
pub(super) fn of_done(number: u64) -> String {
    text(&Line::Done { number })
}

/// What a file holds that has not arrived.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Unfinished {
    pub(super) orders: Vec<OwnedOrder>,
    /// Whether it has lines that nobody can read any more.
    pub(super) is_damaged: bool,
}

/// The orders of a file that have not arrived. A last line without end was not promised to anybody.
pub(super) fn unfinished(text: &str) -> Unfinished {
    let whole = text.rfind('\n').map_or("", |end| text.split_at(end).0);
    let (mut open, mut is_damaged) = (BTreeMap::new(), false);
    for line in whole.lines().filter(|line| !line.is_empty()) {
        match Entry::read(line) {
            Some(Entry::Order(number, order)) => drop(open.insert(number, order)),
            Some(Entry::Done(number)) => drop(open.remove(&number)),
            None => is_damaged = true,
        }
    }
    Unfinished { orders: open.into_values().collect(), is_damaged }
}

/// A line as it is meant.
enum Entry {
    Order(u64, OwnedOrder),
    Done(u64),
}

impl Entry {
    fn read(line: &str) -> Option<Self> {
        match serde_json::from_str(line).ok()? {
            Line::Order { number, revocations, tokens } => {
                Some(Self::Order(number, read(&revocations, &tokens)?))
            }
            Line::Done { number } => Some(Self::Done(number)),
        }
    }
}

fn text(line: &Line) -> String {
    let mut text = serde_json::to_string(line).unwrap_or_default();
    text.push('\n');
    text
}

fn read(revocations: &[Written], tokens: &[(String, u64)]) -> Option<OwnedOrder> {
    let revocations: Option<_> = revocations.iter().map(Written::read).collect();
    let tokens: Option<_> = tokens
        .iter()
        .map(|(token, ends)| {
            let digest = TokenDigest::from_bytes(hex::decode(token).ok()?.try_into().ok()?);
            Some((digest, NumericDate::new(*ends)?))
        })
        .collect();
    Some(OwnedOrder { revocations: revocations?, tokens: tokens? })
}

impl Written {
    fn of(revocation: &Revocation) -> Self {
        let keep_until = revocation.keep_until().seconds();
        match revocation {
            Revocation::Entry { id, .. } => {
                Self::Entry { id: hex::encode(id.as_bytes()), keep_until }
            }
            Revocation::User { id, entry, .. } => Self::User {
                id: hex::encode(id.as_bytes()),
                keep_until,
                generation: entry.generation,
                blocked: entry.blocked,
                not_before: entry.not_before.seconds(),
            },
        }
    }

    fn read(&self) -> Option<Revocation> {
        let id = |text: &str| {
            let bytes = hex::decode(text).ok()?.try_into().ok()?;
            Some(RevocationId::from_bytes(bytes))
        };
        Some(match self {
            Self::Entry { id: text, keep_until } => {
                Revocation::Entry { id: id(text)?, keep_until: NumericDate::new(*keep_until)? }
            }
            Self::User { id: text, keep_until, generation, blocked, not_before } => {
                let not_before = NumericDate::new(*not_before)?;
                let entry = UserEntry { generation: *generation, blocked: *blocked, not_before };
                let keep_until = NumericDate::new(*keep_until)?;
                Revocation::User { id: id(text)?, entry, keep_until }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(id: u8) -> OwnedOrder {
        let keep_until = NumericDate::new(7).unwrap();
        let entry = UserEntry { generation: u64::MAX, blocked: true, not_before: keep_until };
        let id = RevocationId::from_bytes([id; 16]);
        OwnedOrder {
            revocations: vec![
                Revocation::Entry { id, keep_until },
                Revocation::User { id, entry, keep_until },
            ],
            tokens: vec![(TokenDigest::of(b"token"), keep_until)],
        }
    }

    #[test]
    fn what_has_not_arrived_is_found_again() {
        let all = [of_order(1, &order(1)), of_order(2, &order(2)), of_done(1)].concat();
        assert_eq!(unfinished(&all).orders, [order(2)]);
    }

    #[test]
    fn a_torn_end_is_no_order() {
        let whole = of_order(1, &order(1));
        let torn = of_order(2, &order(2));
        for cut in 0..torn.len() {
            let text = format!("{whole}{}", torn.split_at(cut).0);
            let expected = Unfinished { orders: vec![order(1)], is_damaged: false };
            assert_eq!(unfinished(&text), expected, "cut at {cut}");
        }
    }

    #[test]
    fn a_line_that_cannot_be_read_costs_no_other() {
        let all =
            [&of_order(1, &order(1)), "{\"order\":\n", "\n", &of_order(2, &order(2))].concat();
        let expected = Unfinished { orders: vec![order(1), order(2)], is_damaged: true };
        assert_eq!(unfinished(&all), expected);
    }
}
