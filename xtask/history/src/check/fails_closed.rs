//! P7: fails closed.

use std::collections::HashMap;
use std::time::Duration;

use super::{Limits, Property, Violation, accepted, nanoseconds};
use crate::record::{Operation, Record};
use crate::windows::{Window, Windows};

/// P7: a node that reaches nothing of the engine accepts nothing once its last lease is over. That is a request that was
/// invoked later than the lease and the slack after the beginning, and that returned before the end less the slack.
pub fn fails_closed(history: &[Record], limits: &Limits) -> Vec<Violation> {
    let alone = cut_off(history);
    let grace = nanoseconds(limits.lease.saturating_add(limits.slack));
    let slack = nanoseconds(limits.slack);
    let open = accepted(history).filter_map(|admission| {
        let Record { node, invoked, returned, .. } = admission.record;
        let cut = alone.get(&**node)?.around(*invoked, returned.saturating_add(slack))?;
        (invoked - cut.from > grace).then_some(())?;
        let since = Duration::from_nanos(invoked - cut.from);
        let why = format!("{since:?} after operation {} cut it off from the engine", cut.by + 1);
        Some(admission.violation(Property::FailsClosed, Some(cut.by), &why))
    });
    open.collect()
}

/// For each node the times in which it reached nothing of the engine.
fn cut_off(history: &[Record]) -> HashMap<&str, Windows> {
    let mut nodes: HashMap<&str, Vec<Window>> = HashMap::new();
    for (by, record) in history.iter().enumerate() {
        if let Operation::EngineFault { cut_off, .. } = &record.operation {
            let window = Window { from: record.invoked, to: record.returned, by };
            for node in cut_off {
                nodes.entry(node).or_default().push(window);
            }
        }
    }
    nodes.into_iter().map(|(node, windows)| (node, windows.into_iter().collect())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::samples::{ACCEPTED, LIMITS, SECOND, admit, fault};
    use crate::record::AdmitAnswer;

    #[test]
    fn the_lease_the_others_and_the_end_are_allowed() {
        let history = [
            fault(10 * SECOND, 20 * SECOND, &["a"]),
            admit("a", 12 * SECOND + SECOND / 2, 14 * SECOND, "t1", ACCEPTED),
            admit("a", 15 * SECOND, 16 * SECOND, "t1", AdmitAnswer::Unavailable),
            admit("a", 19 * SECOND, 19 * SECOND + SECOND / 2 + 1, "t1", ACCEPTED),
            admit("b", 15 * SECOND, 16 * SECOND, "t1", ACCEPTED),
        ];
        assert_eq!(fails_closed(&history, &LIMITS), []);
    }

    #[test]
    fn faults_that_follow_each_other_are_one() {
        let history = [
            fault(12 * SECOND, 20 * SECOND, &["b", "a"]),
            fault(10 * SECOND, 12 * SECOND, &["a"]),
            admit("a", 13 * SECOND, 14 * SECOND, "t1", ACCEPTED),
        ];
        let found = fails_closed(&history, &LIMITS);
        assert_eq!(found.len(), 1);
        assert_eq!(
            found[0].to_string(),
            "P7 FailsClosed: operation 3 at 13s accepted `t1` on a, 3s after operation 2 cut it off \
             from the engine"
        );
    }
}
