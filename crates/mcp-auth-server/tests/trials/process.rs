//! The server as a process: killing it, starting it again, and what memory it takes.

use std::fs;
use std::mem;

use tempfile::TempDir;

use crate::server::{Server, program};

/// Kills the server as a power cut would, and leaves its directory.
pub(crate) fn kill(mut server: Server) -> TempDir {
    server.signal("KILL");
    assert!(!server.wait().success(), "it was killed");
    mem::replace(&mut server.directory, tempfile::tempdir().unwrap())
}

/// Starts a server over a directory that another one has left.
pub(crate) fn start_over(directory: TempDir, variables: &[(&str, &str)]) -> Server {
    let command = program(directory.path(), variables);
    Server::run(directory, command)
}

/// A line of `/proc/<id>/status` that is in KiB, such as `VmHWM`.
pub(crate) fn kibibytes(server: &Server, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.child.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// The most memory that the server has had so far, in MiB.
pub(crate) fn peak(server: &Server) -> u64 {
    kibibytes(server, "VmHWM") / 1024
}
