//! Processes that do not outlive the test.

use std::fs::{self, File};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::sync::mpsc::{self, Sender};
use std::thread;

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// A running program. It is killed when this is dropped, and by the kernel when the test's process dies.
#[derive(Debug)]
pub struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts a command made by [`Host::command`](crate::Host::command). What it says is written to the file `log`,
    /// after what is there.
    ///
    /// # Errors
    ///
    /// The program cannot be started, or the file not be written.
    pub fn start(mut command: Command, log: &Path) -> Result<Self> {
        let file = File::options().create(true).append(true).open(log)?;
        command.stdin(Stdio::null()).stderr(file.try_clone()?).stdout(file).process_group(0);
        let shown = format!("{command:?}");
        let child = start_on_lasting_thread(command)
            .with_context(|| format!("{shown} could not be started"))?;
        Ok(Self { child, log: log.to_owned() })
    }

    /// Whether it has not ended.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL, and waits for its end. What it forked to save its data is killed too, or it would write on into the
    /// directory. Does nothing when it has ended.
    pub fn kill(&mut self) {
        if self.is_running() {
            // Both fail for what ends in this moment, which is what is wanted.
            kill_process_group(Pid::from_child(&self.child), Signal::KILL).ok();
            self.child.wait().ok();
        }
    }

    /// SIGSTOP: its connections stay open, and nothing is read or answered.
    ///
    /// # Errors
    ///
    /// The process has ended.
    pub fn pause(&mut self) -> Result<()> {
        self.signal(Signal::STOP)
    }

    /// SIGCONT: goes on, beginning with what came meanwhile.
    ///
    /// # Errors
    ///
    /// The process has ended.
    pub fn resume(&mut self) -> Result<()> {
        self.signal(Signal::CONT)
    }

    /// The end of what it said, for errors.
    pub fn last_words(&self) -> String {
        let said = fs::read(&self.log).unwrap_or_default();
        let said = String::from_utf8_lossy(&said);
        let lines: Vec<_> = said.lines().rev().take(8).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }

    /// An id is another process's once ours has ended and was waited for.
    fn signal(&mut self, signal: Signal) -> Result<()> {
        ensure!(self.is_running(), "process {} has ended", self.id());
        Ok(kill_process(Pid::from_child(&self.child), signal)?)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

type Job = (Command, Sender<io::Result<Child>>);

/// The kernel kills a child when the *thread* ends that started it, and a test may start an engine on one thread and
/// use it on another. So one thread starts them all, and it ends with the process.
fn start_on_lasting_thread(command: Command) -> io::Result<Child> {
    static STARTER: LazyLock<Sender<Job>> = LazyLock::new(|| {
        let (jobs, queue) = mpsc::channel::<Job>();
        thread::spawn(move || {
            for (mut command, answer) in queue {
                drop(answer.send(command.spawn()));
            }
        });
        jobs
    });
    let (answer, started) = mpsc::channel();
    STARTER.send((command, answer)).map_err(io::Error::other)?;
    started.recv().map_err(io::Error::other)?
}
