//! Which engines there are on this machine.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

/// The program of an engine. `cargo xtask test` finds or brings it, and says in a variable where it lies.
#[derive(Debug, Clone)]
pub struct Engine {
    name: &'static str,
    program: PathBuf,
}

impl Engine {
    /// Redis, when `MCP_AUTH_REDIS_SERVER` names it.
    #[expect(clippy::disallowed_methods, reason = "the test runner says where it is")]
    pub fn redis() -> Option<Self> {
        Self::of("redis", std::env::var_os("MCP_AUTH_REDIS_SERVER"))
    }

    /// Valkey, when `MCP_AUTH_VALKEY_SERVER` names it.
    #[expect(clippy::disallowed_methods, reason = "the test runner says where it is")]
    pub fn valkey() -> Option<Self> {
        Self::of("valkey", std::env::var_os("MCP_AUTH_VALKEY_SERVER"))
    }

    /// What there is. Says which engine is not there, since the tests that go through this list do less without.
    #[expect(clippy::print_stdout, reason = "a test that does less says so")]
    pub fn all() -> Vec<Self> {
        let engines = [("redis", Self::redis()), ("valkey", Self::valkey())];
        for (name, _) in engines.iter().filter(|(_, engine)| engine.is_none()) {
            println!("SKIPPED {name}: run `cargo xtask test`, which brings it");
        }
        engines.into_iter().filter_map(|(_, engine)| engine).collect()
    }

    /// `redis` or `valkey`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The version, as `7.0.15`.
    ///
    /// # Errors
    ///
    /// The program does not run, or names no version.
    pub fn version(&self) -> Result<String> {
        let said = self.say(&["--version"])?;
        let version = said.split_whitespace().find_map(|word| word.strip_prefix("v="));
        Ok(version.with_context(|| format!("no version in `{}`", said.trim()))?.to_owned())
    }

    /// Whether it was built with TLS. Debian's Redis is; the Valkey of the Python package is not.
    ///
    /// # Errors
    ///
    /// The program does not run.
    pub fn has_tls(&self) -> Result<bool> {
        // It ends at once either way; only with TLS it gets as far as to miss the certificate.
        let args = ["--port", "0", "--tls-port", "1", "--tls-cert-file", "missing"];
        let said = self.say(&[&args[..], &["--tls-key-file", "missing"]].concat())?;
        Ok(said.contains("certificate"))
    }

    pub(crate) fn program(&self) -> &Path {
        &self.program
    }

    fn of(name: &'static str, program: Option<OsString>) -> Option<Self> {
        let program = program.filter(|program| !program.is_empty())?;
        Some(Self { name, program: program.into() })
    }

    fn say(&self, args: &[&str]) -> Result<String> {
        let output = Command::new(&self.program)
            .args(args)
            .output()
            .with_context(|| format!("{} does not run", self.program.display()))?;
        Ok(String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    }
}
