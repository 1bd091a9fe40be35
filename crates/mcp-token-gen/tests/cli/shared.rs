//! Runs the program in a directory and an environment of its own.

use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

pub(crate) const SECRET: &str =
    "3d1f0b7c9e8a4625b1c0d9e8f7a6b5c43d1f0b7c9e8a4625b1c0d9e8f7a6b5c4Zk";

/// A directory that goes when the test ends, and the variables that the program will see: no others.
pub(crate) struct Place {
    directory: TempDir,
    variables: Vec<(&'static str, String)>,
}

/// What a run did.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Place {
    pub(crate) fn empty() -> Self {
        Self { directory: tempfile::tempdir().unwrap(), variables: Vec::new() }
    }

    /// With a strong secret.
    pub(crate) fn ready() -> Self {
        Self::empty().with("MCP_JWT_SECRET", SECRET)
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    pub(crate) fn with_file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        fs::write(self.path(name), content).unwrap();
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("mcp-token-gen"));
        command.env_clear().current_dir(self.directory.path());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    pub(crate) fn run<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Ran {
        let output = self.command().args(arguments).output().unwrap();
        Ran {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs with the arguments of one line.
    pub(crate) fn line(&self, line: &str) -> Ran {
        self.run(line.split_whitespace())
    }
}

impl Ran {
    /// The line that is the token.
    pub(crate) fn token(&self) -> &str {
        self.stdout.lines().find(|line| line.starts_with("eyJ")).expect("a token")
    }

    /// The header or the payload of the token.
    pub(crate) fn part(&self, index: usize) -> serde_json::Value {
        let part = self.token().split('.').nth(index).unwrap();
        serde_json::from_slice(&base64url(part)).unwrap()
    }

    /// A refusal: nothing on stdout, and a message that says each of `words`.
    #[track_caller]
    pub(crate) fn refused(&self, code: i32, words: &[&str]) {
        assert_eq!((self.code, self.stdout.as_str()), (code, ""), "{}", self.stderr);
        assert!(self.stderr.starts_with("error: "), "{}", self.stderr);
        for word in words {
            assert!(self.stderr.contains(word), "no {word:?} in {}", self.stderr);
        }
        assert!(!self.stderr.contains(SECRET) && !self.stderr.contains("panicked"));
    }
}

/// Written out, so that the test does not trust the code it tests.
fn base64url(text: &str) -> Vec<u8> {
    const DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0u32, 0);
    for digit in text.chars() {
        bits = (bits << 6 | u32::try_from(DIGITS.find(digit).unwrap()).unwrap()) & 0xffff;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).unwrap());
        }
    }
    bytes
}
