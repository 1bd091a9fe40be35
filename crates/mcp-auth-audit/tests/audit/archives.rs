//! Logs that grow large, are set aside, and go on.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use mcp_auth::clock::{Clock as _, SystemClock, Timestamp};
use mcp_auth_audit::{AuditLog, Entry, Filter, Order, Verifier, search};

use crate::house::{House, event, write};

/// Bytes that a few lines have.
const SMALL: u64 = 2_000;

/// A log that is archived after a few lines.
pub(crate) fn small() -> House {
    let mut house = House::new();
    house.options.log_bytes = SMALL;
    house
}

pub(crate) fn names(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("user-{number}")).collect()
}

pub(crate) fn write_all(log: &AuditLog, names: &[String]) {
    write(log, &names.iter().map(String::as_str).collect::<Vec<_>>());
}

pub(crate) fn archives(house: &House) -> Vec<PathBuf> {
    house.verify_history().into_iter().skip(1).map(|(path, _)| path).collect()
}

pub(crate) fn found(house: &House, order: Order, limit: usize) -> Vec<String> {
    let found = search(&house.path(), &Filter::default(), order, limit).unwrap();
    let user = |entry: &Entry| Some(entry.event.get("user_id")?.as_str()?.to_owned());
    found.iter().filter_map(user).collect()
}

fn files(house: &House) -> usize {
    fs::read_dir(house.directory.path()).unwrap().count()
}

#[test]
fn a_large_log_goes_on_in_another_file_and_nothing_is_lost() {
    let (house, names) = (small(), names(40));
    let log = house.open();
    write_all(&log, &names);
    log.close().unwrap();
    let all = house.verify_history();
    assert!(all.len() > 3, "{all:#?}");
    assert_eq!(files(&house), all.len() + 1, "logs and checkpoints");
    for (path, found) in &all {
        assert!(found.is_clean() && found.unreadable_checkpoints == 0, "{found:#?}");
        let is_archive = path != &house.path();
        assert!(!is_archive || found.vouched_seq + 1 == found.last_seq, "{found:#?}");
        assert!(!is_archive || fs::metadata(path).unwrap().len() >= SMALL);
    }
    assert_eq!(all.last().unwrap().1.continues, None);
    assert_eq!(found(&house, Order::OldestFirst, usize::MAX), names);
    let newest: Vec<_> = names.iter().rev().take(20).cloned().collect();
    assert_eq!(found(&house, Order::NewestFirst, usize::MAX)[..20], newest);
    assert_eq!(found(&house, Order::OldestFirst, 5), names[..4], "and the first line");
}

#[test]
fn a_limit_of_nothing_is_none() {
    let (mut house, names) = (small(), names(40));
    house.options.log_bytes = 0;
    write_all(&house.open(), &names);
    assert_eq!(house.verify_history().len(), 1);
}

#[test]
fn a_log_is_archived_on_demand_while_others_write_to_it() {
    let house = House::new();
    let log = house.open();
    write(&log, &["alice"]);
    let archive = AuditLog::archive(&house.options).unwrap().unwrap();
    assert_eq!(AuditLog::archive(&house.options).unwrap(), None, "nothing was written since");
    write(&log, &["bob"]);
    assert_eq!(archives(&house), [archive]);
    assert_eq!(
        house.users().into_iter().filter(|it| it.len() < 6).collect::<Vec<_>>(),
        ["alice", "bob"]
    );
    fs::remove_file(house.path()).unwrap();
    fs::create_dir(house.path()).unwrap();
    assert!(AuditLog::archive(&house.options).is_err());
}

/// However small, a log that says nothing but its own beginning is not archived.
#[test]
fn an_empty_log_is_not_archived() {
    let mut house = House::new();
    house.options.log_bytes = 1;
    for _ in 0..3 {
        house.open().close().unwrap();
    }
    assert_eq!(house.verify_history().len(), 1);
    write(&house.open(), &["alice"]);
    assert_eq!(house.verify_history().len(), 2);
}

/// One that was written before there was a limit, by a process that was killed.
#[test]
fn a_log_that_is_large_already_is_archived_when_it_is_opened() {
    let (mut house, names) = (House::new(), names(20));
    let log = house.open();
    write_all(&log, &names);
    let content = house.content();
    log.close().unwrap();
    fs::write(house.path(), content).unwrap();
    fs::remove_file(house.options.checkpoint_path.as_ref().unwrap()).unwrap();
    house.options.log_bytes = SMALL;
    house.open().close().unwrap();
    let all = house.verify_history();
    assert_eq!(all.len(), 2);
    assert_eq!(all[1].1.vouched_seq, 21, "a checkpoint was made of its end");
    assert!(all.iter().all(|(_, found)| found.is_clean()), "{all:#?}");
}

#[test]
fn processes_follow_one_another_from_file_to_file() {
    let house = small();
    let mut others = house.options.clone();
    others.log_bytes = 0;
    let logs = [house.open(), AuditLog::open(&others).unwrap(), AuditLog::open(&others).unwrap()];
    let names = names(60);
    for (number, name) in names.iter().enumerate() {
        // The last one comes back when there have been several archives.
        let turn = if number % 30 == 29 { 2 } else { number % 2 };
        write(&logs[turn], &[name]);
    }
    assert!(archives(&house).len() > 3);
    assert_eq!(found(&house, Order::OldestFirst, usize::MAX), names);
    drop(logs);
    assert!(house.verify_history().iter().all(|(_, found)| found.is_clean()));
}

/// Threads that write at once, each through a log of its own: as processes would.
#[test]
fn many_writers_lose_nothing_while_files_change() {
    let house = small();
    let names = names(200);
    std::thread::scope(|scope| {
        for portion in names.chunks(50) {
            scope.spawn(|| write_all(&house.open(), portion));
        }
    });
    let all = house.verify_history();
    assert!(all.len() > 10 && all.iter().all(|(_, found)| found.is_clean()), "{all:#?}");
    let mut users = found(&house, Order::OldestFirst, usize::MAX);
    users.sort_by_key(|name| name[5..].parse::<u32>().unwrap());
    assert_eq!(users, names);
}

/// Somebody puts a log of the same keys into the place of the one that is open: it is not the one that continues it.
#[test]
fn another_log_is_not_followed() {
    let (house, other) = (small(), House::new());
    let log = house.open();
    write(&log, &["alice"]);
    let mut strange = small().options;
    (strange.path, strange.keys) = (other.path(), house.options.keys.clone());
    strange.checkpoint_path = None;
    write_all(&AuditLog::open(&strange).unwrap(), &names(40));
    let of_another = Verifier::new(&strange.keys).verify_history(&strange.path, None).unwrap();
    assert!(of_another.len() > 2);
    for path in of_another.iter().map(|it| &it.log) {
        fs::rename(house.path(), house.directory.path().join("away")).unwrap();
        fs::copy(path, house.path()).unwrap();
        let error = log.append_blocking(&event("lost")).unwrap_err().to_string();
        assert!(error.contains("moved, removed or replaced"), "{error}");
        fs::rename(house.directory.path().join("away"), house.path()).unwrap();
        log.append_blocking(&event("bob")).unwrap();
    }
    assert_eq!(found(&house, Order::OldestFirst, 3), ["alice", "bob"]);
}

/// An archive of a log is put back: what was written since would be written twice.
#[test]
fn an_archive_is_not_followed() {
    let house = small();
    let log = house.open();
    write_all(&log, &names(40));
    for archive in archives(&house) {
        let away = house.directory.path().join("away");
        fs::rename(house.path(), &away).unwrap();
        fs::copy(&archive, house.path()).unwrap();
        assert!(log.append_blocking(&event("lost")).is_err());
        fs::rename(&away, house.path()).unwrap();
    }
    log.append_blocking(&event("bob")).unwrap();
}

#[test]
fn who_writes_nothing_follows_before_archives_are_taken_away() {
    let mut house = small();
    house.options.look_interval = Duration::from_millis(5);
    let idle = house.open();
    let mut others = house.options.clone();
    others.log_bytes = 0;
    for round in 0..3 {
        let log = AuditLog::open(&others).unwrap();
        write(&log, &[&format!("round-{round}")]);
        let archive = AuditLog::archive(&others).unwrap().unwrap();
        // It has one file open: the log's.
        until(|| is_open(&house.path()));
        drop(log);
        fs::remove_file(archive).unwrap();
    }
    write(&idle, &["at last"]);
    assert!(idle.is_writable());
}

/// Whether every open file of this process that was once this log is the one that is there.
fn is_open(log: &Path) -> bool {
    let log = fs::canonicalize(log).unwrap();
    let open = fs::read_dir("/proc/self/fd").unwrap();
    let open = open.filter_map(|entry| fs::read_link(entry.unwrap().path()).ok());
    let name = format!("{}.", log.display());
    !open.into_iter().any(|path| path.to_string_lossy().starts_with(&name))
}

fn until(mut is_so: impl FnMut() -> bool) {
    let hopeless = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < hopeless);
        std::thread::yield_now();
    }
}

/// Who was killed with the second name given and the new file not in place.
#[test]
fn what_a_killed_process_began_is_finished_by_the_next() {
    let (mut house, names) = (small(), names(20));
    house.options.log_bytes = 0;
    write_all(&house.open(), &names);
    let id = house.verify_history()[0].1.log_id.unwrap();
    let archive = house.directory.path().join(format!("audit.log.20260101T000000Z.{id}"));
    fs::hard_link(house.path(), &archive).unwrap();
    fs::write(house.directory.path().join("audit.log.next"), "{\"seq\":1,").unwrap();
    write(&house.open(), &["between"]);
    house.options.log_bytes = SMALL;
    house.open().close().unwrap();
    assert_eq!(archives(&house), [fs::canonicalize(archive).unwrap()]);
    assert_eq!(files(&house), 3);
    let all = found(&house, Order::OldestFirst, usize::MAX);
    assert_eq!((all.len(), all.last().unwrap().as_str()), (21, "between"));
}

/// A copy that somebody made under the name of an archive is not written over, and the log goes on in its file.
#[test]
fn a_name_that_is_taken_stops_nobody() {
    let (mut house, names) = (small(), names(20));
    house.options.log_bytes = 0;
    write(&house.open(), &["alice"]);
    let id = house.verify_history()[0].1.log_id.unwrap();
    let copy = house.directory.path().join(format!("audit.log.copy.{id}"));
    fs::copy(house.path(), &copy).unwrap();
    let before = fs::read(&copy).unwrap();
    house.options.log_bytes = SMALL;
    let log = house.open();
    write_all(&log, &names);
    let error = log.health().archive_error.unwrap();
    assert!(error.contains("is an archive of this log already"), "{error}");
    assert!(log.is_writable());
    assert_eq!((fs::read(&copy).unwrap(), house.verify_history().len()), (before, 1));
    fs::remove_file(&copy).unwrap();
    log.close().unwrap();
    assert_eq!(house.verify_history().len(), 2, "tried again with the last checkpoint");
}

#[test]
fn a_log_behind_a_link_is_archived_where_it_lies() {
    let mut house = small();
    let elsewhere = tempfile::tempdir().unwrap();
    let real = elsewhere.path().join("log");
    fs::write(&real, "").unwrap();
    std::os::unix::fs::symlink(&real, house.path()).unwrap();
    house.options.checkpoint_path = None;
    write_all(&house.open(), &names(20));
    assert!(fs::symlink_metadata(house.path()).unwrap().is_symlink());
    let archives = archives(&house);
    assert!(!archives.is_empty() && archives.iter().all(|it| is_in(it, elsewhere.path())));
}

fn is_in(path: &Path, directory: &Path) -> bool {
    path.parent() == fs::canonicalize(directory).ok().as_deref()
}

#[test]
fn an_archive_and_what_follows_have_the_rights_of_the_log() {
    use std::os::unix::fs::PermissionsExt as _;
    let house = small();
    let log = house.open();
    fs::set_permissions(house.path(), fs::Permissions::from_mode(0o640)).unwrap();
    write_all(&log, &names(20));
    for (path, _) in house.verify_history() {
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o640);
    }
}

/// By when the logs began: the events are of a later time here.
#[test]
fn archives_older_than_what_is_looked_for_are_left_alone() {
    let house = small();
    let log = house.open();
    for name in names(40) {
        let mut later = event(&name);
        later.timestamp = in_days(10);
        log.append_blocking(&later).unwrap();
    }
    let since = |days, order| {
        let filter = Filter { since: Some(in_days(days)), ..Filter::default() };
        search(&house.path(), &filter, order, 1_000).unwrap().len()
    };
    for order in [Order::NewestFirst, Order::OldestFirst] {
        assert_eq!(since(0, order), 40, "clocks may have been a day apart");
        assert!((1..20).contains(&since(3, order)), "two logs are looked through");
    }
}

fn in_days(days: u64) -> Timestamp {
    SystemClock.now().plus(Duration::from_hours(24 * days))
}
