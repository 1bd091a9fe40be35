//! The processes below the guardian, found by who their parent is.

use std::collections::HashMap;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{
    Pid, Signal, WaitOptions, getpgrp, getpid, kill_process, kill_process_group, wait,
};

/// How often to look whether the processes are gone.
const LOOK: Duration = Duration::from_millis(5);
/// What still lives so long after SIGKILL hangs in the kernel, and nobody can end it.
const HOPELESS: Duration = Duration::from_secs(5);

/// Orphans below this process become its children, not the system's. Without it, on other systems
/// than Linux, a process that left the process group and lost its parent is out of reach.
pub(super) fn adopt_orphans() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_child_subreaper(Some(getpid()));
}

/// SIGTERM to the process group, this process included.
pub(super) fn terminate_group() {
    let _ = kill_process_group(getpgrp(), Signal::TERM);
}

/// SIGKILL to everything below this process.
pub(super) fn kill_descendants() {
    for process in descendants() {
        let _ = kill_process(process, Signal::KILL);
    }
}

/// Waits for children until the one with this id has ended. `None` if it cannot be waited for.
pub(super) fn reap_until(server: u32) -> Option<ExitStatus> {
    loop {
        match wait(WaitOptions::empty()) {
            Ok(Some((pid, status))) if u32::try_from(pid.as_raw_pid()) == Ok(server) => {
                return Some(ExitStatus::from_raw(status.as_raw()));
            }
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(_) => return None,
        }
    }
}

/// Ends what the server left behind and waits until all of it is gone and reaped. The server itself
/// must have been waited for: its status would be lost here.
pub(super) fn end_all(grace: Duration) {
    if !are_gone() {
        terminate_group();
    }
    let patient = Instant::now() + grace;
    let hopeless = patient + HOPELESS;
    while !are_gone() && Instant::now() < hopeless {
        if Instant::now() >= patient {
            kill_descendants();
        }
        thread::sleep(LOOK);
    }
}

/// Reaps what has ended. Without children there is nothing below this process any more.
fn are_gone() -> bool {
    loop {
        match wait(WaitOptions::NOHANG) {
            Ok(Some(_)) | Err(rustix::io::Errno::INTR) => {}
            Ok(None) => return false,
            Err(_) => return true,
        }
    }
}

fn descendants() -> Vec<Pid> {
    let children = children_by_parent();
    let mut found = Vec::new();
    let mut parents = vec![getpid()];
    while let Some(parent) = parents.pop() {
        let below = children.get(&parent).into_iter().flatten().copied();
        parents.extend(below.clone());
        found.extend(below);
    }
    found
}

fn children_by_parent() -> HashMap<Pid, Vec<Pid>> {
    let mut children: HashMap<Pid, Vec<Pid>> = HashMap::new();
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    for pid in entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()) {
        if let (Some(pid), Some(parent)) = (Pid::from_raw(pid), parent_of(pid)) {
            children.entry(parent).or_default().push(pid);
        }
    }
    children
}

/// The fourth field of `/proc/<pid>/stat`. The second is a name in parentheses and may hold anything.
fn parent_of(pid: i32) -> Option<Pid> {
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    let stat = String::from_utf8_lossy(&stat);
    let (_, fields) = stat.rsplit_once(')')?;
    Pid::from_raw(fields.split_whitespace().nth(1)?.parse().ok()?)
}
