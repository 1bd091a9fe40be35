//! P1: bounded staleness.

use std::time::Duration;

use super::{Property, Violation, accepted, nanoseconds, revocations};
use crate::cover::{Cover, Mark};
use crate::record::{Record, RevokeAnswer};

/// P1: of a revocation that was answered with a bound, no request that was invoked later than the bound after the answer
/// is accepted, on any node. A revocation that was answered without a bound promises nothing here, so the same check
/// serves every mode.
pub fn bound(history: &[Record]) -> Vec<Violation> {
    let mut ends = Cover::default();
    for revoked in revocations(history) {
        if let RevokeAnswer::Revoked { bound_ms: Some(bound), .. } = revoked.answer {
            let bound = nanoseconds(Duration::from_millis(bound));
            let at = revoked.record.returned.saturating_add(bound);
            ends.add(revoked.target, revoked.below, Mark { at, by: revoked.place });
        }
    }
    let late = accepted(history).filter_map(|admission| {
        let end = ends.earliest(admission.token)?;
        let late = admission.record.invoked.checked_sub(end.at).filter(|late| *late > 0)?;
        let late = Duration::from_nanos(late);
        let why = format!("{late:?} after the bound of the revocation in operation {}", end.by + 1);
        Some(admission.violation(Property::Bound, Some(end.by), &why))
    });
    late.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::samples::{ACCEPTED, SECOND, admit, bounded, revoke, token, unbounded};
    use crate::record::{Operation, Target, Token};

    #[test]
    fn what_is_invoked_within_the_bound_may_be_accepted() {
        let history = [
            revoke("a", 0, SECOND, Target::Token("t1".into()), bounded(2000)),
            admit("b", 3 * SECOND, 9 * SECOND, "t1", ACCEPTED),
            admit("b", 9 * SECOND, 10 * SECOND, "t2", ACCEPTED),
        ];
        assert_eq!(bound(&history), []);
    }

    #[test]
    fn what_is_invoked_after_it_may_not() {
        let history = [
            admit("b", 3 * SECOND + 1, 4 * SECOND, "t1", ACCEPTED),
            revoke("a", 0, SECOND, Target::Grant("g1".into()), bounded(2000)),
            revoke("c", 0, 2 * SECOND, Target::Key("k1".into()), bounded(2000)),
        ];
        let found = bound(&history);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].operations, [1, 0]);
        assert_eq!(
            found[0].to_string(),
            "P1 Bound: operation 1 at 3.000000001s accepted `t1` on b, 1ns after the bound of the \
             revocation in operation 2"
        );
    }

    #[test]
    fn an_answer_without_a_bound_promises_none() {
        let late = admit("b", 99 * SECOND, 100 * SECOND, "t1", ACCEPTED);
        let lost = RevokeAnswer::Lost;
        for answer in [unbounded(), RevokeAnswer::Error { status: 503 }, lost] {
            let revocation = revoke("a", 0, SECOND, Target::Token("t1".into()), answer);
            assert_eq!(bound(&[revocation, late.clone()]), []);
        }
    }

    #[test]
    fn a_younger_generation_of_the_user_stands() {
        let mut revocation = revoke("a", 0, SECOND, Target::User("u1".into()), bounded(2000));
        if let Operation::Revoke { below, .. } = &mut revocation.operation {
            *below = Some(4);
        }
        for (generation, count) in [(3, 1), (4, 0)] {
            let mut late = admit("b", 9 * SECOND, 9 * SECOND, "t1", ACCEPTED);
            let token = Token { generation, ..token("t1") };
            late.operation = Operation::Admit { token, answer: ACCEPTED };
            assert_eq!(bound(&[revocation.clone(), late]).len(), count, "{generation}");
        }
    }
}
