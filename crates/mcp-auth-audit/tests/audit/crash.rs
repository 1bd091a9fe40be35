//! Processes that are killed while they write. What they were told had been written is there, and the chain verifies.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::{env, io, thread};

use mcp_auth_audit::{AuditKeys, AuditLog, AuditOptions};

use crate::house::{House, event};

/// Set for a process that is to write until it is killed: the directory and its own name.
const DIRECTORY: &str = "MCP_AUTH_AUDIT_TEST_DIRECTORY";
const NAME: &str = "MCP_AUTH_AUDIT_TEST_NAME";

const ROUNDS: usize = 40;
const PROCESSES: usize = 2;
const THREADS: usize = 3;

/// Not a test but the process that [`killed_writers_lose_no_acknowledged_line`] starts; does nothing otherwise.
#[test]
fn writer() {
    if let (Some(directory), Some(name)) = (variable(DIRECTORY), variable(NAME)) {
        write_until_killed(Path::new(&directory), &name);
    }
}

#[test]
fn killed_writers_lose_no_acknowledged_line() {
    let house = House::new();
    house.options.keys.save(&house.directory.path().join("keys")).unwrap();
    let mut acknowledged = HashSet::new();
    for round in 0..ROUNDS {
        let mut writers: Vec<Child> =
            (0..PROCESSES).map(|process| start(&house, &format!("{round}.{process}"))).collect();
        // Another moment each time: the first is killed while it begins the log.
        let wanted = round * 3;
        for writer in &mut writers {
            let output = BufReader::new(writer.stdout.take().unwrap());
            let mut lines = output
                .lines()
                .map_while(Result::ok)
                .filter_map(|line| Some(line.strip_prefix("ack ")?.to_owned()));
            acknowledged.extend(lines.by_ref().take(wanted));
            writer.kill().unwrap();
            acknowledged.extend(lines);
        }
        for mut writer in writers {
            assert!(!writer.wait().unwrap().success(), "it was killed");
        }
    }
    let files = std::fs::read_dir(house.directory.path()).unwrap().count();
    assert!(files > ROUNDS / 2, "only {files} files");
    // A writer that died may have left a torn end; whoever opens the log next repairs it.
    house.open().close().unwrap();
    let written: Vec<String> = house.users();
    let is_there: HashSet<&String> = written.iter().collect();
    let users = written.iter().filter(|name| !name.starts_with("audit_"));
    assert_eq!(users.clone().count(), users.collect::<HashSet<_>>().len(), "none is doubled");
    let lost: Vec<_> = acknowledged.iter().filter(|line| !is_there.contains(line)).collect();
    assert!(lost.is_empty(), "{lost:?}");
    assert!(acknowledged.len() > ROUNDS * ROUNDS, "only {} lines", acknowledged.len());
}

fn start(house: &House, name: &str) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "crash::writer", "--nocapture", "--test-threads=1"])
        .env(DIRECTORY, house.directory.path())
        .env(NAME, name)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The round, in the name of a process.
fn number(name: &str) -> usize {
    name.split('.').next().unwrap().parse().unwrap()
}

fn write_until_killed(directory: &Path, name: &str) {
    let keys = AuditKeys::load(&directory.join("keys")).unwrap();
    let mut options = AuditOptions::new(directory.join("audit.log"), keys);
    options.checkpoint_path = Some(PathBuf::from(directory).join("checkpoints"));
    options.checkpoint_lines = 7;
    // Half of the rounds go through many files.
    options.log_bytes = if number(name).is_multiple_of(2) { 5_000 } else { 0 };
    let log = AuditLog::open(&options).unwrap();
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let log = &log;
            scope.spawn(move || {
                for number in 0.. {
                    let user = format!("{name}.{thread}.{number}");
                    log.append_blocking(&event(&user)).unwrap();
                    // In one piece, past the buffer that a killed process would lose.
                    io::stdout().lock().write_all(format!("\nack {user}\n").as_bytes()).unwrap();
                }
            });
        }
    });
}

#[expect(clippy::disallowed_methods, reason = "how a test tells the process that it starts")]
fn variable(name: &str) -> Option<String> {
    env::var(name).ok()
}
