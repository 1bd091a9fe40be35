//! P5: refresh tokens are single-use.

use std::collections::HashMap;

use super::{Property, Violation, when};
use crate::record::{Operation, Record, RefreshAnswer};

/// P5: the counter of a grant is a register that exchanges move forward one by one.
///
/// - One parent has one successor. A client that lost the answer may be given the same one again.
/// - A parent that was replaced is not exchanged: not by an exchange that was invoked after one of a higher counter had
///   returned.
/// - A grant that ended by reuse is over: no exchange that was invoked after that answer succeeds.
pub fn families(history: &[Record]) -> Vec<Violation> {
    let mut grants: HashMap<&str, Vec<Exchange<'_>>> = HashMap::new();
    for (place, record) in history.iter().enumerate() {
        if let Operation::Refresh { grant, parent, answer } = &record.operation {
            let exchange = Exchange { place, record, parent: *parent, answer };
            grants.entry(grant).or_default().push(exchange);
        }
    }
    let mut found: Vec<Violation> =
        grants.into_iter().flat_map(|(grant, exchanges)| family(grant, &exchanges)).collect();
    found.sort_unstable_by(|one, other| one.operations.cmp(&other.operations));
    found
}

#[derive(Debug, Clone, Copy)]
struct Exchange<'h> {
    place: usize,
    record: &'h Record,
    parent: u64,
    answer: &'h RefreshAnswer,
}

impl<'h> Exchange<'h> {
    fn successor(&self) -> Option<&'h str> {
        match self.answer {
            RefreshAnswer::Successor(id) => Some(id),
            _ => None,
        }
    }

    /// The lowest counter that can be exchanged, with the same successor, once this has returned.
    fn floor(&self) -> Option<u64> {
        match self.answer {
            RefreshAnswer::Successor(_) => Some(self.parent),
            RefreshAnswer::Reuse => Some(u64::MAX),
            RefreshAnswer::Error | RefreshAnswer::Lost => None,
        }
    }
}

fn family(grant: &str, exchanges: &[Exchange<'_>]) -> Vec<Violation> {
    let mut found = twins(grant, exchanges);
    found.extend(latecomers(grant, exchanges));
    found
}

fn twins(grant: &str, exchanges: &[Exchange<'_>]) -> Vec<Violation> {
    let mut first: HashMap<u64, (usize, &str)> = HashMap::new();
    let successors = exchanges.iter().filter_map(|it| Some((it, it.successor()?)));
    let twins = successors.filter_map(|(exchange, id)| {
        let (by, elder) = *first.entry(exchange.parent).or_insert((exchange.place, id));
        (elder != id).then(|| {
            let message = format!(
                "{} gave `{id}` for refresh token {} of grant `{grant}`, for which operation {} had \
                 given `{elder}`",
                when(exchange.place, exchange.record.returned),
                exchange.parent,
                by + 1,
            );
            violation(message, by, exchange)
        })
    });
    twins.collect()
}

/// Goes through the exchanges as they were invoked, beside what has returned by then.
fn latecomers(grant: &str, exchanges: &[Exchange<'_>]) -> Vec<Violation> {
    let mut by_return: Vec<_> = exchanges.iter().filter(|it| it.floor().is_some()).collect();
    by_return.sort_by_key(|it| it.record.returned);
    let mut by_return = by_return.into_iter().peekable();
    let mut invoked: Vec<_> = exchanges.iter().filter(|it| it.successor().is_some()).collect();
    invoked.sort_by_key(|it| it.record.invoked);
    let mut furthest: Option<&Exchange<'_>> = None;
    let late = invoked.into_iter().filter_map(|exchange| {
        while let Some(past) = by_return.next_if(|it| it.record.returned < exchange.record.invoked)
        {
            furthest = furthest.into_iter().chain([past]).max_by_key(|it| it.floor());
        }
        let past = furthest.filter(|past| past.floor() > Some(exchange.parent))?;
        let message = format!(
            "{} exchanged refresh token {} of grant `{grant}`, which was over since {}",
            when(exchange.place, exchange.record.invoked),
            exchange.parent,
            when(past.place, past.record.returned),
        );
        Some(violation(message, past.place, exchange))
    });
    late.collect()
}

fn violation(message: String, by: usize, exchange: &Exchange<'_>) -> Violation {
    let operations = vec![by, exchange.place];
    Violation { property: Property::Families, message, operations }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::samples::refresh;

    fn successor(id: &str) -> RefreshAnswer {
        RefreshAnswer::Successor(id.into())
    }

    #[test]
    fn answers_again_races_and_other_grants_are_fine() {
        let history = [
            refresh("a", 0, "g1", 0, successor("r1")),
            refresh("b", 5, "g1", 0, successor("r1")),
            refresh("b", 20, "g1", 1, successor("r2")),
            // Invoked before that returned.
            refresh("c", 30, "g1", 0, successor("r1")),
            refresh("a", 0, "g2", 0, successor("s1")),
            refresh("c", 50, "g1", 0, RefreshAnswer::Reuse),
            refresh("c", 70, "g1", 2, RefreshAnswer::Error),
            refresh("c", 60, "g1", 2, successor("r3")),
        ];
        assert_eq!(families(&history), []);
    }

    #[test]
    fn two_successors_are_named() {
        let history =
            [refresh("a", 0, "g1", 4, successor("r5")), refresh("b", 5, "g1", 4, successor("x5"))];
        let found = families(&history);
        assert_eq!(found.len(), 1);
        assert_eq!(
            found[0].to_string(),
            "P5 Families: operation 2 at 15ns gave `x5` for refresh token 4 of grant `g1`, for which \
             operation 1 had given `r5`"
        );
    }

    #[test]
    fn what_is_over_is_over() {
        for over in [
            refresh("a", 0, "g1", 5, successor("r6")),
            refresh("a", 0, "g1", 1, RefreshAnswer::Reuse),
        ] {
            let late = refresh("b", 11, "g1", 4, successor("r5"));
            let found = families(&[late, over]);
            assert_eq!(found.len(), 1);
            assert_eq!(
                found[0].to_string(),
                "P5 Families: operation 1 at 11ns exchanged refresh token 4 of grant `g1`, which was \
                 over since operation 2 at 10ns"
            );
        }
    }
}
