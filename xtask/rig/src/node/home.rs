//! What is an engine's own over kills and restarts: its ports, its directory, its configuration.

use std::fmt::Write as _;
use std::fs;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::lease::Lease;
use crate::options::Options;
use crate::process::Process;
use crate::tls::Certificates;
use crate::wait;

/// How long a killed process may take to let go of its directory.
const REMOVAL: Duration = Duration::from_secs(2);

/// Removed when dropped.
#[derive(Debug)]
pub(super) struct Home {
    pub(super) options: Options,
    pub(super) certificates: Option<Certificates>,
    plain: Lease,
    tls: Option<Lease>,
    bus: Option<Lease>,
    directory: TempDir,
}

impl Home {
    pub(super) fn new(options: Options) -> Result<Self> {
        let directory = tempfile::Builder::new().prefix("mcp-auth-rig-").tempdir()?;
        let folder = directory.path();
        fs::create_dir(folder.join("data"))?;
        let certify = || Certificates::write(folder, options.host.address());
        let home = Self {
            certificates: options.tls.then(certify).transpose()?,
            plain: Lease::port()?,
            tls: options.tls.then(Lease::port).transpose()?,
            bus: options.clustered.then(Lease::port).transpose()?,
            options,
            directory,
        };
        fs::write(home.file("engine.conf"), home.configuration()?)?;
        Ok(home)
    }

    pub(super) fn run(&self) -> Result<Process> {
        let mut command = self.options.host.command(self.options.engine.program());
        command.arg(self.file("engine.conf")).args(self.options.sentinel.then_some("--sentinel"));
        command.envs(self.options.environment.iter().map(|(name, value)| (name, value)));
        Process::start(command, &self.file("engine.log"))
    }

    pub(super) fn forget_data(&self) -> Result<()> {
        let data = self.file("data");
        fs::remove_dir_all(&data).and_then(|()| fs::create_dir(&data))?;
        Ok(())
    }

    pub(super) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(super) fn plain(&self) -> SocketAddr {
        self.at(&self.plain)
    }

    pub(super) fn tls(&self) -> Option<SocketAddr> {
        self.tls.as_ref().map(|port| self.at(port))
    }

    /// Where engines of a cluster talk to each other.
    pub(super) fn bus(&self) -> Option<SocketAddr> {
        self.bus.as_ref().map(|port| self.at(port))
    }

    fn at(&self, port: &Lease) -> SocketAddr {
        (self.options.host.address(), port.number()).into()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    fn configuration(&self) -> Result<String> {
        let mut text =
            format!("bind {}\nport {}\n", self.options.host.address(), self.plain.number());
        writeln!(text, "dir \"{}\"", self.file("data").display())?;
        if let Some(port) = &self.bus {
            writeln!(text, "cluster-port {}", port.number())?;
        }
        if let Some(port) = &self.tls {
            let files = self.certificates.as_ref().context("TLS needs certificates")?;
            writeln!(text, "tls-port {}\ntls-auth-clients no", port.number())?;
            writeln!(text, "tls-cert-file \"{}\"", files.certificate.display())?;
            writeln!(text, "tls-key-file \"{}\"", files.key.display())?;
            writeln!(text, "tls-ca-cert-file \"{}\"", files.authority.display())?;
        }
        Ok(text + &self.options.text())
    }
}

impl Drop for Home {
    /// What an engine forked may still be ending, and leave a file in a directory that is being emptied.
    fn drop(&mut self) {
        let removed = wait::until("the directory to go", REMOVAL, || {
            fs::remove_dir_all(self.path()).or_else(|error| match error.kind() {
                ErrorKind::NotFound => Ok(()),
                _ => Err(error.into()),
            })
        });
        // What is left then, the directory itself tries once more.
        drop(removed);
    }
}
