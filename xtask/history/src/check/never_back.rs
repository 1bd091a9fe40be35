//! P3: never un-revoked.

use std::collections::HashMap;

use super::{Property, Violation, accepted, admissions, when};
use crate::cover::Mark;
use crate::record::{AdmitAnswer, Record};

/// P3: a token that a node refused as revoked is not accepted there by a request that was invoked after that answer. A
/// user who is disabled may be enabled again, so that refusal does not count.
pub fn never_back(history: &[Record]) -> Vec<Violation> {
    let mut refused: HashMap<(&str, &str), Mark> = HashMap::new();
    for admission in admissions(history).filter(|it| it.answer == AdmitAnswer::Revoked) {
        let mark = Mark { at: admission.record.returned, by: admission.place };
        let first = refused.entry((&admission.record.node, &admission.token.id)).or_insert(mark);
        *first = mark.min(*first);
    }
    let back = accepted(history).filter_map(|admission| {
        let first = refused.get(&(&*admission.record.node, &*admission.token.id))?;
        (admission.record.invoked > first.at).then_some(())?;
        let why = format!("which {} had refused there as revoked", when(first.by, first.at));
        Some(admission.violation(Property::NeverBack, Some(first.by), &why))
    });
    back.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::samples::{ACCEPTED, admit};

    #[test]
    fn what_was_accepted_before_or_elsewhere_is_no_return() {
        let history = [
            admit("a", 0, 10, "t1", AdmitAnswer::Revoked),
            admit("a", 10, 12, "t1", ACCEPTED),
            admit("b", 11, 12, "t1", ACCEPTED),
            admit("a", 0, 1, "t2", AdmitAnswer::Blocked),
            admit("a", 0, 1, "t2", AdmitAnswer::Refused),
            admit("a", 2, 3, "t2", ACCEPTED),
        ];
        assert_eq!(never_back(&history), []);
    }

    #[test]
    fn a_token_that_comes_back_is_named() {
        let history = [
            admit("a", 11, 12, "t1", ACCEPTED),
            admit("a", 0, 20, "t1", AdmitAnswer::Revoked),
            admit("a", 0, 10, "t1", AdmitAnswer::Revoked),
        ];
        let found = never_back(&history);
        assert_eq!(found.len(), 1);
        assert_eq!(
            found[0].to_string(),
            "P3 NeverBack: operation 1 at 11ns accepted `t1` on a, which operation 3 at 10ns had \
             refused there as revoked"
        );
    }
}
