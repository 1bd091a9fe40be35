//! What a store holds of one kind, in a number and a hash: two stores that agree in both hold the same.

use std::collections::BTreeSet;
use std::fmt::Debug;

use mcp_auth_sessions::account::Account;
use sha2::{Digest as _, Sha256};

/// Rows of one kind. Each is hashed by itself, and the hashes in their own order, because stores tell rows in orders of their own.
#[derive(Debug, Default)]
pub(super) struct Rows(BTreeSet<[u8; 32]>);

/// How many rows, and a hash of them all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Digest {
    pub(super) count: usize,
    hash: [u8; 32],
}

impl Rows {
    /// A row, every field of which its `Debug` shows.
    pub(super) fn add(&mut self, row: &impl Debug) {
        self.0.insert(Sha256::digest(format!("{row:?}")).into());
    }

    /// The same for an account, whose password no formatter shows.
    pub(super) fn add_account(&mut self, account: &Account) {
        let hash = Sha256::new().chain_update(format!("{account:?}"));
        self.0.insert(hash.chain_update(account.password.expose()).finalize().into());
    }

    pub(super) fn digest(&self) -> Digest {
        let hash = self.0.iter().fold(Sha256::new(), Sha256::chain_update);
        Digest { count: self.0.len(), hash: hash.finalize().into() }
    }
}

impl Digest {
    pub(super) fn hex(&self) -> String {
        hex::encode(self.hash)
    }
}
