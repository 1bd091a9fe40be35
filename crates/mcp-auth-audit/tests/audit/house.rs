//! A directory with a log in it.

use std::fs;
use std::path::PathBuf;

use mcp_auth::audit::{AuditEvent, AuditKind};
use mcp_auth::clock::Timestamp;
use mcp_auth::random::SystemRandom;
use mcp_auth_audit::{
    AuditKeys, AuditLog, AuditOptions, Entry, Filter, Order, Verification, Verifier, search,
};
use tempfile::TempDir;

pub(crate) struct House {
    pub(crate) directory: TempDir,
    pub(crate) options: AuditOptions,
}

impl House {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let keys = AuditKeys::generate(&SystemRandom);
        let mut options = AuditOptions::new(directory.path().join("audit.log"), keys);
        options.checkpoint_path = Some(directory.path().join("checkpoints"));
        Self { directory, options }
    }

    pub(crate) fn open(&self) -> AuditLog {
        AuditLog::open(&self.options).unwrap()
    }

    /// A closed log with these users' events in it.
    pub(crate) fn with_lines(users: &[&str]) -> Self {
        let house = Self::new();
        let log = house.open();
        write(&log, users);
        log.close().unwrap();
        house
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.options.path.clone()
    }

    pub(crate) fn content(&self) -> Vec<u8> {
        fs::read(self.path()).unwrap()
    }

    pub(crate) fn verify(&self) -> Verification {
        let checkpoints = self.options.checkpoint_path.as_deref();
        Verifier::new(&self.options.keys).verify(&self.path(), checkpoints).unwrap()
    }

    /// The log and its archives, the newest first.
    pub(crate) fn verify_history(&self) -> Vec<(PathBuf, Verification)> {
        let checkpoints = self.options.checkpoint_path.as_deref();
        let verifier = Verifier::new(&self.options.keys);
        let all = verifier.verify_history(&self.path(), checkpoints).unwrap();
        all.into_iter().map(|it| (it.log, it.verification)).collect()
    }

    /// All lines, after they have been verified.
    pub(crate) fn lines(&self) -> Vec<Entry> {
        for (path, verdict) in self.verify_history() {
            assert!(verdict.is_clean(), "{}: {verdict:#?}", path.display());
        }
        search(&self.path(), &Filter::default(), Order::OldestFirst, usize::MAX).unwrap()
    }

    /// The users of all lines that have one, and the names of the log's own events.
    pub(crate) fn users(&self) -> Vec<String> {
        let text = |entry: &Entry, name| Some(entry.event.get(name)?.as_str()?.to_owned());
        let name = |entry| text(entry, "user_id").or_else(|| text(entry, "event"));
        self.lines().iter().filter_map(name).collect()
    }
}

pub(crate) fn write(log: &AuditLog, users: &[&str]) {
    for user in users {
        log.append_blocking(&event(user)).unwrap();
    }
}

pub(crate) fn event(user: &str) -> AuditEvent<'_> {
    let mut event = AuditEvent::new(AuditKind::TokenRevoked, Timestamp::from_unix_seconds(1_000));
    event.user_id = Some(user);
    event
}
