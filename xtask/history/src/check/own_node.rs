//! P2: the revoking node refuses at once.

use std::collections::HashMap;

use super::{Property, Violation, accepted, revocations, when};
use crate::cover::{Cover, Mark};
use crate::record::{Record, RevokeAnswer};

/// P2: what was revoked on a node, with 200 or 202, is not accepted there by a request that was invoked after that
/// answer.
pub fn own_node(history: &[Record]) -> Vec<Violation> {
    let mut nodes: HashMap<&str, Cover<'_>> = HashMap::new();
    for revoked in revocations(history) {
        if let RevokeAnswer::Revoked { .. } = revoked.answer {
            let mark = Mark { at: revoked.record.returned, by: revoked.place };
            let node = nodes.entry(&revoked.record.node).or_default();
            node.add(revoked.target, revoked.below, mark);
        }
    }
    let late = accepted(history).filter_map(|admission| {
        let answered = nodes.get(&*admission.record.node)?.earliest(admission.token)?;
        (admission.record.invoked > answered.at).then_some(())?;
        let why = format!("where it had been revoked by {}", when(answered.by, answered.at));
        Some(admission.violation(Property::OwnNode, Some(answered.by), &why))
    });
    late.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::samples::{ACCEPTED, admit, revoke, unbounded};
    use crate::record::Target;

    #[test]
    fn other_nodes_and_requests_under_way_may_accept() {
        let history = [
            revoke("a", 0, 10, Target::Token("t1".into()), unbounded()),
            admit("b", 11, 12, "t1", ACCEPTED),
            admit("a", 10, 12, "t1", ACCEPTED),
            admit("a", 11, 12, "t2", ACCEPTED),
        ];
        assert_eq!(own_node(&history), []);
    }

    #[test]
    fn the_node_itself_may_not() {
        for answer in [unbounded(), RevokeAnswer::Lost] {
            let history = [
                revoke("a", 0, 10, Target::User("u1".into()), answer),
                admit("a", 11, 12, "t1", ACCEPTED),
            ];
            let found: Vec<_> = own_node(&history).iter().map(ToString::to_string).collect();
            let wanted = "P2 OwnNode: operation 2 at 11ns accepted `t1` on a, where it had been revoked by \
                          operation 1 at 10ns";
            let wanted = if answer == RevokeAnswer::Lost { vec![] } else { vec![wanted] };
            assert_eq!(found, wanted);
        }
    }
}
