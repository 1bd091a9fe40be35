//! What a log promises to whom writes to it.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use mcp_auth::audit::AuditSink;
use mcp_auth::random::SystemRandom;
use mcp_auth_audit::{AppendError, AuditKeys, AuditLog, AuditOptions, Fault};

use crate::house::{House, event, write};

/// The least that an executor can be.
fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_mins(1);
    while !is_so() {
        assert!(Instant::now() < until, "never: {what}");
        thread::yield_now();
    }
}

#[test]
fn both_ways_keep_the_order_and_number_the_lines() {
    let house = House::new();
    let log = house.open();
    log.record(&event("a"));
    let b = log.append(&event("b"));
    log.record(&event("c"));
    let d = log.append(&event("d"));
    assert_eq!(block_on(d).unwrap(), 5);
    assert_eq!(block_on(b).unwrap(), 3);
    assert_eq!(house.users(), ["audit_log_created", "a", "b", "c", "d"]);
}

#[test]
fn an_acknowledged_line_is_in_the_file() {
    let house = House::new();
    let log = house.open();
    for number in 0..20 {
        let seq = log.append_blocking(&event(&format!("user {number}"))).unwrap();
        let last = house.lines().pop().unwrap();
        assert_eq!((last.seq, &last.event["user_id"]), (seq, &format!("user {number}").into()));
    }
}

#[test]
fn decisions_are_written_without_anybody_waiting_for_them() {
    let house = House::new();
    let log = house.open();
    log.record(&event("a"));
    wait_until("written", || house.users().len() == 2);
    assert!(log.health().is_writable);
}

#[test]
fn an_event_keeps_its_own_members_in_their_order() {
    let house = House::with_lines(&["alice"]);
    let line = &house.lines()[1].line;
    let wanted = r#"{"seq":2,"timestamp":"1970-01-01T00:16:40.000Z","event":"token_revoked","user_id":"alice","prev":""#;
    assert!(line.starts_with(wanted), "{line}");
}

#[test]
fn many_threads_share_one_log_and_their_writes() {
    let house = House::new();
    let log = house.open();
    thread::scope(|scope| {
        for writer in 0..8 {
            let log = &log;
            scope.spawn(move || {
                for number in 0..50 {
                    log.append_blocking(&event(&format!("{writer}:{number}"))).unwrap();
                }
            });
        }
    });
    let users = house.users();
    for writer in 0..8 {
        let own: Vec<_> =
            users.iter().filter(|user| user.starts_with(&format!("{writer}:"))).collect();
        let wanted: Vec<_> = (0..50).map(|number| format!("{writer}:{number}")).collect();
        assert!(own.into_iter().eq(&wanted), "writer {writer}");
    }
}

#[test]
fn several_logs_on_one_file_continue_one_chain() {
    let house = House::new();
    let logs: Vec<AuditLog> = (0..4).map(|_| house.open()).collect();
    thread::scope(|scope| {
        for log in &logs {
            scope.spawn(|| write(log, &["u"; 50]));
        }
    });
    drop(logs);
    assert_eq!(house.users().iter().filter(|user| *user == "u").count(), 200);
}

#[test]
fn a_log_is_continued_after_it_was_closed() {
    let house = House::with_lines(&["a"]);
    let log = house.open();
    assert_eq!(log.append_blocking(&event("b")).unwrap(), 4);
    log.close().unwrap();
    assert!(matches!(log.append_blocking(&event("c")), Err(AppendError::Closed)));
    assert!(matches!(block_on(log.append(&event("c"))), Err(AppendError::Closed)));
    let wanted = ["audit_log_created", "a", "audit_checkpoint", "b", "audit_checkpoint"];
    assert_eq!(house.users(), wanted);
}

#[test]
fn a_torn_line_is_cut_kept_and_told_of() {
    let torn = b"{\"seq\":4,\"event\":\"token_rev";
    let house = House::with_lines(&["a"]);
    append(&house.path(), torn);
    house.open().close().unwrap();
    let lines = house.lines();
    let recovered = &lines[3].event;
    assert_eq!(recovered["event"], "audit_recovered");
    assert_eq!(recovered["dropped_bytes"], torn.len());
    let kept = fs::read(house.directory.path().join("audit.log.torn")).unwrap();
    assert_eq!(kept, [&torn[..], b"\n"].concat());
}

#[test]
fn a_torn_line_is_cut_by_the_next_batch_of_another_process() {
    let house = House::new();
    let log = house.open();
    log.append_blocking(&event("a")).unwrap();
    append(&house.path(), b"{\"seq\":3,\"torn");
    log.append_blocking(&event("b")).unwrap();
    assert_eq!(house.users(), ["audit_log_created", "a", "audit_recovered", "b"]);
}

#[test]
fn a_first_line_half_written_is_begun_again() {
    let house = House::with_lines(&[]);
    let content = house.content();
    for length in [1, 9, 30, content.len() - 1] {
        fs::write(house.path(), &content[..length]).unwrap();
        fs::remove_file(house.options.checkpoint_path.as_ref().unwrap()).unwrap_or_default();
        house.open().append_blocking(&event("a")).unwrap();
        let users = house.users();
        assert_eq!(users[..3], ["audit_log_created", "audit_recovered", "a"], "{length}");
    }
}

#[test]
fn what_is_not_this_log_is_refused_and_left_alone() {
    let house = House::with_lines(&["a"]);
    let mut other_keys = options(&house);
    other_keys.keys = AuditKeys::generate(&SystemRandom);
    let before = house.content();
    let error = AuditLog::open(&other_keys).unwrap_err();
    assert!(matches!(*error.fault, Fault::OtherKeys), "{error}");
    assert_eq!(house.content(), before);
    for content in ["hello", "hello\n", "{\"a\":1}\n{\"b\":2}\n", "\n"] {
        fs::write(house.path(), content).unwrap();
        let error = AuditLog::open(&house.options).unwrap_err();
        assert!(matches!(*error.fault, Fault::NotALog), "{content}: {error}");
        assert_eq!(house.content(), content.as_bytes());
    }
}

#[test]
fn a_missing_directory_is_named() {
    let house = House::new();
    let mut options = options(&house);
    options.path = house.directory.path().join("missing/audit.log");
    let error = AuditLog::open(&options).unwrap_err().to_string();
    assert!(error.contains("missing/audit.log") && error.contains("directory exists"), "{error}");
}

#[test]
fn a_log_that_is_moved_away_is_not_written_unseen() {
    let house = House::new();
    let log = house.open();
    let moved = house.directory.path().join("moved");
    fs::rename(house.path(), &moved).unwrap();
    let error = log.append_blocking(&event("a")).unwrap_err().to_string();
    assert!(error.contains("put it back"), "{error}");
    assert!(!log.health().is_writable);
    fs::rename(&moved, house.path()).unwrap();
    log.append_blocking(&event("b")).unwrap();
    assert!(log.health().is_writable);
}

#[test]
fn a_log_that_is_cut_while_open_is_not_continued() {
    let house = House::new();
    let log = house.open();
    log.append_blocking(&event("a")).unwrap();
    let content = house.content();
    OpenOptions::new()
        .write(true)
        .open(house.path())
        .unwrap()
        .set_len(content.len() as u64 - 9)
        .unwrap();
    let error = log.append_blocking(&event("b")).unwrap_err();
    let AppendError::File(error) = error else { panic!("{error}") };
    assert!(matches!(*error.fault, Fault::Shrunk { .. }), "{error}");
}

#[cfg(unix)]
#[test]
fn its_files_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let house = House::with_lines(&["a"]);
    append(&house.path(), b"torn");
    house.open();
    for name in ["audit.log", "checkpoints", "audit.log.torn"] {
        let mode = fs::metadata(house.directory.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[cfg(unix)]
#[test]
fn what_root_makes_belongs_to_the_owner_of_the_directory() {
    use std::os::unix::fs::{MetadataExt as _, chown};
    let house = House::new();
    let owner = |path: &Path| fs::metadata(path).map(|found| (found.uid(), found.gid())).unwrap();
    // Only root can give a directory away; for others there is nothing to give.
    let _ = chown(house.directory.path(), Some(10_001), Some(10_002));
    house.open();
    append(&house.path(), b"torn");
    house.open();
    for name in ["audit.log", "checkpoints", "audit.log.torn"] {
        let file = house.directory.path().join(name);
        assert_eq!(owner(&file), owner(house.directory.path()), "{name}");
    }
}

#[cfg(unix)]
#[test]
fn what_was_there_stays_whose_it_is() {
    use std::os::unix::fs::{MetadataExt as _, chown, symlink};
    let house = House::new();
    let elsewhere = tempfile::tempdir().unwrap();
    let target = elsewhere.path().join("of somebody else");
    fs::write(&target, "").unwrap();
    let before = fs::metadata(&target).unwrap().uid();
    let _ = chown(house.directory.path(), Some(10_001), Some(10_002));
    symlink(&target, house.options.checkpoint_path.as_ref().unwrap()).unwrap();
    house.open();
    assert_eq!(fs::metadata(&target).unwrap().uid(), before);
}

#[test]
fn checkpoints_come_by_lines_by_time_and_at_the_end() {
    let house = House::new();
    let mut options = options(&house);
    options.checkpoint_lines = 3;
    let log = AuditLog::open(&options).unwrap();
    write(&log, &["a"; 3]);
    assert_eq!(house.users().last().unwrap(), "audit_checkpoint");
    log.append_blocking(&event("b")).unwrap();
    drop(log);
    assert_eq!(checkpoints(&house), [4, 6]);

    let house = House::new();
    let mut options = self::options(&house);
    options.checkpoint_interval = Duration::ZERO;
    let log = AuditLog::open(&options).unwrap();
    log.append_blocking(&event("a")).unwrap();
    wait_until("a checkpoint", || house.users().last().unwrap() == "audit_checkpoint");
    drop(log);
    assert_eq!(checkpoints(&house), [2], "none at the end: nothing was written since");
}

#[test]
fn a_checkpoint_follows_one_that_a_crash_tore() {
    let house = House::with_lines(&["a"]);
    append(house.options.checkpoint_path.as_ref().unwrap(), b"{\"log_id\":\"0");
    let log = house.open();
    log.append_blocking(&event("b")).unwrap();
    log.close().unwrap();
    let verdict = house.verify();
    assert!(verdict.is_clean(), "{verdict:?}");
    assert_eq!((verdict.vouched_seq, verdict.unreadable_checkpoints), (4, 1));
}

fn options(house: &House) -> AuditOptions {
    house.options.clone()
}

fn append(path: &Path, bytes: &[u8]) {
    OpenOptions::new().append(true).open(path).unwrap().write_all(bytes).unwrap();
}

fn checkpoints(house: &House) -> Vec<u64> {
    let path: &PathBuf = house.options.checkpoint_path.as_ref().unwrap();
    let text = fs::read_to_string(path).unwrap();
    let seq =
        |line| serde_json::from_str::<serde_json::Value>(line).unwrap()["seq"].as_u64().unwrap();
    text.lines().map(seq).collect()
}

#[test]
fn the_file_that_cannot_be_opened_is_named() {
    let mut house = House::new();
    let missing = house.directory.path().join("missing/file");
    house.options.checkpoint_path = Some(missing.clone());
    assert_eq!(AuditLog::open(&house.options).unwrap_err().path, missing);
    assert_eq!(AuditLog::archive(&house.options).unwrap_err().path, missing);
    house.options.path = house.directory.path().join("gone/log");
    assert_eq!(AuditLog::open(&house.options).unwrap_err().path, house.options.path);
}
