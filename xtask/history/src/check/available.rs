//! P8: no 503 while the engine is healthy.

use super::{Limits, Property, Violation, admissions, nanoseconds};
use crate::record::{AdmitAnswer, Operation, Record};
use crate::windows::{Window, Windows};

/// P8: no request is answered with 503 unless some part of it lies between the beginning of a fault and the recovery
/// after its end. A node that starts is a fault to be recorded.
pub fn available(history: &[Record], limits: &Limits) -> Vec<Violation> {
    let recovery = nanoseconds(limits.recovery);
    let faults = history.iter().enumerate().filter_map(|(by, record)| match record.operation {
        Operation::EngineFault { .. } => {
            Some(Window { from: record.invoked, to: record.returned.saturating_add(recovery), by })
        }
        _ => None,
    });
    let faults: Windows = faults.collect();
    let unavailable = admissions(history).filter(|it| it.answer == AdmitAnswer::Unavailable);
    let healthy = unavailable.filter(|it| !faults.touch(it.record.invoked, it.record.returned));
    let why = "outside of every fault and recovery";
    healthy.map(|admission| admission.violation(Property::Available, None, why)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::samples::{LIMITS, SECOND, admit, fault};

    const UNAVAILABLE: AdmitAnswer = AdmitAnswer::Unavailable;

    #[test]
    fn faults_and_the_time_to_recover_excuse() {
        let history = [
            fault(10 * SECOND, 20 * SECOND, &[]),
            admit("a", 9 * SECOND, 10 * SECOND, "t1", UNAVAILABLE),
            admit("a", 21 * SECOND, 22 * SECOND, "t1", UNAVAILABLE),
            admit("a", 40 * SECOND, 41 * SECOND, "t1", AdmitAnswer::Lost),
        ];
        assert_eq!(available(&history, &LIMITS), []);
    }

    #[test]
    fn nothing_else_does() {
        for (invoked, returned) in [(8, 9), (22, 23)] {
            let history = [
                fault(10 * SECOND, 20 * SECOND, &["a"]),
                admit("a", invoked * SECOND, returned * SECOND, "t1", UNAVAILABLE),
            ];
            let found = available(&history, &LIMITS);
            assert_eq!(found.len(), 1);
            let wanted = format!(
                "P8 Available: operation 2 at {invoked}s answered 503 to `t1` on a, outside of every \
                 fault and recovery"
            );
            assert_eq!(found[0].to_string(), wanted);
        }
    }
}
