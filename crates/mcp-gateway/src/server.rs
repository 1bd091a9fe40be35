//! One server: what everybody may know of it, and how it is asked. Its supervisor, a task of its
//! own, keeps it alive and writes down here what happens.

mod supervisor;

use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use arc_swap::{ArcSwap, ArcSwapOption};
use serde_json::{Map, Value};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use crate::call::CallError;
use crate::client::{About, Answer, Client, ClientError};
use crate::config::{EntryError, ServerConfig};
use crate::limiter::{Full, Limiter};
use crate::options::Options;
use crate::registry::Registry;
use crate::secrets::hidden;
use crate::status::{ServerHealth, Status};
use crate::stderr::StderrRing;
use crate::tool::ToolEntry;
use supervisor::Supervisor;

/// What a server's name stands for.
pub(crate) type Entry = Result<ServerConfig, EntryError>;

/// The tools of one server.
pub(crate) type Tools = Vec<Arc<ToolEntry>>;

/// A turn that comes in the last part, of so many, of a caller's time comes too late.
const LATE: u32 = 20;

const IN_HEALTH: &str =
    "its health shows the end of its standard error to those who may connect it";

/// From one start, or decision not to start, to the next one.
pub(crate) struct Server {
    pub(crate) name: String,
    pub(crate) entry: Entry,
    /// Whether it was connected by hand and stands in no file.
    pub(crate) by_hand: bool,
    options: Arc<Options>,
    limiter: Limiter,
    stop: CancellationToken,
    task: Mutex<Option<JoinHandle<()>>>,
    state: watch::Sender<State>,
    client: ArcSwapOption<Client>,
    tools: ArcSwap<Tools>,
    /// Somebody got no answer: is it still there?
    suspected: Notify,
    stderr: StderrRing,
    starts: AtomicU64,
    /// Calls that it answered, with an error too.
    answered: AtomicU64,
    made_at: Instant,
    /// When all calls that it was asked so far are over at the latest, in milliseconds after it was made.
    busy_until: AtomicU64,
    junk: AtomicU64,
}

/// Where a server stands, and since when or why.
#[derive(Debug, Clone)]
pub(crate) struct State {
    pub(crate) status: Status,
    pub(crate) since: Option<SystemTime>,
    pub(crate) error: Option<String>,
    about: About,
    failures: u32,
    circuit_open: bool,
    pause: Option<Duration>,
    /// Whether the first attempt has come to an end.
    settled: bool,
}

impl State {
    fn new(status: Status) -> Self {
        Self {
            status,
            since: None,
            error: None,
            about: About::default(),
            failures: 0,
            circuit_open: false,
            pause: None,
            settled: status != Status::Connecting,
        }
    }
}

impl Server {
    /// A server that stays as it is: misconfigured, or not asked for.
    pub(crate) fn idle(
        name: &str,
        entry: Entry,
        by_hand: bool,
        options: &Arc<Options>,
        stop: CancellationToken,
    ) -> Self {
        let mut state = State::new(Status::Disconnected);
        if let Err(error) = &entry {
            state.status = Status::Failed;
            state.error = Some(error.to_string());
        }
        Self {
            name: name.to_owned(),
            entry,
            by_hand,
            options: Arc::clone(options),
            limiter: Limiter::new(options.calls_at_once, options.calls_waiting),
            stop,
            task: Mutex::new(None),
            state: watch::Sender::new(state),
            client: ArcSwapOption::empty(),
            tools: ArcSwap::default(),
            suspected: Notify::new(),
            stderr: StderrRing::default(),
            starts: AtomicU64::new(0),
            answered: AtomicU64::new(0),
            made_at: Instant::now(),
            busy_until: AtomicU64::new(0),
            junk: AtomicU64::new(0),
        }
    }

    /// Starts the supervisor, if there is something to supervise.
    pub(crate) fn start(self: &Arc<Self>, registry: &Arc<Registry>) {
        let Ok(config) = &self.entry else { return };
        self.state.send_replace(State::new(Status::Connecting));
        let supervisor = Supervisor::new(Arc::clone(self), config.clone(), Arc::clone(registry));
        let task = tokio::spawn(supervisor.run());
        *self.task.lock().unwrap_or_else(PoisonError::into_inner) = Some(task);
    }

    /// Stops the server, cancels its calls, and waits until its process is gone. After that it has
    /// no tools.
    pub(crate) async fn stop(&self) {
        self.stop.cancel();
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task {
            // An error would mean a panic in the task, and then it is gone too.
            drop(task.await);
        }
        self.tools.store(Arc::default());
        if self.entry.is_ok() {
            self.state.send_replace(State::new(Status::Disconnected));
        }
    }

    /// Waits until the first attempt to connect has come to an end, good or bad.
    pub(crate) async fn settled(&self) {
        // The sender lives as long as `self`.
        drop(self.state.subscribe().wait_for(|state| state.settled).await);
    }

    pub(crate) fn state(&self) -> State {
        self.state.borrow().clone()
    }

    pub(crate) fn tools(&self) -> Arc<Tools> {
        self.tools.load_full()
    }

    /// How long a call may take where the caller does not say.
    pub(crate) fn timeout(&self) -> Duration {
        let configured = self.entry.as_ref().ok().and_then(|config| config.timeout);
        let Options { call_timeout, longest_call_timeout, .. } = *self.options;
        configured.unwrap_or_else(|| call_timeout.min(longest_call_timeout))
    }

    /// How long the calls that it has may still take at most.
    fn busy_for(&self) -> Duration {
        let until = Duration::from_millis(self.busy_until.load(Ordering::Relaxed));
        until.saturating_sub(self.made_at.elapsed())
    }

    /// It has one more call, which may take so long.
    fn note_call(&self, left: Duration) {
        let until = (self.made_at.elapsed() + left).as_millis();
        let until = until.try_into().unwrap_or(u64::MAX);
        if self.limiter.running() > 1 {
            self.busy_until.fetch_max(until, Ordering::Relaxed);
        } else {
            // Whatever was there before is over.
            self.busy_until.store(until, Ordering::Relaxed);
        }
    }

    /// Calls a tool and waits for `patience` at most, for its turn and for a start included.
    pub(crate) async fn call(
        &self,
        tool: &str,
        arguments: Map<String, Value>,
        patience: Duration,
    ) -> Result<Answer, CallError> {
        // Pinned here, so that what follows moves a pointer and not the whole question.
        let answered = pin!(self.answer(tool, arguments, patience));
        match self.stop.run_until_cancelled(answered).await {
            Some(Ok(answer)) => Ok(answer),
            // Whatever else it looks like to the call.
            Some(Err(error)) if !self.stop.is_cancelled() => Err(error),
            _ => Err(CallError::Cancelled { server: self.name.clone() }),
        }
    }

    /// A server that had no turn to give was not asked, so that nothing is known of it.
    async fn answer(
        &self,
        tool: &str,
        arguments: Map<String, Value>,
        patience: Duration,
    ) -> Result<Answer, CallError> {
        let begun = Instant::now();
        let turn = timeout(patience, self.limiter.turn()).await;
        let _turn = turn.unwrap_or(Err(Full)).map_err(|_| self.busy())?;
        let left = patience.saturating_sub(begun.elapsed());
        // So late that the answer would come to nobody, and what was asked for would happen all the same.
        if left < patience / LATE {
            return Err(self.busy());
        }
        self.note_call(left);
        timeout(left, self.ask(tool, arguments)).await.unwrap_or_else(|_| {
            self.suspected.notify_one();
            Err(CallError::Timeout { server: self.name.clone(), after: patience })
        })
    }

    async fn ask(&self, tool: &str, arguments: Map<String, Value>) -> Result<Answer, CallError> {
        let client = self.client().await?;
        let answer = client.call(tool.to_owned(), arguments).await;
        self.answered.fetch_add(u64::from(is_answer(&answer)), Ordering::Relaxed);
        answer.map_err(|error| self.told(error))
    }

    /// The connection. A server that is just being started, or ended to be started again at once, is worth waiting for.
    async fn client(&self) -> Result<Arc<Client>, CallError> {
        if let Some(client) = self.client.load_full() {
            return Ok(client);
        }
        let mut state = self.state.subscribe();
        // The sender lives as long as `self`.
        drop(state.wait_for(|state| state.status != Status::Connecting).await);
        self.client.load_full().ok_or_else(|| {
            let error = self.state.borrow().error.clone();
            self.failed(error.unwrap_or_else(|| "it is not connected".to_owned()))
        })
    }

    fn told(&self, error: ClientError) -> CallError {
        let server = self.name.clone();
        match error {
            ClientError::Refused { code, message } => {
                let message = hidden(message, self.secrets());
                CallError::Protocol { server, code: Some(code), message }
            }
            ClientError::Violation(message) => CallError::Protocol { server, code: None, message },
            ClientError::TooLarge => {
                CallError::TooLarge { server, limit: self.options.largest_message }
            }
            ClientError::Declined { status, again_after } => {
                CallError::Declined { server, status, again_after }
            }
            error @ (ClientError::Unreachable { .. }
            | ClientError::Away { .. }
            | ClientError::Lost(_)) => {
                self.suspected.notify_one();
                self.failed(error.at(self.place()))
            }
        }
    }

    fn secrets(&self) -> &[String] {
        self.entry.as_ref().map_or(&[], |config| &config.secrets)
    }

    fn place(&self) -> &str {
        self.entry.as_ref().map_or("", |config| &config.place)
    }

    /// With where to read on: what a server wrote to its standard error is not for all who read this.
    pub(crate) fn with_hint(&self, error: String) -> String {
        if self.stderr.is_empty() { error } else { format!("{error}; {IN_HEALTH}") }
    }

    fn failed(&self, reason: String) -> CallError {
        CallError::ServerFailed { server: self.name.clone(), reason }
    }

    fn busy(&self) -> CallError {
        let (running, waiting) = (self.limiter.running(), self.limiter.waiting());
        CallError::Busy { server: self.name.clone(), running, waiting }
    }

    pub(crate) fn health(&self) -> ServerHealth {
        let state = self.state();
        let told = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        let about = &state.about;
        ServerHealth {
            name: self.name.clone(),
            status: state.status,
            error: state.error,
            implementation: told(&format!("{} {}", about.name, about.version).trim().to_owned()),
            protocol_version: told(&about.protocol),
            starts: self.starts.load(Ordering::Relaxed),
            failures: state.failures,
            circuit_open: state.circuit_open,
            pause: state.pause,
            calls_running: self.limiter.running(),
            calls_waiting: self.limiter.waiting(),
            junk_lines: self.junk.load(Ordering::Relaxed),
            stderr: self.stderr.lines(),
        }
    }
}

/// Whether this shows that the server is there.
fn is_answer(answer: &Result<Answer, ClientError>) -> bool {
    use ClientError::{Away, Lost, Unreachable};
    !matches!(answer, Err(Unreachable { .. } | Away { .. } | Lost(_)))
}
