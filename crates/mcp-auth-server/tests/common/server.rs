//! The program on a port of its own, over a data directory of its own.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use mcp_auth::issue::{Issuer, NewToken};
use mcp_auth::keys::{Algorithm, KeyRing, SigningKey};
use mcp_auth::roles::Role;
use mcp_auth::secret::Secret;
use tempfile::TempDir;

use crate::client::{Answer, Ask};

/// The password of the account `admin`.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// The program with no variables but those of `variables`.
pub(crate) fn program(directory: &Path, variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcp-auth-server"));
    command.env_clear().current_dir(directory).env("MCP_DATA_DIR", directory.join("data"));
    command.envs(variables.iter().copied());
    command
}

/// A directory in which `data` is as `init` made it. Hashing the password takes long, so it is done once and copied.
pub(crate) fn initialised() -> TempDir {
    static TEMPLATE: OnceLock<PathBuf> = OnceLock::new();
    let template = TEMPLATE.get_or_init(|| {
        let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap().keep();
        let password = directory.join("password");
        fs::write(&password, PASSWORD).unwrap();
        let mut init = program(&directory, &[]);
        let made = init.arg("init").arg("--password-file").arg(&password).output().unwrap();
        assert!(made.status.success(), "{made:?}");
        directory
    });
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    fs::create_dir(&data).unwrap();
    for entry in fs::read_dir(template.join("data")).unwrap() {
        let from = entry.unwrap();
        fs::copy(from.path(), data.join(from.file_name())).unwrap();
    }
    directory
}

/// A server that ends with the test.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) directory: TempDir,
    pub(crate) address: SocketAddr,
    pub(crate) child: Child,
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    /// With these variables besides.
    pub(crate) fn with(variables: &[(&str, &str)]) -> Self {
        let directory = initialised();
        let command = program(directory.path(), variables);
        Self::run(directory, command)
    }

    /// Runs a command that ends in `serve`, and waits until it listens.
    pub(crate) fn run(directory: TempDir, mut command: Command) -> Self {
        let log = fs::File::create(directory.path().join("stderr")).unwrap();
        command.arg("serve").env("API_PORT", "0").stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim_end().strip_prefix("Listening on ");
        let address = url.and_then(|url| url.split_once("://")?.1.parse().ok());
        let address = address.unwrap_or_else(|| {
            let log = fs::read_to_string(directory.path().join("stderr"));
            panic!("the server did not say where it listens: {line:?} {log:?}")
        });
        Self { directory, address, child }
    }

    pub(crate) fn ask(&self, ask: &Ask) -> Answer {
        ask.send(self.address)
    }

    pub(crate) fn data(&self, name: &str) -> PathBuf {
        self.directory.path().join("data").join(name)
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("stderr")).unwrap()
    }

    /// The audit, as far as it is on disk.
    pub(crate) fn audit(&self) -> String {
        fs::read_to_string(self.data("audit.log")).unwrap()
    }

    /// Signs in over HTTP.
    pub(crate) fn sign_in(&self, username: &str, password: &str) -> Answer {
        let body = serde_json::json!({ "username": username, "password": password });
        self.ask(&Ask::post("/api/v1/auth/token").json(&body))
    }

    /// Signs the first account in: its access and its refresh token.
    pub(crate) fn admin(&self) -> (String, String) {
        let tokens = self.sign_in("admin", PASSWORD);
        assert_eq!(tokens.status, 200, "{tokens:?}");
        (tokens.text("access_token"), tokens.text("refresh_token"))
    }

    /// A token of somebody without an account, as a pipeline has it.
    pub(crate) fn token_of(&self, user_id: &str, role: Role) -> String {
        self.mint(&NewToken::access(user_id).with_role(role))
    }

    pub(crate) fn mint(&self, new: &NewToken) -> String {
        let secret = fs::read_to_string(self.data("jwt_secret")).unwrap();
        mint(secret.trim_end(), new)
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    /// Waits for the end.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let mut status = None;
        eventually("the server ends", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A token under this secret.
pub(crate) fn mint(secret: &str, new: &NewToken) -> String {
    let secret = Secret::from_text(secret).unwrap();
    let ring = KeyRing::new(SigningKey::from_secret(Algorithm::Hs256, &secret).unwrap());
    let issued = Issuer::new(Arc::new(ring)).unwrap().issue(new).unwrap();
    issued.token.expose().to_owned()
}

/// Looks until it is so.
pub(crate) fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_mins(1);
    while !is_so() {
        assert!(Instant::now() < until, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// What curl prints; `None`, said aloud, where there is no curl.
pub(crate) fn curl(arguments: &[&str]) -> Option<String> {
    let curl = ["--silent", "--show-error", "--max-time", "30"];
    match Command::new("curl").args(curl).args(arguments).output() {
        Ok(output) => Some(String::from_utf8(output.stdout).unwrap()),
        Err(error) => {
            assert!(!in_ci(), "curl: {error}");
            println!("SKIPPED curl: apt-get install curl");
            None
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "where nothing may be skipped, it says so")]
pub(crate) fn in_ci() -> bool {
    std::env::var_os("CI").is_some()
}
