//! The log on a disk that fails, fills up or stands still.

mod faulty;

use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use mcp_auth::audit::{AuditEvent, AuditKind, AuditSink};
use mcp_auth::clock::Timestamp;
use mcp_auth::random::SystemRandom;
use tempfile::TempDir;

use self::faulty::{Fault, Faults, Faulty};
use std::io;

use super::*;
use crate::{AuditKeys, Filter, Order, Verifier, search};

struct House {
    directory: TempDir,
    options: AuditOptions,
    faults: Faults,
}

impl House {
    fn new() -> Self {
        Self::with(|_| ())
    }

    fn with(change: impl FnOnce(&mut AuditOptions)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let keys = AuditKeys::generate(&SystemRandom);
        let mut options = AuditOptions::new(directory.path().join("audit.log"), keys);
        options.checkpoint_path = Some(directory.path().join("checkpoints"));
        options.retry = Duration::from_millis(2);
        change(&mut options);
        Self { directory, options, faults: Faults::default() }
    }

    fn open(&self) -> AuditLog {
        let disk = Disk::open(&self.options.path, self.options.checkpoint_path.as_deref());
        let storage = Faulty { disk: disk.unwrap(), faults: self.faults.clone() };
        AuditLog::start(&self.options, Box::new(storage)).unwrap()
    }

    /// The users and own events of all lines, after the log has been verified.
    fn lines(&self) -> Vec<String> {
        let path = &self.options.path;
        let checkpoints = self.options.checkpoint_path.as_deref();
        let verdict = Verifier::new(&self.options.keys).verify(path, checkpoints).unwrap();
        assert!(verdict.is_clean(), "{verdict:#?}");
        let found = search(path, &Filter::default(), Order::OldestFirst, 100_000).unwrap();
        let name =
            |name: &str, entry: &crate::Entry| entry.event.get(name)?.as_str().map(str::to_owned);
        let lines =
            found.iter().filter_map(|entry| name("user_id", entry).or(name("event", entry)));
        lines.collect()
    }

    /// Why the log was interrupted, and how many lines were lost in all.
    fn interruptions(&self) -> (String, u64) {
        let filter = Filter { event: Some("audit_interrupted".into()), ..Filter::default() };
        let found = search(&self.options.path, &filter, Order::OldestFirst, 100).unwrap();
        let reason = found[0].event["reason"].as_str().unwrap().to_owned();
        (reason, found.iter().filter_map(|entry| entry.event["lost_lines"].as_u64()).sum())
    }
}

fn event(user: &str) -> AuditEvent<'_> {
    let mut event = AuditEvent::new(AuditKind::TokenRevoked, Timestamp::from_unix_seconds(1_000));
    event.user_id = Some(user);
    event
}

/// Until it is so; a minute is for machines that are very busy.
fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_mins(1);
    while !is_so() {
        assert!(Instant::now() < until, "never: {what}");
        thread::yield_now();
    }
}

#[test]
fn a_full_disk_refuses_mutations_keeps_decisions_and_recovers_by_itself() {
    let house = House::new();
    let log = house.open();
    log.append_blocking(&event("before")).unwrap();
    house.faults.set(Fault::Append { kind: io::ErrorKind::StorageFull, after: 20 });
    log.record(&event("decision 1"));
    let error = log.append_blocking(&event("mutation")).unwrap_err().to_string();
    assert!(error.contains("audit.log") && error.contains("free space"), "{error}");
    log.record(&event("decision 2"));
    let health = log.health();
    assert!(!health.is_writable && health.last_error.unwrap().contains("free space"));
    wait_until("tried again", || house.faults.tries() > 4);
    assert_eq!(log.health().waiting_lines, 2);

    house.faults.clear();
    wait_until("recovered", || log.health().is_writable);
    assert_eq!(log.health().waiting_lines, 0);
    assert_eq!(log.health().waiting_bytes, 0);
    log.append_blocking(&event("after")).unwrap();
    log.close().unwrap();
    let wanted = ["before", "decision 1", "decision 2", "audit_interrupted", "after"];
    assert_eq!(house.lines()[1..6], wanted);
    assert!(house.interruptions().0.contains("free space"));
    assert_eq!(house.interruptions().1, 0);
}

#[test]
fn a_mutation_is_the_first_to_learn_that_the_disk_works_again() {
    let house = House::with(|options| options.retry = Duration::from_hours(1));
    let log = house.open();
    house.faults.set(Fault::Append { kind: io::ErrorKind::ReadOnlyFilesystem, after: 0 });
    let error = log.append_blocking(&event("refused")).unwrap_err().to_string();
    assert!(error.contains("writable"), "{error}");
    house.faults.clear();
    log.append_blocking(&event("taken")).unwrap();
    assert!(log.health().is_writable);
    assert_eq!(house.lines(), ["audit_log_created", "taken", "audit_interrupted"]);
}

#[test]
fn what_a_failed_write_left_is_cut_at_once() {
    let house = House::with(|options| options.retry = Duration::from_hours(1));
    let log = house.open();
    let before = std::fs::read(&house.options.path).unwrap();
    house.faults.set(Fault::Append { kind: io::ErrorKind::StorageFull, after: 100 });
    log.append_blocking(&event("mutation")).unwrap_err();
    assert_eq!(std::fs::read(&house.options.path).unwrap(), before);
}

#[test]
fn what_a_failed_write_left_is_cut_even_when_it_could_not_be_cut_at_once() {
    for after in [0, 1, 100, 250, 400, usize::MAX] {
        let house = House::with(|options| options.retry = Duration::from_hours(1));
        let log = house.open();
        house.faults.set(Fault::AppendAndCut { kind: io::ErrorKind::Other, after });
        log.record(&event("decision"));
        log.append_blocking(&event("mutation")).unwrap_err();
        house.faults.clear();
        log.append_blocking(&event("after")).unwrap();
        log.close().unwrap();
        let lines = house.lines();
        let wanted = ["decision", "after", "audit_interrupted"];
        assert_eq!(lines[1..4], wanted, "cut after {after}");
    }
}

#[test]
fn a_chain_that_another_process_continued_is_never_cut() {
    let house = House::with(|options| options.retry = Duration::from_hours(1));
    let log = house.open();
    // The whole batch is in the file, but neither could its success be known nor could it be cut.
    house.faults.set(Fault::AppendAndCut { kind: io::ErrorKind::Other, after: usize::MAX });
    log.record(&event("decision"));
    log.append_blocking(&event("mutation")).unwrap_err();
    let other = AuditLog::open(&house.options).unwrap();
    other.append_blocking(&event("other")).unwrap();
    house.faults.clear();
    log.append_blocking(&event("after")).unwrap();
    let lines = house.lines();
    assert_eq!(lines[1..4], ["decision", "mutation", "other"]);
    assert!(lines[4..].starts_with(&["decision".into(), "after".into()]), "{lines:?}");
}

#[test]
fn a_full_queue_counts_what_is_lost_and_says_so_in_the_log() {
    let house = House::with(|options| options.queue_bytes = 4_096);
    let log = house.open();
    house.faults.set(Fault::Append { kind: io::ErrorKind::StorageFull, after: 0 });
    log.append_blocking(&event("refused")).unwrap_err();
    for _ in 0..1_000 {
        log.record(&event("decision"));
        assert!(log.health().waiting_bytes <= 4_096);
    }
    let lost = log.health().lost_lines;
    assert!((900..1_000).contains(&lost), "{lost}");
    house.faults.clear();
    wait_until("recovered", || log.health().is_writable);
    log.close().unwrap();
    let kept = house.lines().iter().filter(|line| *line == "decision").count() as u64;
    assert_eq!(kept + lost, 1_000);
    assert_eq!(house.interruptions().1, lost);
}

#[test]
fn mutations_have_room_of_their_own_and_are_told_when_it_is_used_up() {
    let house = House::with(|options| {
        options.queue_bytes = 2_000;
        options.patience = Duration::ZERO;
    });
    let log = house.open();
    let gate = house.faults.stall();
    log.record(&event("decision"));
    wait_until("the writer stands", || house.faults.is_stalled());
    while log.health().lost_lines == 0 {
        log.record(&event("decision"));
    }
    let mut waiting = Vec::new();
    let full = loop {
        match log.submit(&event("mutation")) {
            Ok(receipt) => waiting.push(receipt),
            Err(error) => break error,
        }
    };
    assert!(matches!(full, AppendError::Full { waiting: 2_000..=4_000 }), "{full}");
    assert!(!waiting.is_empty());
    drop(gate);
    for receipt in waiting {
        receipt.blocking_recv().unwrap().unwrap();
    }
    log.close().unwrap();
    assert_eq!(house.interruptions().1, 1);
}

#[test]
fn a_decision_waits_for_a_slow_disk_and_is_not_lost() {
    let house = House::with(|options| {
        options.queue_bytes = 2_000;
        options.patience = Duration::from_mins(1);
    });
    let log = Arc::new(house.open());
    let gate = house.faults.stall();
    let recorder = Arc::clone(&log);
    let recording =
        thread::spawn(move || (0..100).for_each(|_| recorder.record(&event("decision"))));
    wait_until("the queue is full", || {
        log.health().waiting_bytes > 1_500 && house.faults.is_stalled()
    });
    assert!(!recording.is_finished());
    drop(gate);
    recording.join().unwrap();
    log.close().unwrap();
    assert_eq!(house.lines().iter().filter(|line| *line == "decision").count(), 100);
}

#[test]
fn a_checkpoint_file_that_cannot_be_written_stops_nobody_and_is_made_up_for() {
    let house = House::with(|options| options.checkpoint_lines = 2);
    let log = house.open();
    house.faults.set(Fault::Checkpoint { kind: io::ErrorKind::PermissionDenied });
    log.append_blocking(&event("a")).unwrap();
    log.append_blocking(&event("b")).unwrap();
    wait_until("noticed", || log.health().checkpoint_error.is_some());
    assert!(log.health().is_writable);
    house.faults.clear();
    log.append_blocking(&event("c")).unwrap();
    wait_until("made up for", || log.health().checkpoint_error.is_none());
    let text = std::fs::read_to_string(house.directory.path().join("checkpoints")).unwrap();
    assert!(text.contains("\"seq\":3"), "{text}");
}

#[test]
fn a_late_checkpoint_does_not_come_behind_a_later_one() {
    let house = House::with(|options| options.checkpoint_lines = 2);
    let log = house.open();
    house.faults.set(Fault::Checkpoint { kind: io::ErrorKind::PermissionDenied });
    log.append_blocking(&event("a")).unwrap();
    log.append_blocking(&event("b")).unwrap();
    let other = AuditLog::open(&house.options).unwrap();
    other.append_blocking(&event("c")).unwrap();
    other.append_blocking(&event("d")).unwrap();
    house.faults.clear();
    log.append_blocking(&event("e")).unwrap();
    drop((log, other));
    let lines = house.lines();
    assert_eq!(lines.iter().filter(|line| *line == "audit_checkpoint").count(), 3);
}

/// One event for each letter.
fn append_each(log: &AuditLog, users: &str) {
    for user in users.split("").filter(|user| !user.is_empty()) {
        log.append_blocking(&event(user)).unwrap();
    }
}

#[test]
fn a_log_that_cannot_be_archived_goes_on_and_says_so() {
    let house = House::with(|options| {
        (options.log_bytes, options.checkpoint_lines) = (1_000, 3);
    });
    let log = house.open();
    house.faults.set(Fault::Archive { kind: io::ErrorKind::Unsupported });
    append_each(&log, "abcd");
    wait_until("noticed", || log.health().archive_error.is_some());
    assert!(log.health().is_writable);
    house.faults.clear();
    append_each(&log, "efg");
    wait_until("made up for", || log.health().archive_error.is_none());
    log.close().unwrap();
    let users: Vec<_> = house.lines().into_iter().filter(|line| line.len() == 1).collect();
    assert_eq!(users, ["a", "b", "c", "d", "e", "f", "g"]);
}

/// An archive waits until its last checkpoint is in the second place too.
#[test]
fn a_log_whose_checkpoints_do_not_arrive_is_not_archived_yet() {
    let house = House::with(|options| {
        (options.log_bytes, options.checkpoint_lines) = (1_000, 3);
    });
    let log = house.open();
    house.faults.set(Fault::Checkpoint { kind: io::ErrorKind::PermissionDenied });
    append_each(&log, "abcdef");
    wait_until("noticed", || log.health().checkpoint_error.is_some());
    let files = || std::fs::read_dir(house.directory.path()).unwrap().count();
    assert_eq!(files(), 2);
    house.faults.clear();
    append_each(&log, "ghi");
    log.close().unwrap();
    assert!(files() > 2);
    house.lines();
}

#[test]
fn closing_on_a_broken_disk_says_how_much_is_missing() {
    let house = House::new();
    let log = house.open();
    house.faults.set(Fault::Append { kind: io::ErrorKind::StorageFull, after: 0 });
    log.record(&event("a"));
    log.record(&event("b"));
    let error = log.close().unwrap_err();
    assert!(matches!(error, CloseError::Unwritten { lines: 2, .. }), "{error}");
    assert!(matches!(log.append_blocking(&event("c")), Err(AppendError::Closed)));
    assert!(!log.health().is_writable);
}

#[test]
fn nobody_waits_forever_for_a_thread_that_died() {
    let house = House::new();
    let log = house.open();
    house.faults.set(Fault::Panic);
    assert!(matches!(log.append_blocking(&event("a")), Err(AppendError::Closed)));
    assert!(matches!(log.append_blocking(&event("b")), Err(AppendError::Closed)));
    assert!(!log.health().is_writable);
    assert!(matches!(log.close(), Err(CloseError::Died)));
}

#[test]
fn a_log_that_cannot_be_begun_is_not_opened() {
    let full = Path::new("/dev/full");
    if !full.exists() {
        return;
    }
    let options = AuditOptions::new(full, AuditKeys::generate(&SystemRandom));
    let error = AuditLog::open(&options).unwrap_err();
    assert!(matches!(*error.fault, crate::Fault::Io(_)), "{error}");
    assert!(error.to_string().contains("free space"), "{error}");
}

#[test]
fn what_opening_would_refuse_shows_without_it() {
    let house = House::new();
    let check = |options: &AuditOptions| AuditLog::check(options).map_err(|it| it.to_string());
    assert_eq!(check(&house.options), Ok(()));
    assert_eq!(house.directory.path().read_dir().unwrap().count(), 0, "nothing is made");
    house.open().close().unwrap();
    assert_eq!(check(&house.options), Ok(()));
    let mut options = house.options.clone();
    options.keys = AuditKeys::generate(&SystemRandom);
    assert!(check(&options).unwrap_err().contains("was not written with these keys"));
    options.checkpoint_path = Some("/nowhere/checkpoints".into());
    assert!(check(&options).unwrap_err().starts_with("audit file /nowhere/checkpoints: "));
    let refused = AuditLog::open(&options).unwrap_err().to_string();
    assert!(refused.starts_with("audit file /nowhere/checkpoints: "), "{refused}");
    std::fs::write(&house.options.path, "something else\n").unwrap();
    assert!(check(&house.options).unwrap_err().contains("as an audit log does"));
}
