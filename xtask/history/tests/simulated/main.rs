//! Histories of a system that keeps every promise pass, and stop passing with one answer changed.

#![expect(clippy::indexing_slicing, reason = "helpers of tests")]

mod system;

use std::time::Duration;

use mcp_auth_history::{
    AdmitAnswer, Audited, Limits, Operation, Property, Record, RefreshAnswer, Target, check_all,
    read, write,
};
use proptest::prelude::*;

use system::{Act, System};

const LIMITS: Limits = Limits {
    lease: system::LEASE,
    slack: Duration::from_millis(100),
    recovery: Duration::from_millis(100),
};

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let (node, which) = (0..system::NODES, 0..system::TARGETS);
    let act = prop_oneof![
        3 => (0..1500_u64).prop_map(Act::Wait),
        3 => node.clone().prop_map(Act::Sync),
        3 => (node.clone(), which.clone()).prop_map(|(node, which)| Act::Revoke(node, which)),
        9 => (node.clone(), which.clone()).prop_map(|(node, which)| Act::Admit(node, which)),
        3 => (node.clone(), 0..2_usize, 0..3_u64)
            .prop_map(|(node, grant, age)| Act::Refresh(node, grant, age)),
        1 => node.clone().prop_map(Act::CutOff),
        1 => node.prop_map(Act::Heal),
    ];
    prop::collection::vec(act, 0..120)
}

fn histories() -> impl Strategy<Value = Vec<Record>> {
    acts().prop_map(|acts| history_of(&acts))
}

/// What the acts led to. The first is an exchange, so that there always is one.
fn history_of(acts: &[Act]) -> Vec<Record> {
    let mut system = System::new();
    system.act(Act::Refresh(0, 0, 0));
    for act in acts {
        system.act(*act);
    }
    system.end()
}

fn broken(history: &[Record]) -> Vec<Property> {
    check_all(history, &LIMITS).into_iter().map(|violation| violation.property).collect()
}

/// The places of requests with this answer.
fn answered(history: &[Record], wanted: AdmitAnswer) -> Vec<usize> {
    let answer_of = |record: &Record| match record.operation {
        Operation::Admit { answer, .. } => Some(answer),
        _ => None,
    };
    (0..history.len()).filter(|place| answer_of(&history[*place]) == Some(wanted)).collect()
}

fn change(history: &mut [Record], place: usize, to: AdmitAnswer) {
    if let Operation::Admit { answer, .. } = &mut history[place].operation {
        *answer = to;
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_system_that_keeps_its_promises_passes(history in histories()) {
        prop_assert_eq!(check_all(&history, &LIMITS), []);
        let mut text = Vec::new();
        write(&history, &mut text).unwrap();
        prop_assert_eq!(read(&*text).unwrap(), history);
    }

    /// The order of the lines is nobody's promise.
    #[test]
    fn the_order_of_the_lines_says_nothing(history in histories().prop_shuffle()) {
        prop_assert_eq!(check_all(&history, &LIMITS), []);
    }

    /// The last three refusals come after the bound, one on each node; the first of them is on the node that revoked.
    #[test]
    fn one_accepted_instead_is_found(mut history in histories(), which in 0..system::NODES) {
        let refused = answered(&history, AdmitAnswer::Revoked);
        let place = refused[refused.len() - system::NODES + which];
        change(&mut history, place, AdmitAnswer::Accepted);
        let broken = broken(&history);
        prop_assert!(broken.contains(&Property::Bound), "{:?}", broken);
        prop_assert!(which > 0 || broken.contains(&Property::OwnNode), "{:?}", broken);
    }

    /// Of two refusals on a node, the later one.
    #[test]
    fn one_that_comes_back_is_found(mut history in histories(), which in 0..system::NODES) {
        let refused = answered(&history, AdmitAnswer::Revoked);
        let again = history[refused[refused.len() - system::NODES + which]].clone();
        history.push(Record { invoked: again.returned + 1, returned: again.returned + 2, ..again });
        let place = history.len() - 1;
        change(&mut history, place, AdmitAnswer::Accepted);
        prop_assert!(broken(&history).contains(&Property::NeverBack));
    }

    /// The last token that was accepted was never revoked, and the engine was healthy.
    #[test]
    fn one_refused_instead_is_found(mut history in histories()) {
        let place = *answered(&history, AdmitAnswer::Accepted).last().unwrap();
        change(&mut history, place, AdmitAnswer::Revoked);
        prop_assert_eq!(broken(&history), [Property::NothingFalse]);
        change(&mut history, place, AdmitAnswer::Unavailable);
        prop_assert_eq!(broken(&history), [Property::Available]);
    }

    /// The last 503 came from a node that had been alone for long.
    #[test]
    fn one_accepted_without_a_lease_is_found(mut history in histories()) {
        let place = *answered(&history, AdmitAnswer::Unavailable).last().unwrap();
        change(&mut history, place, AdmitAnswer::Accepted);
        prop_assert_eq!(broken(&history), [Property::FailsClosed]);
    }

    /// A line that a grant ended may tell of one of several acts.
    #[test]
    fn a_line_missing_in_the_audit_is_found(
        mut history in histories(),
        which in any::<prop::sample::Index>(),
    ) {
        let is_needed = |place: &usize| match &history[*place].operation {
            Operation::AuditLine { what, .. } => !matches!(what, Audited::Revoked(Target::Grant(_))),
            _ => false,
        };
        let lines: Vec<usize> = (0..history.len()).filter(is_needed).collect();
        history.remove(*which.get(&lines));
        prop_assert_eq!(broken(&history), [Property::Audited]);
    }

    /// The last exchange got a successor of its own.
    #[test]
    fn a_second_successor_is_found(mut history in histories()) {
        let is_exchange = |record: &&Record| match &record.operation {
            Operation::Refresh { answer, .. } => matches!(answer, RefreshAnswer::Successor(_)),
            _ => false,
        };
        let mut twin = history.iter().rfind(is_exchange).unwrap().clone();
        if let Operation::Refresh { answer, .. } = &mut twin.operation {
            *answer = RefreshAnswer::Successor("another".into());
        }
        history.push(twin);
        prop_assert!(broken(&history).contains(&Property::Families));
    }
}
