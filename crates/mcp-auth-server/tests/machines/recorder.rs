//! The history, as it is made.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard};

use mcp_auth_history::{Operation, Record, RevokeAnswer, Target};

use crate::clock::now;

/// Collects what clients saw.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    records: Mutex<Vec<Record>>,
    /// What the audit calls each target: a refresh token stands there for its grant.
    names: Mutex<HashMap<String, Target>>,
    /// What somebody was told is revoked.
    acknowledged: Mutex<HashSet<Target>>,
    /// Milliseconds that an answer without a bound is taken to have promised all the same.
    claim: Option<u64>,
}

impl Recorder {
    /// Believes of every revocation that is done, and not only begun, that it holds everywhere after so many milliseconds.
    pub(crate) fn believing(claim: u64) -> Self {
        Self { claim: Some(claim), ..Self::default() }
    }

    /// An operation that was begun at `invoked` is over.
    pub(crate) fn add(&self, node: &str, invoked: u64, operation: Operation) {
        if let Operation::Revoke { target, answer: RevokeAnswer::Revoked { .. }, .. } = &operation {
            self.acknowledged.lock().unwrap().insert(target.clone());
        }
        let record = Record { node: node.to_owned(), invoked, returned: now(), operation };
        self.records().push(record);
    }

    /// A revocation was asked for, which the audit will call `name`.
    pub(crate) fn name(&self, name: &str, target: &Target) {
        self.names.lock().unwrap().insert(name.to_owned(), target.clone());
    }

    pub(crate) fn named(&self, name: &str) -> Option<Target> {
        self.names.lock().unwrap().get(name).cloned()
    }

    pub(crate) fn has_acknowledged(&self, target: &Target) -> bool {
        self.acknowledged.lock().unwrap().contains(target)
    }

    pub(crate) fn believed(&self, answer: RevokeAnswer) -> RevokeAnswer {
        match answer {
            RevokeAnswer::Revoked { status: 200, durability, bound_ms: None } => {
                RevokeAnswer::Revoked { status: 200, durability, bound_ms: self.claim }
            }
            answer => answer,
        }
    }

    pub(crate) fn history(&self) -> Vec<Record> {
        self.records().clone()
    }

    fn records(&self) -> MutexGuard<'_, Vec<Record>> {
        self.records.lock().unwrap()
    }
}
