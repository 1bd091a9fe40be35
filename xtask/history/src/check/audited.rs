//! P6: every acknowledged mutation is in the audit.

use std::collections::{HashMap, HashSet};

use super::{Property, Violation, revocations, when};
use crate::record::{Audited, Operation, Record, RefreshAnswer, RevokeAnswer, Target};

/// P6: the audit of the node that answered has a line for every revocation that it acknowledged, and two for two of the
/// same. For the exchanges of a grant, which any node may answer again, the audits together have a line for every
/// successor, and one that the grant was revoked where reuse was answered. No audit has two lines of one number.
pub fn audited(history: &[Record]) -> Vec<Violation> {
    let mut lines = Lines::of(history);
    let mut found = lines.take_twins();
    found.extend(revoked(history, &mut lines));
    found.extend(exchanged(history, &mut lines));
    found
}

/// The lines of the audits that no operation has claimed yet.
#[derive(Debug, Default)]
struct Lines<'h> {
    revoked: HashMap<(&'h str, &'h Target), usize>,
    /// Grants that have a line of their end, in any audit.
    ended: HashSet<&'h str>,
    refreshed: HashMap<&'h str, usize>,
    twins: Vec<Violation>,
}

impl<'h> Lines<'h> {
    fn of(history: &'h [Record]) -> Self {
        let mut lines = Self::default();
        let mut numbers: HashMap<(&str, u64), usize> = HashMap::new();
        for (place, record) in history.iter().enumerate() {
            let Operation::AuditLine { seq, what } = &record.operation else {
                continue;
            };
            if let Some(first) = numbers.insert((&record.node, *seq), place) {
                let node = &record.node;
                let message = format!("the audit of {node} has two lines of number {seq}");
                lines.twins.push(violation(message, vec![first, place]));
            }
            lines.add(&record.node, what);
        }
        lines
    }

    fn add(&mut self, node: &'h str, what: &'h Audited) {
        match what {
            Audited::Revoked(target) => {
                *self.revoked.entry((node, target)).or_default() += 1;
                if let Target::Grant(grant) = target {
                    self.ended.insert(grant);
                }
            }
            Audited::Refreshed(grant) => *self.refreshed.entry(grant).or_default() += 1,
        }
    }

    fn take_twins(&mut self) -> Vec<Violation> {
        std::mem::take(&mut self.twins)
    }
}

fn revoked<'h>(history: &'h [Record], lines: &mut Lines<'h>) -> Vec<Violation> {
    let acknowledged = revocations(history)
        .filter(|revoking| matches!(revoking.answer, RevokeAnswer::Revoked { .. }));
    let missing = acknowledged.filter(|revoking| {
        !claim(lines.revoked.get_mut(&(&*revoking.record.node, revoking.target)))
    });
    missing
        .map(|revoking| {
            let message = format!(
                "{} acknowledged on {} that {} is revoked, and has no line in the audit there",
                when(revoking.place, revoking.record.returned),
                revoking.record.node,
                revoking.target,
            );
            violation(message, vec![revoking.place])
        })
        .collect()
}

/// Takes one line, if there is one left.
fn claim(left: Option<&mut usize>) -> bool {
    let Some(left) = left.filter(|left| **left > 0) else {
        return false;
    };
    *left -= 1;
    true
}

fn exchanged<'h>(history: &'h [Record], lines: &mut Lines<'h>) -> Vec<Violation> {
    let mut seen: HashSet<(&str, &str)> = HashSet::new();
    let refreshes = history.iter().enumerate().filter_map(|(place, record)| {
        let Operation::Refresh { grant, answer, .. } = &record.operation else {
            return None;
        };
        let (is_there, what) = match answer {
            RefreshAnswer::Successor(id) if seen.insert((grant, id)) => {
                (claim(lines.refreshed.get_mut(&**grant)), "was refreshed")
            }
            RefreshAnswer::Reuse => (lines.ended.contains(&**grant), "ended by reuse"),
            _ => return None,
        };
        let time = when(place, record.returned);
        (!is_there).then(|| {
            let message =
                format!("{time} says that grant `{grant}` {what}, and no audit has a line of it");
            violation(message, vec![place])
        })
    });
    refreshes.collect()
}

fn violation(message: String, operations: Vec<usize>) -> Violation {
    Violation { property: Property::Audited, message, operations }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::samples::{line, refresh, revoke, unbounded};

    fn target() -> Target {
        Target::Grant("g1".into())
    }

    fn successor(id: &str) -> RefreshAnswer {
        RefreshAnswer::Successor(id.into())
    }

    #[test]
    fn one_line_for_each_is_enough() {
        let history = [
            revoke("a", 0, 9, target(), unbounded()),
            revoke("a", 0, 9, target(), unbounded()),
            revoke("b", 0, 9, target(), RevokeAnswer::Lost),
            refresh("a", 0, "g1", 0, successor("r1")),
            refresh("b", 0, "g1", 0, successor("r1")),
            refresh("b", 0, "g1", 0, RefreshAnswer::Reuse),
            line("a", 1, Audited::Revoked(target())),
            line("a", 2, Audited::Revoked(target())),
            line("b", 1, Audited::Refreshed("g1".into())),
        ];
        assert_eq!(audited(&history), []);
    }

    #[test]
    fn a_revocation_without_a_line_there_is_named() {
        let history = [
            revoke("a", 0, 9, target(), unbounded()),
            line("b", 1, Audited::Revoked(target())),
            line("a", 1, Audited::Revoked(Target::Token("g1".into()))),
        ];
        let found = audited(&history);
        assert_eq!(found.len(), 1);
        assert_eq!(
            found[0].to_string(),
            "P6 Audited: operation 1 at 9ns acknowledged on a that grant `g1` is revoked, and has no \
             line in the audit there"
        );
    }

    #[test]
    fn an_exchange_without_a_line_is_named() {
        for (answer, what) in
            [(successor("r2"), "was refreshed"), (RefreshAnswer::Reuse, "ended by reuse")]
        {
            let history = [
                refresh("a", 0, "g1", 0, successor("r1")),
                refresh("a", 5, "g1", 1, answer),
                line("a", 1, Audited::Refreshed("g1".into())),
            ];
            let found: Vec<_> = audited(&history).iter().map(ToString::to_string).collect();
            let wanted = format!(
                "P6 Audited: operation 2 at 15ns says that grant `g1` {what}, and no audit has a line of it"
            );
            assert_eq!(found, [wanted]);
        }
    }

    #[test]
    fn a_number_that_stands_twice_is_named() {
        let twice = line("a", 7, Audited::Refreshed("g1".into()));
        let found = audited(&[twice.clone(), twice]);
        let shown: Vec<_> = found.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["P6 Audited: the audit of a has two lines of number 7"]);
    }
}
