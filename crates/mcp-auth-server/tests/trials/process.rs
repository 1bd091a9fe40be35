//! The server as a process: killing it, starting it again, and what memory it takes.

use std::fs;
use std::mem;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::server::{Server, initialised, program};

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
pub(crate) fn kibibytes(server: &Server, name: &str) -> usize {
    let status = fs::read_to_string(format!("/proc/{}/status", server.child.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// The most memory that the server has had so far, in MiB.
pub(crate) fn peak(server: &Server) -> usize {
    kibibytes(server, "VmHWM") / 1024
}

/// The memory that it has now, in MiB.
pub(crate) fn resident(server: &Server) -> usize {
    kibibytes(server, "VmRSS") / 1024
}

/// A server that may open so many files, 128 of which are none of connections.
pub(crate) fn with_files(most: usize) -> Server {
    let directory = initialised();
    let command = after(&format!("ulimit -n {most}"), directory.path(), &["env"]);
    Server::run(directory, command)
}

/// The program, run by a shell of `shell` that does this first.
pub(crate) fn after(preparation: &str, directory: &Path, shell: &[&str]) -> Command {
    let real = program(directory, &[]);
    let script = format!("{preparation} && exec \"$0\" \"$@\"");
    let mut command = Command::new(shell[0]);
    command.args(&shell[1..]).args(["sh", "-c", &script]).arg(real.get_program());
    command.env_clear().current_dir(directory).env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin");
    command.envs(real.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command
}

/// How much of something a test does: the usual, or what `MCP_AUTH_TRIALS=full` asks for.
#[expect(clippy::disallowed_methods, reason = "whoever runs the tests says how long they may take")]
pub(crate) fn size(usual: usize, full: usize) -> usize {
    let is_full = std::env::var_os("MCP_AUTH_TRIALS").is_some_and(|value| value == "full");
    if is_full { full } else { usual }
}
