//! A server's child process: its guardian, seen from the gateway.

use std::collections::BTreeMap;
use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use crate::guardian::GuardianCommand;

/// The guardian needs up to three graces and gives up a few seconds later.
const LAST_WORD: Duration = Duration::from_secs(10);

/// A program with all that it is started with.
pub(crate) struct Launch<'a> {
    pub(crate) command: &'a str,
    pub(crate) args: &'a [String],
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) guardian: &'a GuardianCommand,
    pub(crate) grace: Duration,
}

/// A started server. It is stopped by dropping [`Pipes::stdin`].
pub(crate) struct Process {
    guardian: Child,
    group: Option<Pid>,
    grace: Duration,
}

pub(crate) struct Pipes {
    pub(crate) stdin: ChildStdin,
    pub(crate) stdout: ChildStdout,
    pub(crate) stderr: Option<ChildStderr>,
}

/// Starts the guardian, which starts the server, in a process group of their own.
pub(crate) fn launch(launch: Launch<'_>) -> io::Result<(Process, Pipes)> {
    let mut guardian = Command::new(&launch.guardian.program)
        .args(&launch.guardian.args)
        .arg(launch.grace.as_millis().to_string())
        .arg(launch.command)
        .args(launch.args)
        .env_clear()
        .envs(launch.env)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()?;
    let pipes = pipes(&mut guardian).ok_or(io::ErrorKind::BrokenPipe)?;
    let group = guardian.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    Ok((Process { guardian, group, grace: launch.grace }, pipes))
}

fn pipes(child: &mut Child) -> Option<Pipes> {
    let (stdin, stdout) = (child.stdin.take()?, child.stdout.take()?);
    Some(Pipes { stdin, stdout, stderr: child.stderr.take() })
}

impl Process {
    /// Waits until the guardian is gone.
    pub(crate) async fn exited(&mut self) {
        // It can be waited for again, and then what went wrong is told.
        drop(self.guardian.wait().await);
    }

    /// Waits until the server and all that it started are gone. Its standard input must be closed,
    /// or it must have ended by itself.
    ///
    /// A guardian exits by itself. One that was killed cannot do its work any more, and one that is
    /// too slow does not do it, so the process group is killed for it.
    pub(crate) async fn ended(mut self) -> io::Result<ExitStatus> {
        match timeout(self.grace * 4 + LAST_WORD, self.guardian.wait()).await {
            Ok(Ok(status)) if status.code().is_some() => Ok(status),
            outcome => {
                self.kill_group();
                outcome.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
            }
        }
    }

    fn kill_group(&self) {
        if let Some(group) = self.group {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}
