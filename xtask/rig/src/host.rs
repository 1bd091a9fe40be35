//! Where a process runs: on the loopback interface, or in a network namespace with an address of its own.

use std::ffi::OsStr;
use std::net::Ipv4Addr;
use std::process::Command;

/// A place for processes. It lasts as long as the namespaces that it came from.
#[derive(Debug, Clone)]
pub struct Host {
    address: Ipv4Addr,
    /// A process in the namespace.
    namespace: Option<u32>,
}

impl Host {
    /// This machine, as everybody on it sees it.
    pub fn loopback() -> Self {
        Self { address: Ipv4Addr::LOCALHOST, namespace: None }
    }

    /// In the namespace of a process, or outside of all.
    pub(crate) fn at(address: Ipv4Addr, namespace: Option<u32>) -> Self {
        Self { address, namespace }
    }

    /// What processes here bind, and others connect to.
    pub fn address(&self) -> Ipv4Addr {
        self.address
    }

    /// A command that runs `program` here. [`Process::start`](crate::Process::start) takes it.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut words = Vec::new();
        if let Some(holder) = self.namespace {
            words.extend(["nsenter", "--target"].map(String::from));
            words.extend([holder.to_string(), "--net".into(), "--".into()]);
        }
        if cfg!(target_os = "linux") {
            words.extend(["setpriv", "--pdeathsig", "KILL", "--"].map(String::from));
        }
        let mut words = words.iter().map(OsStr::new).chain([program.as_ref()]);
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words);
        command
    }
}
