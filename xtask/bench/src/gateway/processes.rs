//! The processes of the suite, each on the processors that it is given, and what they use of them.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use anyhow::{Context, Result, ensure};

/// Where a process may run. Without `taskset` everything runs everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Anywhere,
    /// On this one processor.
    On(usize),
}

/// A process that ends with this value.
pub(super) struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is gone afterwards.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A program that will run at `place`.
pub(super) fn program(path: &Path, place: Place) -> Command {
    match place {
        Place::On(processor) if can_pin() => {
            let mut command = Command::new("taskset");
            command.arg("--cpu-list").arg(processor.to_string()).arg(path);
            command
        }
        _ => Command::new(path),
    }
}

/// Whether there is something to pin with, and somewhere else to be.
pub(super) fn can_pin() -> bool {
    // Asked once, before this process is itself moved to one processor.
    static CAN: OnceLock<bool> = OnceLock::new();
    *CAN.get_or_init(|| {
        let several = std::thread::available_parallelism().is_ok_and(|count| count.get() > 1);
        several && Command::new("taskset").arg("--version").output().is_ok()
    })
}

/// Moves this process, which drives the load.
pub(super) fn stay(place: Place) -> Result<()> {
    if !can_pin() {
        return Ok(());
    }
    let processors = match place {
        Place::Anywhere => "0-1023".to_owned(),
        Place::On(processor) => processor.to_string(),
    };
    let mut command = Command::new("taskset");
    let own = std::process::id().to_string();
    let moved = command.args(["--all-tasks", "--pid", "--cpu-list", &processors, &own]).output()?;
    ensure!(moved.status.success(), "taskset: {}", String::from_utf8_lossy(&moved.stderr).trim());
    Ok(())
}

impl Process {
    /// Starts a command, and answers with the first line that it says.
    pub(super) fn start(command: &mut Command) -> Result<(Self, String)> {
        let shown = format!("{command:?}");
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        let mut child = child.with_context(|| format!("{shown} cannot start"))?;
        let output = child.stdout.take().context("a process has a stdout")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        Ok((Self(child), line.trim().to_owned()))
    }

    /// This program again, with one of its hidden commands, which says where it listens.
    pub(super) fn ours(command: &str, place: Place) -> Result<(Self, SocketAddr)> {
        let (process, line) = Self::start(program(&std::env::current_exe()?, place).arg(command))?;
        let address = line.parse().context("the process did not say where it listens")?;
        Ok((process, address))
    }

    pub(super) fn id(&self) -> u32 {
        self.0.id()
    }
}

/// Seconds of processor time that a process has used so far; 0 where the system does not say.
pub(super) fn processor_seconds(process: u32) -> f64 {
    /// `USER_HZ`, which is 100 wherever Linux runs.
    const TICKS: f64 = 100.0;
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let fields = stat.rsplit_once(") ").map(|(_, fields)| fields).unwrap_or_default();
    let ticks = fields.split_whitespace().skip(11).take(2).filter_map(|it| it.parse::<f64>().ok());
    ticks.sum::<f64>() / TICKS
}
