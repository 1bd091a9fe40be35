//! Our programs as users get them, and those that the suite `cli` starts again and again.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, ensure};

use crate::fixture::SECRET;

/// Where the programs lie, when not beside this one.
const VARIABLE: &str = "MCP_AUTH_BIN_DIR";

/// A command line.
pub(crate) struct Program {
    pub(crate) name: &'static str,
    path: PathBuf,
    arguments: Vec<OsString>,
}

/// `python3 -c pass` first, then ours.
pub(crate) fn all() -> Result<Vec<Program>> {
    let generate = ["--user-id", "admin", "--expiry", "1", "--quiet"];
    let generate = ours("mcp-token-gen", generate.map(OsString::from).to_vec())?;
    let token = String::from_utf8(generate.run()?.stdout)?.trim().to_owned();
    ensure!(token.starts_with("eyJ"), "mcp-token-gen --quiet printed no token");
    let validate = ours("mcp-token-validate", vec!["--token".into(), token.into()])?;
    Ok(vec![python()?, generate, validate])
}

/// The interpreter itself: `python3` may be a script that looks for it, which would flatter us.
fn python() -> Result<Program> {
    let arguments = vec!["-c".into(), "import sys; print(sys.executable)".into()];
    let finder = Program { name: "python3", path: "python3".into(), arguments };
    let path = String::from_utf8(finder.run()?.stdout)?.trim().into();
    Ok(Program { name: "python3 -c pass", path, arguments: vec!["-c".into(), "pass".into()] })
}

fn ours(name: &'static str, arguments: Vec<OsString>) -> Result<Program> {
    Ok(Program { name, path: path(name)?, arguments })
}

/// Where one of our programs lies.
pub(crate) fn path(name: &str) -> Result<PathBuf> {
    let path = folder()?.join(name).with_extension(std::env::consts::EXE_EXTENSION);
    ensure!(
        path.exists(),
        "no {}; build it with `cargo build --release --package {name}`, or set {VARIABLE}",
        path.display()
    );
    Ok(path)
}

#[expect(clippy::disallowed_methods, reason = "read once, where the program begins")]
fn folder() -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os(VARIABLE) {
        return Ok(folder.into());
    }
    let own = std::env::current_exe()?;
    Ok(own.parent().context("a program lies in a folder")?.to_owned())
}

impl Program {
    /// Runs it to its end, in a folder without configuration.
    pub(crate) fn run(&self) -> Result<Output> {
        let mut command = Command::new(&self.path);
        command.args(&self.arguments).current_dir(std::env::temp_dir());
        command.env("MCP_JWT_SECRET", SECRET).stdin(Stdio::null());
        let output =
            command.output().with_context(|| format!("{} cannot start", self.path.display()))?;
        let complaint = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{} ended with {}: {complaint}", self.name, output.status);
        Ok(output)
    }
}
