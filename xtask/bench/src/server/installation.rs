//! A data directory as `init` makes it, and the program over it.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use crate::child::Server;
use crate::http::load::Request;
use crate::programs;

/// Of every account.
pub(super) const PASSWORD: &str = "correct horse battery staple";

pub(super) struct Installation {
    program: PathBuf,
    directory: TempDir,
}

impl Installation {
    /// With the account `admin`.
    pub(super) fn new() -> Result<Self> {
        let made =
            Self { program: programs::path("mcp-auth-server")?, directory: tempfile::tempdir()? };
        std::fs::write(made.path("password"), PASSWORD)?;
        made.run(&["init", "--password-file", "password"])?;
        Ok(made)
    }

    pub(super) fn add_user(&self, name: &str) -> Result<()> {
        self.run(&["user", "add", name, "--password-file", "password"])
    }

    /// The store's file.
    pub(super) fn store(&self) -> PathBuf {
        self.path("data/mcp-auth.db")
    }

    /// Starts the server and waits until it is ready, which takes it so long.
    pub(super) async fn serve(&self) -> Result<(Server, Duration)> {
        let started = Instant::now();
        let server = Server::start(self.command().args(["serve", "--port", "0"]))?;
        Request::get(server.address, "/ready").exchange().await.context("it is not ready")?;
        Ok((server, started.elapsed()))
    }

    fn run(&self, arguments: &[&str]) -> Result<()> {
        let output = self.command().args(arguments).output()?;
        let complaint = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{arguments:?} ended with {}: {complaint}", output.status);
        Ok(())
    }

    /// No variable but these. Rate limits would measure themselves.
    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.env_clear().current_dir(&self.directory).stdin(Stdio::null());
        command.env("MCP_DATA_DIR", self.path("data")).env("LOG_LEVEL", "ERROR");
        command.env("MCP_RATE_LIMIT_ENABLED", "false");
        command
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }
}
