//! What the tests of this crate share: files that go away, tokens to ask about, and a second process.

use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;

use mcp_auth::clock::{NumericDate, Timestamp};
use mcp_auth::store::{
    Order, Receipt, Revocation, RevocationId, RevocationStore as _, RevocationView, StoreError,
    Verdict,
};
use mcp_auth::testing::{AttackSetting, FixedClock, Forge};
use mcp_auth::validate::{Expect, RawToken, Validator};
use mcp_auth_sqlite::{SqliteOptions, SqliteStore};
use tempfile::TempDir;

pub(crate) const NOW: u64 = 1_767_225_600;
const SECRET: &str = "f0e1d2c3b4a5968778695a4b3c2d1e0f";

pub(crate) fn now() -> Timestamp {
    Timestamp::from_unix_seconds(NOW)
}

pub(crate) fn date(seconds: u64) -> NumericDate {
    NumericDate::new(seconds).unwrap()
}

/// A directory with a file to come.
pub(crate) fn place() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("auth.db");
    (directory, path)
}

pub(crate) fn options() -> SqliteOptions {
    SqliteOptions::new(Arc::new(FixedClock::at(NOW)))
}

pub(crate) fn open(path: &Path) -> SqliteStore {
    SqliteStore::open(path, &options()).unwrap()
}

pub(crate) fn token_entry(jti: &str) -> Revocation {
    Revocation::Entry { id: RevocationId::of_token_id(jti), keep_until: date(NOW + 3_600) }
}

pub(crate) async fn revoke(store: &SqliteStore, jti: &str) -> Result<Receipt, StoreError> {
    store.revoke(Order::of(&[token_entry(jti)]), now()).await
}

/// Tokens by their `jti`, and who signed them.
pub(crate) struct Tokens(Validator);

impl Tokens {
    pub(crate) fn new() -> Self {
        Self(AttackSetting::default().validator(SECRET).unwrap())
    }

    /// What the view says of the token with this `jti`.
    pub(crate) fn verdict(
        &self,
        view: &dyn RevocationView,
        jti: &str,
    ) -> Result<Verdict, StoreError> {
        self.verdict_at(view, jti, now())
    }

    pub(crate) fn verdict_at(
        &self,
        view: &dyn RevocationView,
        jti: &str,
        when: Timestamp,
    ) -> Result<Verdict, StoreError> {
        let token = Forge::new(SECRET, NOW).with_claim("jti", format!(r#""{jti}""#)).token();
        let raw = RawToken::from_bytes(&token).unwrap();
        let valid = self.0.validate(raw, Expect::Any, now()).unwrap();
        view.verdict(&valid.credential(), when)
    }
}

/// A second process: a test of the same program that does nothing unless it is run this way, and that is told by its
/// standard input what to do.
pub(crate) struct Peer {
    process: Child,
    orders: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Peer {
    /// Runs the test of this name and tells it the file's path.
    pub(crate) fn start(test: &str, path: &Path) -> Self {
        Self::start_as(test, path, |_| {})
    }

    pub(crate) fn start_as(test: &str, path: &Path, adapt: impl FnOnce(&mut Command)) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", test, "--nocapture"]).env(PEER, "1");
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        adapt(&mut command);
        let mut process = command.spawn().unwrap();
        let orders = process.stdin.take().unwrap();
        let answers = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut peer = Self { process, orders, answers };
        peer.tell(path.to_str().unwrap());
        peer
    }

    pub(crate) fn tell(&mut self, order: &str) {
        writeln!(self.orders, "{order}").unwrap();
    }

    /// The next thing that it says; `None` when it has ended. What the test runner says is left out.
    pub(crate) fn next(&mut self) -> Option<String> {
        let mut lines = self.answers.by_ref().map_while(Result::ok);
        lines.find_map(|line| line.strip_prefix("> ").map(str::to_owned))
    }

    pub(crate) fn ask(&mut self, order: &str) -> String {
        self.tell(order);
        self.next().unwrap()
    }

    /// As `kill -9`; what it had said before can still be read.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What a peer hears; nothing where a test runs as itself.
pub(crate) fn orders() -> impl Iterator<Item = String> {
    let is_peer = variable(PEER).is_some();
    std::iter::from_fn(move || if is_peer { std::io::stdin().lines().next() } else { None })
        .map_while(Result::ok)
}

const PEER: &str = "SQLITE_PEER";

#[expect(clippy::disallowed_methods, reason = "a test that starts itself again says so this way")]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// What a peer says, in one write, so that a killed one says it whole or not at all. The runner may stand in the middle
/// of a line.
pub(crate) fn say(answer: &str) {
    std::io::stdout().write_all(format!("\n> {answer}\n").as_bytes()).unwrap();
}
