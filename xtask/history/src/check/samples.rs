//! Operations to make small histories of.

use std::time::Duration;

use super::Limits;
use crate::record::{
    AdmitAnswer, Audited, Durability, Operation, Record, RefreshAnswer, RevokeAnswer, Target, Token,
};

pub(crate) const SECOND: u64 = 1_000_000_000;
pub(crate) const ACCEPTED: AdmitAnswer = AdmitAnswer::Accepted;

pub(crate) const LIMITS: Limits = Limits {
    lease: Duration::from_secs(2),
    slack: Duration::from_millis(500),
    recovery: Duration::from_secs(1),
};

/// A token of grant `g1`, user `u1` and key `k1`.
pub(crate) fn token(id: &str) -> Token {
    let (grant, user, key) = (Some("g1".into()), "u1".into(), "k1".into());
    Token { id: id.into(), grant, user, key, generation: 3 }
}

pub(crate) fn admit(
    node: &str,
    invoked: u64,
    returned: u64,
    id: &str,
    answer: AdmitAnswer,
) -> Record {
    record(node, invoked, returned, Operation::Admit { token: token(id), answer })
}

pub(crate) fn revoke(
    node: &str,
    invoked: u64,
    returned: u64,
    target: Target,
    answer: RevokeAnswer,
) -> Record {
    record(node, invoked, returned, Operation::Revoke { target, below: None, answer })
}

pub(crate) fn bounded(bound_ms: u64) -> RevokeAnswer {
    let durability = Durability::All;
    RevokeAnswer::Revoked { status: 200, durability, bound_ms: Some(bound_ms) }
}

pub(crate) fn unbounded() -> RevokeAnswer {
    RevokeAnswer::Revoked { status: 202, durability: Durability::Local, bound_ms: None }
}

/// An exchange that takes 10 ns.
pub(crate) fn refresh(
    node: &str,
    invoked: u64,
    grant: &str,
    parent: u64,
    answer: RefreshAnswer,
) -> Record {
    let operation = Operation::Refresh { grant: grant.into(), parent, answer };
    record(node, invoked, invoked + 10, operation)
}

pub(crate) fn fault(from: u64, to: u64, cut_off: &[&str]) -> Record {
    let cut_off = cut_off.iter().map(ToString::to_string).collect();
    record("engine", from, to, Operation::EngineFault { kind: "kill primary".into(), cut_off })
}

pub(crate) fn line(node: &str, seq: u64, what: Audited) -> Record {
    record(node, 1000, 1000, Operation::AuditLine { seq, what })
}

fn record(node: &str, invoked: u64, returned: u64, operation: Operation) -> Record {
    Record { node: node.into(), invoked, returned, operation }
}
