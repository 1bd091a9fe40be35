//! Where a process runs.

use std::ffi::OsStr;
use std::net::Ipv4Addr;
use std::process::Command;

/// A place for processes.
#[derive(Debug, Clone)]
pub struct Host {
    address: Ipv4Addr,
}

/// The kernel kills the program with the thread that started it.
const GUARD: [&str; 4] = ["setpriv", "--pdeathsig", "KILL", "--"];

impl Host {
    /// This machine, as everybody on it sees it.
    pub fn loopback() -> Self {
        Self { address: Ipv4Addr::LOCALHOST }
    }

    /// What processes here bind, and others connect to.
    pub fn address(&self) -> Ipv4Addr {
        self.address
    }

    /// A command that runs `program` here. [`Process::start`](crate::Process::start) takes it.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let guard: &[&str] = if cfg!(target_os = "linux") { &GUARD } else { &[] };
        let mut words = guard.iter().map(OsStr::new).chain([program.as_ref()]);
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words);
        command
    }
}
