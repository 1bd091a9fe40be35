//! Three nodes that do what they should, in one thread and on a clock of their own.

use std::collections::BTreeSet;
use std::time::Duration;

use mcp_auth_history::{
    AdmitAnswer, Audited, Durability, Operation, Record, RefreshAnswer, RevokeAnswer, Target, Token,
};

pub(crate) const NODES: usize = 3;
pub(crate) const LEASE: Duration = Duration::from_secs(2);

const MILLISECOND: u64 = 1_000_000;
const NAMES: [&str; NODES] = ["a", "b", "c"];

/// What can be revoked: four tokens and what they carry. A request names its token by the same number.
pub(crate) const TARGETS: usize = 10;

fn target(which: usize) -> Target {
    match which {
        0..4 => Target::Token(format!("t{which}")),
        4 | 5 => Target::Grant(format!("g{}", which - 4)),
        6 | 7 => Target::User(format!("u{}", which - 6)),
        _ => Target::Key(format!("k{}", which - 8)),
    }
}

/// A token that shares nothing with what can be revoked.
const NEVER_REVOKED: usize = 90;

/// Four tokens share two grants, and two keys; tokens beyond them share nothing.
fn token(which: usize) -> Token {
    let (id, key) = (format!("t{which}"), format!("k{}", which % 2));
    let (grant, user) = (format!("g{}", which / 2), format!("u{}", which / 2));
    let key = if which < 4 { key } else { format!("k{which}") };
    Token { id, grant: Some(grant), user, key, generation: 0 }
}

/// What a test does; nodes, targets and tokens by number.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Act {
    /// Milliseconds.
    Wait(u64),
    Sync(usize),
    Revoke(usize, usize),
    Admit(usize, usize),
    /// On a node, of a grant, with a token that was replaced so many times.
    Refresh(usize, usize, u64),
    CutOff(usize),
    Heal(usize),
}

#[derive(Debug, Default)]
struct Node {
    known: BTreeSet<usize>,
    /// The start of its last round.
    synced: u64,
    cut_off_since: Option<u64>,
    audit: Vec<Audited>,
}

#[derive(Debug)]
pub(crate) struct System {
    now: u64,
    nodes: [Node; NODES],
    log: BTreeSet<usize>,
    /// How many times each grant was refreshed; `None` when it is over.
    counters: [Option<u64>; 2],
    history: Vec<Record>,
}

impl System {
    pub(crate) fn new() -> Self {
        let (now, counters) = (MILLISECOND, [Some(0); 2]);
        let (nodes, log, history) = Default::default();
        Self { now, nodes, log, counters, history }
    }

    pub(crate) fn act(&mut self, act: Act) {
        let invoked = self.now;
        match act {
            Act::Wait(milliseconds) => self.now += milliseconds * MILLISECOND,
            Act::Sync(node) => self.sync(node),
            Act::Revoke(node, which) => {
                let operation = self.revoke(node, which);
                self.record(node, invoked, operation);
            }
            Act::Admit(node, which) => {
                let answer = self.admit(node, which);
                self.record(node, invoked, Operation::Admit { token: token(which), answer });
            }
            Act::Refresh(node, grant, age) => self.refresh(node, grant, age, invoked),
            Act::CutOff(node) => {
                self.nodes[node].cut_off_since.get_or_insert(invoked);
            }
            Act::Heal(node) => self.heal(node),
        }
        self.now += MILLISECOND;
    }

    /// Makes sure of a long cut, a revocation that is over everywhere and a token that was never revoked; then reads the
    /// audits.
    pub(crate) fn end(mut self) -> Vec<Record> {
        for node in 0..NODES {
            self.heal(node);
        }
        let alone = [Act::Sync(2), Act::CutOff(2), Act::Wait(5000), Act::Admit(2, NEVER_REVOKED)];
        let healed = [Act::Wait(5000), Act::Heal(2), Act::Wait(1000)];
        let revoked = [Act::Revoke(0, 0), Act::Wait(3000)];
        let refused = (0..NODES).map(|node| Act::Admit(node, 0));
        let acts = alone.into_iter().chain(healed).chain(revoked).chain(refused);
        for act in acts.chain([Act::Admit(1, NEVER_REVOKED)]) {
            self.act(act);
        }
        for node in 0..NODES {
            for (seq, what) in (1..).zip(std::mem::take(&mut self.nodes[node].audit)) {
                self.record(node, self.now, Operation::AuditLine { seq, what });
            }
        }
        self.history
    }

    fn record(&mut self, node: usize, invoked: u64, operation: Operation) {
        self.now += MILLISECOND;
        let (node, returned) = (NAMES[node].into(), self.now);
        self.history.push(Record { node, invoked, returned, operation });
    }

    /// What the node knows goes into the log, as an outbox would do it, and the log into what it knows.
    fn sync(&mut self, node: usize) {
        let node = &mut self.nodes[node];
        if node.cut_off_since.is_none() {
            self.log.append(&mut node.known.clone());
            node.known.clone_from(&self.log);
            node.synced = self.now;
        }
    }

    fn revoke(&mut self, node: usize, which: usize) -> Operation {
        let target = target(which);
        let held = &mut self.nodes[node];
        held.known.insert(which);
        held.audit.push(Audited::Revoked(target.clone()));
        let answer = if held.cut_off_since.is_some() {
            RevokeAnswer::Revoked { status: 202, durability: Durability::Local, bound_ms: None }
        } else {
            self.log.insert(which);
            let bound_ms = LEASE.as_millis().try_into().ok();
            RevokeAnswer::Revoked { status: 200, durability: Durability::All, bound_ms }
        };
        Operation::Revoke { target, below: Some(1), answer }
    }

    fn admit(&mut self, node: usize, which: usize) -> AdmitAnswer {
        if !self.is_fresh(node) {
            self.sync(node);
        }
        let is_revoked = self.nodes[node].known.iter().any(|held| covers(*held, which));
        match (is_revoked, self.is_fresh(node)) {
            (true, _) => AdmitAnswer::Revoked,
            (false, true) => AdmitAnswer::Accepted,
            (false, false) => AdmitAnswer::Unavailable,
        }
    }

    fn is_fresh(&self, node: usize) -> bool {
        let synced = self.nodes[node].synced;
        synced > 0 && Duration::from_nanos(self.now - synced) < LEASE
    }

    fn refresh(&mut self, node: usize, grant: usize, age: u64, invoked: u64) {
        let counter = self.counters[grant].unwrap_or_default();
        let parent = counter.saturating_sub(age);
        let name = format!("g{grant}");
        let is_out = self.nodes[node].cut_off_since.is_some() || self.counters[grant].is_none();
        let answer = match counter - parent {
            _ if is_out => RefreshAnswer::Error,
            0 | 1 => self.exchange(node, grant, parent),
            _ => self.end_grant(node, grant),
        };
        self.record(node, invoked, Operation::Refresh { grant: name, parent, answer });
    }

    /// Of the current token, or again of the one before.
    fn exchange(&mut self, node: usize, grant: usize, parent: u64) -> RefreshAnswer {
        if self.counters[grant] == Some(parent) {
            self.counters[grant] = Some(parent + 1);
            self.nodes[node].audit.push(Audited::Refreshed(format!("g{grant}")));
        }
        RefreshAnswer::Successor(format!("g{grant}-r{}", parent + 1))
    }

    fn end_grant(&mut self, node: usize, grant: usize) -> RefreshAnswer {
        self.counters[grant] = None;
        self.revoke(node, 4 + grant);
        RefreshAnswer::Reuse
    }

    fn heal(&mut self, node: usize) {
        if let Some(invoked) = self.nodes[node].cut_off_since.take() {
            let (kind, cut_off) = ("link down".into(), vec![NAMES[node].into()]);
            self.record(node, invoked, Operation::EngineFault { kind, cut_off });
        }
    }
}

fn covers(held: usize, which: usize) -> bool {
    let token = token(which);
    match target(held) {
        Target::Token(id) => token.id == id,
        Target::Grant(id) => token.grant == Some(id),
        Target::User(id) => token.user == id,
        Target::Key(id) => token.key == id,
    }
}
