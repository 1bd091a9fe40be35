//! The log that `tests/vectors/make.py` wrote, a second implementation of the format: it verifies here, and the same
//! events under the same keys become the same bytes.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use mcp_auth::audit::{AuditEvent, AuditKind};
use mcp_auth::clock::Clock;
use mcp_auth::random::Randomness;
use mcp_auth::testing::FixedClock;
use mcp_auth_audit::{AuditKeys, AuditLog, AuditOptions, Verifier};
use tempfile::TempDir;

/// 64, 65, 66 ...: the ids of the logs in the script.
#[derive(Debug)]
struct Counting(AtomicU8);

impl Randomness for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn recorded(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(name)
}

/// A checkout leaves the file open to others, and keys in such a file are refused.
fn keys(directory: &TempDir) -> AuditKeys {
    let path = directory.path().join("keys.json");
    fs::copy(recorded("keys.json"), &path).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }
    AuditKeys::load(&path).unwrap()
}

#[test]
fn the_log_of_the_other_implementation_verifies() {
    let directory = tempfile::tempdir().unwrap();
    let verifier = Verifier::new(&keys(&directory));
    let checkpoints = recorded("checkpoints.jsonl");
    let verdict = verifier.verify(&recorded("audit.log"), Some(&checkpoints)).unwrap();
    assert!(verdict.is_clean(), "{verdict:#?}");
    assert_eq!((verdict.lines, verdict.vouched_seq), (4, 3));
}

/// Three lines of the recorded log are longer than this, and two are not.
const BETWEEN: u64 = 800;

#[test]
fn the_same_events_become_the_same_bytes() {
    let directory = written(0);
    for name in ["audit.log", "checkpoints.jsonl", "keys.json"] {
        assert_is_recorded(&directory.path().join(name), name);
    }
}

#[test]
fn an_archive_and_what_continues_it_are_the_same_too() {
    let directory = written(BETWEEN);
    let continued = directory.path().join("audit.log");
    assert_is_recorded(&continued, "continued.log");
    let verifier = Verifier::new(&keys(&directory));
    let all = verifier.verify_history(&continued, None).unwrap();
    assert_is_recorded(&all[1].log, "audit.log");
    assert_is_recorded(&directory.path().join("checkpoints.jsonl"), "continued.jsonl");
}

fn assert_is_recorded(written: &Path, name: &str) {
    let written = fs::read_to_string(written).unwrap();
    assert_eq!(written, fs::read_to_string(recorded(name)).unwrap(), "{name}");
}

/// The events of the script.
fn written(log_bytes: u64) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let keys = keys(&directory);
    let clock = Arc::new(FixedClock::at(1_766_615_445));
    let mut options = AuditOptions::new(directory.path().join("audit.log"), keys.clone());
    options.checkpoint_path = Some(directory.path().join("checkpoints.jsonl"));
    options.clock = clock.clone();
    options.randomness = Arc::new(Counting(AtomicU8::new(64)));
    options.log_bytes = log_bytes;
    let log = AuditLog::open(&options).unwrap();
    let mut revoked = AuditEvent::new(AuditKind::TokenRevoked, clock.now());
    revoked.user_id = Some("alice");
    let mut failed = AuditEvent::new(AuditKind::AuthenticationFailed, clock.now());
    failed.reason = Some("it says \"hash\":\"é\u{2713}\", \\ and \n");
    log.append_blocking(&revoked).unwrap();
    log.append_blocking(&failed).unwrap();
    log.close().unwrap();
    fs::remove_file(directory.path().join("keys.json")).unwrap();
    keys.save(&directory.path().join("keys.json")).unwrap();
    directory
}
