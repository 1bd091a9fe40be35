//! A small process between the gateway and each MCP server, so that no server outlives the gateway,
//! even one that is ended with SIGKILL.
//!
//! The server and its guardian share the pipe that is the server's standard input. When the gateway
//! goes, in whatever way, the last writing end of that pipe closes, and the guardian, which watches
//! its reading end but never reads, ends the server and everything that the server started:
//! processes that left the process group too, because on Linux the guardian adopts them.
//!
//! The program that embeds this crate offers the guardian as one of its commands; see [`run`].

mod processes;

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

/// What a shell answers when it cannot start a program.
const CANNOT_START: u8 = 127;
/// A wrong command line (`EX_USAGE`).
const USAGE: u8 = 64;

/// The command that becomes a guardian when it is run: the embedding program itself, and the
/// arguments after which it calls [`run`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuardianCommand {
    /// The program. `/proc/self/exe` stays right when the file is replaced by a newer version.
    pub program: PathBuf,
    /// What makes the program call [`run`] with the arguments that follow.
    pub args: Vec<OsString>,
}

enum Event {
    Exited(Option<ExitStatus>),
    Abandoned,
}

/// Starts a server and stays until it and all that it started are gone.
///
/// `args` are what the gateway appended to [`GuardianCommand::args`]: the grace in milliseconds, the
/// server's program, its arguments. Call it before the program starts threads or reads its
/// configuration. The exit code is the server's, or 128 and the number of the signal that ended it.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let mut args = args.into_iter();
    let grace = args.next().and_then(|grace| grace.to_str()?.parse().ok());
    let (Some(grace), Some(program)) = (grace.map(Duration::from_millis), args.next()) else {
        return fail(USAGE, "the guardian is started by the gateway, not by hand");
    };
    outlive_signals();
    processes::adopt_orphans();
    match Command::new(&program).args(args).spawn() {
        Ok(server) => guard(server, grace),
        Err(error) => {
            let name = program.display();
            fail(CANNOT_START, &format!("cannot start `{name}`: {error}; correct the command"))
        }
    }
}

/// Its standard error is the server's, which the gateway keeps and shows.
fn fail(code: u8, message: &str) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "{message}");
    ExitCode::from(code)
}

/// The process group is sent SIGTERM to stop the server, and the guardian is a member of it. A
/// handler, unlike `SIG_IGN`, is not inherited by the server.
fn outlive_signals() {
    for signal in [SIGTERM, SIGINT, SIGHUP] {
        // Refused for signals that cannot be handled only, and these can.
        let _ = signal_hook::flag::register(signal, Arc::new(AtomicBool::new(false)));
    }
}

fn guard(server: Child, grace: Duration) -> ExitCode {
    release_stdout();
    let (events, received) = channel();
    let watch = events.clone();
    thread::spawn(move || wait_for_exit(&server, &events));
    thread::spawn(move || wait_for_hangup(&watch));
    let status = match received.recv() {
        Ok(Event::Exited(status)) => status,
        Ok(Event::Abandoned) => stop(&received, grace),
        Err(_) => None,
    };
    processes::end_all(grace);
    status.map_or(ExitCode::FAILURE, exit_code)
}

/// The gateway takes the end of standard output for the end of the server, so the server must be
/// the only one that holds it.
fn release_stdout() {
    if let Ok(null) = OpenOptions::new().write(true).open("/dev/null") {
        let _ = rustix::stdio::dup2_stdout(&null);
    }
}

/// Reaps adopted orphans as they end, until the server itself has ended.
fn wait_for_exit(server: &Child, events: &Sender<Event>) {
    let status = processes::reap_until(server.id());
    let _ = events.send(Event::Exited(status));
}

/// Hang-up is reported even while unread input lies in the pipe, and without asking for it.
fn wait_for_hangup(events: &Sender<Event>) {
    let stdin = std::io::stdin();
    loop {
        let mut watched = [PollFd::new(&stdin, PollFlags::empty())];
        match poll(&mut watched, None) {
            Err(rustix::io::Errno::INTR) | Ok(0) => {}
            _ => break,
        }
    }
    let _ = events.send(Event::Abandoned);
}

/// The end of input is the protocol's way to say goodbye, so the server has one grace to follow it,
/// and another one after SIGTERM.
fn stop(events: &Receiver<Event>, grace: Duration) -> Option<ExitStatus> {
    if let Some(status) = exited_within(events, grace) {
        return Some(status);
    }
    processes::terminate_group();
    if let Some(status) = exited_within(events, grace) {
        return Some(status);
    }
    processes::kill_descendants();
    exited_within(events, grace)
}

fn exited_within(events: &Receiver<Event>, grace: Duration) -> Option<ExitStatus> {
    match events.recv_timeout(grace) {
        Ok(Event::Exited(status)) => status,
        _ => None,
    }
}

fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from)
}
