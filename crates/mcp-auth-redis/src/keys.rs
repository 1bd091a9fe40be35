//! The names of keys. What must change in one step lies in one slot, by its hash tag.

use mcp_auth::store::{RevocationId, TokenDigest};
use redis::Cmd;

use crate::script::Program;
use crate::slot::Slot;

/// Partitions of the revocations in a cluster: a few for each primary of a large one.
const CLUSTER_PARTITIONS: u8 = 16;

/// The keys of one partition of the revocations.
#[derive(Debug, Clone)]
pub(crate) struct PartitionKeys {
    pub(crate) slot: Slot,
    /// A random id of the data: another one means other data.
    pub(crate) id: String,
    /// The stream that all nodes follow.
    pub(crate) log: String,
    /// Sorted set: tokens, grants and keys, by `keep_until`.
    pub(crate) entries: String,
    /// Hash: users and their entries.
    pub(crate) users: String,
    /// Sorted set: users that may be forgotten, by `keep_until`.
    pub(crate) ends: String,
    /// The latest `keep_until` of what was forgotten.
    pub(crate) forgotten: String,
    /// A counter that is written when there is something to wait for.
    pub(crate) mark: String,
    /// Sorted set: the nodes that use the store, by when they were last seen. Of the first partition only.
    pub(crate) nodes: String,
}

impl PartitionKeys {
    pub(crate) fn new(namespace: &str, number: u8) -> Self {
        let tag = format!("{{{namespace}:r{number}}}");
        let key = |name: &str| format!("{tag}:{name}");
        Self {
            slot: Slot::of(&tag),
            id: key("id"),
            log: key("log"),
            entries: key("entries"),
            users: key("users"),
            ends: key("ends"),
            forgotten: key("forgotten"),
            mark: key("mark"),
            nodes: key("nodes"),
        }
    }

    /// All partitions of an engine.
    pub(crate) fn all(namespace: &str, is_cluster: bool) -> Vec<Self> {
        let count = if is_cluster { CLUSTER_PARTITIONS } else { 1 };
        (0..count).map(|number| Self::new(namespace, number)).collect()
    }
}

/// Keys that change together, and so lie in one slot.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    tag: String,
    pub(crate) slot: Slot,
}

impl Group {
    /// The group of this name, such as `accounts`.
    pub(crate) fn new(namespace: &str, name: &str) -> Self {
        let tag = format!("{{{namespace}:{name}}}");
        Self { slot: Slot::of(&tag), tag }
    }

    /// One key of it.
    pub(crate) fn key(&self, name: &str) -> String {
        format!("{}:{name}", self.tag)
    }

    /// The call of a program with these keys of the group; arguments follow.
    pub(crate) fn call(&self, program: &'static Program, names: &[&str]) -> Cmd {
        let keys: Vec<_> = names.iter().map(|name| self.key(name)).collect();
        program.call(&keys.iter().map(String::as_str).collect::<Vec<_>>())
    }
}

/// Which of `partitions` an id belongs to.
pub(crate) fn partition_of(id: RevocationId, partitions: usize) -> usize {
    let [.., last] = *id.as_bytes();
    usize::from(last) % partitions.max(1)
}

/// What all keys of the guide's blacklist begin with.
pub(crate) const BLACKLIST: &str = "token_blacklist:";

/// Where Python services look for a token (the guide's blacklist).
pub(crate) fn blacklist(token: TokenDigest) -> String {
    format!("{BLACKLIST}{token}")
}
