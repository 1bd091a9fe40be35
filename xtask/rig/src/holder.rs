//! A network namespace, and the process that keeps it.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::host::Host;
use crate::process::Process;
use crate::wait;

/// How long it may take until a process is in its namespace.
const START: Duration = Duration::from_secs(5);

/// An empty namespace. It ends with the last process in it.
#[derive(Debug)]
pub(crate) struct Holder {
    process: Process,
}

impl Holder {
    pub(crate) fn start() -> Result<Self> {
        let mut command = Host::loopback().command("unshare");
        command.args(["--net", "--", "sleep", "infinity"]);
        let process = Process::start(command, Path::new("/dev/null"))?;
        let ours = fs::read_link("/proc/self/ns/net")?;
        wait::until("a namespace", START, || {
            let its = fs::read_link(format!("/proc/{}/ns/net", process.id()))?;
            ensure!(its != ours, "process {} is still in ours", process.id());
            Ok(())
        })?;
        Ok(Self { process })
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// A command to be continued with a program, which then runs in here.
    pub(crate) fn enter(&self) -> Command {
        enter(self.id())
    }
}

/// A command to be continued with a program, which then runs in the namespace of a process.
pub(crate) fn enter(process: u32) -> Command {
    let mut command = Command::new("nsenter");
    command.args(["--target", &process.to_string(), "--net", "--"]);
    command
}

/// Runs lines of `ip`, all or up to the first that fails. `command` is what `ip` is run by, if anything.
pub(crate) fn ip(within: Option<&Holder>, lines: &[String]) -> Result<()> {
    let mut command = within.map_or_else(|| Command::new("env"), Holder::enter);
    run(command.args(["ip", "-batch", "-"]), &lines.join("\n"))
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command, input: &str) -> Result<()> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("{command:?} could not be started"))?;
    if let Some(mut pipe) = child.stdin.take() {
        pipe.write_all(input.as_bytes())?;
    }
    let output = child.wait_with_output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?} failed: {}\ninput: {input}", said.trim());
    Ok(())
}
