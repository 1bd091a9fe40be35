//! A gateway: the program, on a machine of its own as far as it knows.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use mcp_auth_rig::{Host, Process, until};
use serde_json::Value;
use tempfile::TempDir;

use crate::people::SECRET;
use crate::server::{initialised, program};

/// How long a gateway may take to follow its engine for the first time.
const START: Duration = Duration::from_secs(30);

/// It is killed when this is dropped, and its directory removed.
#[derive(Debug)]
pub(crate) struct Gateway {
    pub(crate) name: &'static str,
    pub(crate) address: SocketAddr,
    process: Process,
    host: Host,
    variables: Vec<(String, String)>,
    starts: usize,
    directory: TempDir,
}

impl Gateway {
    pub(crate) fn start(
        name: &'static str,
        host: Host,
        variables: Vec<(String, String)>,
    ) -> Result<Self> {
        let directory = initialised();
        let command = serve(&directory, &host, &variables);
        let process = Process::start(command, &log(&directory, 0))?;
        let address = (host.address(), 0).into();
        let mut gateway = Self { name, address, process, host, variables, starts: 0, directory };
        gateway.await_listening()?;
        Ok(gateway)
    }

    /// Over what it left, on another port.
    pub(crate) fn start_again(&mut self) -> Result<()> {
        self.starts += 1;
        let command = serve(&self.directory, &self.host, &self.variables);
        self.process = Process::start(command, &log(&self.directory, self.starts))?;
        self.await_listening()
    }

    pub(crate) fn kill9(&mut self) {
        self.process.kill();
    }

    pub(crate) fn pause(&mut self) -> Result<()> {
        self.process.pause()
    }

    pub(crate) fn resume(&mut self) -> Result<()> {
        self.process.resume()
    }

    /// The lines of its audit.
    pub(crate) fn audit(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.directory.path().join("data/audit.log")).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Whether its audit is whole, as the program itself says.
    pub(crate) fn verify_audit(&self) -> Result<()> {
        let verified = program(self.directory.path(), &[]).args(["audit", "verify"]).output()?;
        let said = String::from_utf8_lossy(&verified.stdout);
        ensure!(verified.status.success(), "the audit of {}: {said}", self.name);
        Ok(())
    }

    /// The end of what it logged, for messages.
    pub(crate) fn last_words(&self) -> String {
        self.process.last_words()
    }

    fn await_listening(&mut self) -> Result<()> {
        let log = log(&self.directory, self.starts);
        let listening = until("the gateway to listen", START, || {
            let said = fs::read_to_string(&log)?;
            let told = said.lines().find_map(|line| line.strip_prefix("Listening on http://"));
            ensure!(told.is_some() || self.process.is_running(), "it ended");
            Ok(told.context("not yet")?.parse()?)
        });
        self.address =
            listening.with_context(|| format!("{}: {}", self.name, self.last_words()))?;
        Ok(())
    }
}

fn log(directory: &TempDir, start: usize) -> PathBuf {
    directory.path().join(format!("log-{start}"))
}

fn serve(directory: &TempDir, host: &Host, variables: &[(String, String)]) -> Command {
    let real = program(directory.path(), &[]);
    let mut command = host.command(real.get_program());
    command.arg("serve").env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    command.current_dir(directory.path());
    command.envs(real.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.env("API_HOST", host.address().to_string()).env("API_PORT", "0");
    command.env("MCP_JWT_SECRET", SECRET).env("MCP_MAX_TOKEN_AGE", "0").env("LOG_LEVEL", "WARNING");
    // Clients say themselves from which address they sign in.
    command.env("MCP_TRUSTED_PROXIES", "127.0.0.1,198.18.0.0/15");
    command.env("MCP_RATE_LIMIT_ENABLED", "false");
    command.envs(variables.iter().map(|(name, value)| (name, value)));
    command
}
