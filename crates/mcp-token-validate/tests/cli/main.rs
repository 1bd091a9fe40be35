//! The program as people and scripts run it: exit codes, streams, and what never appears on them.
#![expect(clippy::unwrap_used, reason = "helpers of tests: what fails there fails the test")]

mod attacks;
mod causes;
mod inputs;
mod modes;

use std::ffi::OsStr;
use std::process::Command;

use mcp_auth::clock::{Clock as _, SystemClock};
use mcp_auth::testing::Forge;
use tempfile::TempDir;

const SECRET: &str = "3d1f0b7c9e8a4625b1c0d9e8f7a6b5c43d1f0b7c9e8a4625b1c0d9e8f7a6b5c4";

/// One run, in a directory and an environment of its own.
struct Run {
    directory: TempDir,
    command: assert_cmd::Command,
}

/// What came of it.
#[derive(Debug)]
struct Ended {
    exit: i32,
    stdout: String,
    stderr: String,
}

/// A service with a secret and no limit of age.
fn run() -> Run {
    without_settings().variable("MCP_JWT_SECRET", SECRET).variable("MCP_MAX_TOKEN_AGE", "0")
}

fn without_settings() -> Run {
    let directory = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcp-token-validate"));
    command.env_clear().current_dir(directory.path());
    Run { directory, command: command.into() }
}

impl Run {
    fn variable(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.command.write_stdin(bytes);
        self
    }

    fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        std::fs::write(self.directory.path().join(name), content).unwrap();
        self
    }

    fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    /// Runs with these arguments, separated by spaces.
    fn with(self, arguments: &str) -> Ended {
        arguments.split_whitespace().fold(self, Self::arg).end()
    }

    fn end(mut self) -> Ended {
        let output = self.command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let ended = Ended {
            exit: output.status.code().unwrap(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        };
        assert!(!ended.stderr.contains("panicked"), "{ended:?}");
        assert!(!ended.all().contains(SECRET), "{ended:?}");
        ended
    }
}

impl Ended {
    fn all(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    #[track_caller]
    fn says(self, exit: i32, text: &str) -> Self {
        assert_eq!(self.exit, exit, "{self:?}");
        assert!(self.all().contains(text), "{text:?} is not in {self:?}");
        self
    }

    /// No piece of the token that could be put to use.
    #[track_caller]
    fn hides(self, token: &str) -> Self {
        for part in token.split('.').filter(|part| part.len() > 20) {
            assert!(!self.all().contains(part), "{self:?}");
        }
        self
    }

    fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap()
    }
}

fn now() -> u64 {
    SystemClock.now().unix_seconds()
}

fn forge() -> Forge {
    Forge::new(SECRET, now())
}

fn text(forge: &Forge) -> String {
    String::from_utf8(forge.token()).unwrap()
}

fn good() -> String {
    text(&forge())
}
