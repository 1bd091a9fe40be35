//! A server as a process of its own, which ends with the value that stands for it.

use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};

/// A server that ends with this value.
pub(crate) struct Server {
    pub(crate) process: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Takes a process that was just started and listens there.
    pub(crate) fn new(process: Child, address: SocketAddr) -> Self {
        Self { process, address }
    }

    /// Starts a server whose first line ends in the address at which it listens.
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let process = command.stdout(Stdio::piped()).spawn()?;
        let mut server = Self::new(process, (Ipv4Addr::LOCALHOST, 0).into());
        let output = server.process.stdout.take().context("the server has no stdout")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let address = line.trim().rsplit(['/', ' ']).next().unwrap_or_default();
        let lost = || format!("the server did not say where it listens: {line:?}");
        server.address = address.parse().with_context(lost)?;
        Ok(server)
    }

    /// What all its threads have had of the processors so far, in seconds; `None` where the system does not tell.
    pub(crate) fn processor_seconds(&self) -> Option<f64> {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.process.id())).ok()?;
        let of_thread = |folder: std::path::PathBuf| {
            let text = std::fs::read_to_string(folder.join("schedstat")).ok()?;
            let nanoseconds = text.split(' ').next()?.parse().ok()?;
            Some(Duration::from_nanos(nanoseconds).as_secs_f64())
        };
        threads.map(|thread| of_thread(thread.ok()?.path())).sum()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is gone afterwards.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
