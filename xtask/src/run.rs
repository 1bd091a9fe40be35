//! Running other programs: a heading before, the program's own words meanwhile, a clear error after.

use std::ffi::OsStr;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::project;

/// A job of a known number of steps: `[2/5] name`, the step's own output, `[2/5] name: ok, 3.2 s`.
#[derive(Debug)]
pub(crate) struct Steps {
    total: usize,
    at: usize,
}

impl Steps {
    pub(crate) fn new(total: usize) -> Self {
        Self { total, at: 0 }
    }

    pub(crate) fn step<T>(&mut self, what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        self.at += 1;
        let label = format!("[{}/{}] {what}", self.at, self.total);
        eprintln!("{label}");
        let started = Instant::now();
        let outcome = work();
        let verdict = if outcome.is_ok() { "ok" } else { "FAILED" };
        eprintln!("{label}: {verdict}, {}", seconds(started.elapsed()));
        outcome
    }

    /// A step that is one command.
    pub(crate) fn command(&mut self, what: &str, command: &mut Command) -> Result<()> {
        self.step(what, || stream(command))
    }
}

/// `cargo`, at the top of the project.
pub(crate) fn cargo(args: &[&str]) -> Command {
    program("cargo", args)
}

/// A program, at the top of the project.
pub(crate) fn program(name: impl AsRef<OsStr>, args: &[&str]) -> Command {
    let mut command = Command::new(name);
    command.args(args).current_dir(project::root());
    command
}

/// Runs a command whose output belongs to the reader.
pub(crate) fn stream(command: &mut Command) -> Result<()> {
    let shown = shown(command);
    eprintln!("  $ {shown}");
    let status = command
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("`{shown}` could not be started; is the program installed?"))?;
    if !status.success() {
        bail!("`{shown}` failed ({status})");
    }
    Ok(())
}

/// Runs a command whose output belongs to us.
pub(crate) fn capture(command: &mut Command) -> Result<String> {
    let shown = shown(command);
    let output = command
        .output()
        .with_context(|| format!("`{shown}` could not be started; is the program installed?"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("`{shown}` failed ({}); it said:\n{}", output.status, said.trim_end());
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{shown}` printed no UTF-8"))
}

/// Takes every `MCP_*` variable of ours from a child, so that what it does depends on us alone.
pub(crate) fn without_our_settings(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("MCP_") {
            command.env_remove(name);
        }
    }
    command
}

/// In CI nothing may be skipped.
#[expect(clippy::disallowed_methods, reason = "the one variable of the environment we ask for")]
pub(crate) fn in_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| !value.is_empty() && value != "false")
}

pub(crate) fn seconds(elapsed: Duration) -> String {
    format!("{:.1} s", elapsed.as_secs_f64())
}

/// A command as one would type it, paths relative to the top of the project.
fn shown(command: &Command) -> String {
    let root = format!("{}/", project::root().display());
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(|word| word.to_string_lossy().replace(&root, "")).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_the_command() {
        let error = stream(&mut program("false", &["now"])).unwrap_err().to_string();
        assert!(error.starts_with("`false now` failed"), "{error}");
        let error = stream(&mut program("no-such-program", &[])).unwrap_err().to_string();
        assert!(error.contains("`no-such-program` could not be started"), "{error}");
    }

    #[test]
    fn a_captured_failure_brings_what_the_command_said() {
        let error = capture(&mut program("ls", &["no-such-file"])).unwrap_err().to_string();
        assert!(error.contains("No such file"), "{error}");
    }
}
