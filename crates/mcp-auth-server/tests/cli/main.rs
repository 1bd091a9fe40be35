//! The commands as operators run them: exit codes, streams, files, and what never appears on them.
#![expect(clippy::unwrap_used, reason = "helpers of tests: what fails there fails the test")]

mod accounts;
mod audit;
mod away;
mod check;
mod doctor;
mod hostile;
mod import;
mod init;
mod secrets;
mod strangers;
mod tokens;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use mcp_auth::clock::{Clock as _, SystemClock};
use mcp_auth::testing::Forge;
use serde_json::Value;
use tempfile::TempDir;

const PASSWORD: &str = "correct horse battery";

/// A machine with nothing on it but a directory of its own.
struct Host {
    directory: TempDir,
    variables: Vec<(String, String)>,
}

/// What came of a run.
#[derive(Debug)]
struct Ended {
    exit: i32,
    stdout: String,
    stderr: String,
}

impl Host {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap(), variables: Vec::new() }
    }

    /// One where `init` has run, with [`PASSWORD`].
    fn initialised() -> Self {
        let host = Self::new();
        fs::write(host.path("password"), PASSWORD).unwrap();
        host.run("init --password-file password").says(0, "Made in .mcp:");
        host
    }

    fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Runs with arguments separated by spaces.
    fn run(&self, arguments: &str) -> Ended {
        self.args(&arguments.split_whitespace().collect::<Vec<_>>(), "")
    }

    /// The same with something on standard input.
    fn feed(&self, arguments: &str, stdin: &str) -> Ended {
        self.args(&arguments.split_whitespace().collect::<Vec<_>>(), stdin)
    }

    fn args(&self, arguments: &[&str], stdin: &str) -> Ended {
        self.end(self.command(arguments), stdin)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mcp-auth-server"));
        command.env_clear().current_dir(self.directory.path()).args(arguments);
        command.envs(self.variables.iter().cloned());
        command
    }

    fn end(&self, command: Command, stdin: &str) -> Ended {
        let output = assert_cmd::Command::from(command).write_stdin(stdin).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let ended = Ended {
            exit: output.status.code().unwrap(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        };
        self.check(&ended);
        ended
    }

    /// What holds of every run.
    fn check(&self, ended: &Ended) {
        let all = ended.all();
        assert!(!ended.stderr.contains("panicked"), "{ended:?}");
        assert!(!all.chars().any(|c| c.is_control() && c != '\n'), "{ended:?}");
        assert!(!all.contains(PASSWORD), "{ended:?}");
        let secrets = ["jwt_secret", "jwt_previous_secrets"]
            .map(|name| fs::read_to_string(self.path(".mcp").join(name)));
        for secret in secrets.iter().flatten().flat_map(|text| text.lines()) {
            assert!(!all.contains(secret), "{ended:?}");
        }
    }

    fn secret(&self) -> String {
        fs::read_to_string(self.path(".mcp/jwt_secret")).unwrap().trim_end().to_owned()
    }

    /// A token that the data directory's secret signed.
    fn forge(&self) -> Forge {
        Forge::new(&self.secret(), SystemClock.now().unix_seconds())
    }

    fn token(&self) -> String {
        String::from_utf8(self.forge().token()).unwrap()
    }

    /// The events of the audit log, oldest first.
    fn audit(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.path(".mcp/audit.log")).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
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

    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap()
    }
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}
