//! The task that starts a server, looks after it, and starts it again when it failed.

mod dialects;
mod owed;
mod reason;
mod session;
mod silence;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep, timeout};

use super::{Server, State, Tools};
use crate::client::{Client, ClientError};
use crate::config::{ServerConfig, Transport};
use crate::naming;
use crate::registry::Registry;
use crate::restart::Failures;
use crate::schema::Budget;
use crate::secrets::hidden;
use crate::status::Status;
use crate::tool::{ListedTool, ToolEntry};
use dialects::Dialects;
use owed::Owed;
use session::Session;
use silence::{Patience, Work};

/// A server that announces changes all the time is listened to so often.
const BETWEEN_LISTINGS: Duration = Duration::from_millis(200);
/// Nothing tells that an HTTP server has gone, so it is asked.
const BETWEEN_PROBES: Duration = Duration::from_mins(1);

pub(super) struct Supervisor {
    server: Arc<Server>,
    config: Arc<ServerConfig>,
    registry: Arc<Registry>,
    failures: Failures,
    dialects: Dialects,
    /// Since when it is connected, or was until just now.
    connected: Option<Instant>,
    /// How long it wants to be left alone, if it said so in place of a handshake.
    again_after: Option<Duration>,
    /// What it wrote to its standard error before it was connected.
    complaint: String,
}

/// Why a session is over: a reason, or nothing if that was wanted.
type End = Option<String>;

impl Supervisor {
    pub(super) fn new(server: Arc<Server>, config: ServerConfig, registry: Arc<Registry>) -> Self {
        let failures = Failures::none(server.options.restart);
        let config = Arc::new(config);
        let (dialects, connected, again_after) = (Dialects::new(), None, None);
        let complaint = String::new();
        Self { server, config, registry, failures, dialects, connected, again_after, complaint }
    }

    /// Until the server is told to stop. A server that was connected by hand and never answered is
    /// given up: who connected it has read why, and can correct it.
    pub(super) async fn run(mut self) {
        let stop = self.server.stop.clone();
        while let Some(reason) = self.session().await {
            let pause = self.failed(reason);
            if self.gives_up() || stop.run_until_cancelled(sleep(pause)).await.is_none() {
                return;
            }
            self.await_start();
        }
    }

    /// Whether nothing is left to be tried before somebody hears of it. The first failure proves nothing, and neither does a
    /// further one as long as the server was there and has only heard one dialect. But one that wants to be left alone has
    /// said why.
    fn has_tried_all(&self) -> bool {
        let has_failed_again = self.failures.in_a_row() >= 2 && !self.dialects.is_one_left();
        has_failed_again || self.again_after.is_some()
    }

    fn gives_up(&self) -> bool {
        self.server.by_hand && !self.dialects.is_proven() && self.has_tried_all()
    }

    /// One life of the server, from its start to its end.
    async fn session(&mut self) -> End {
        self.server.starts.fetch_add(1, Ordering::Relaxed);
        self.again_after = None;
        self.complaint.clear();
        let before = self.server.stderr.written();
        let mut session = match Session::begin(&self.server, &self.config) {
            Ok(session) => session,
            Err(reason) => {
                self.dialects.unheard();
                return Some(reason);
            }
        };
        let stop = self.server.stop.clone();
        let end = stop.run_until_cancelled(self.live(&mut session)).await;
        if end.is_some() {
            // Ending it may take seconds, in which calls can wait already for what comes then.
            self.await_start();
        }
        self.server.client.store(None);
        let exit = session.end().await;
        let reason = end?;
        // Later, it may write the arguments of calls, which the log must not hold.
        if self.connected.is_none() {
            self.complaint = self.server.stderr.end_since(before);
        }
        Some(match exit {
            Some(exit) => format!("{reason}; {exit}"),
            None => reason,
        })
    }

    /// Lets calls wait. What failed before stays to be read.
    fn await_start(&self) {
        self.server.state.send_modify(|state| {
            state.status = Status::Connecting;
            state.since = None;
        });
    }

    async fn live(&mut self, session: &mut Session) -> String {
        let error = match self.handshake(session).await {
            Ok(client) => {
                self.dialects.worked();
                return self.attend(&client, session).await;
            }
            Err(error) => error,
        };
        self.again_after = error.again_after().filter(|asked| !asked.is_zero());
        if proves_nothing(&error, self.failures.is_open()) {
            self.dialects.unheard();
        } else {
            self.dialects.refused();
        }
        reason::of(&error, &self.config)
    }

    async fn handshake(&mut self, session: &mut Session) -> Result<Arc<Client>, ClientError> {
        let patience = self.server.options.startup_timeout;
        let connected = timeout(patience, async {
            let client = session.connect(self.dialects.next()).await?;
            let tools = client.list_tools().await?;
            Ok((Arc::new(client), tools))
        });
        let patience = patience.as_secs_f64();
        let late = |_| Err(ClientError::Lost(format!("it did not start within {patience} s")));
        let (client, tools) = connected.await.unwrap_or_else(late)?;
        self.connected(&client, tools).await;
        Ok(client)
    }

    async fn connected(&mut self, client: &Arc<Client>, tools: Vec<ListedTool>) {
        self.connected = Some(Instant::now());
        self.publish(client, tools).await;
        self.server.client.store(Some(Arc::clone(client)));
        let state = State {
            since: Some((self.server.options.now)()),
            about: client.about.clone(),
            failures: self.failures.in_a_row(),
            settled: true,
            ..State::new(Status::Connected)
        };
        self.server.state.send_replace(state);
        tracing::info!(server = self.server.name, "connected");
    }

    fn failed(&mut self, reason: String) -> Duration {
        let ran = self.connected.take().map(|since| since.elapsed()).unwrap_or_default();
        let asked = self.again_after.unwrap_or_default();
        let bounded = asked.min(self.server.options.restart.longest_pause);
        let pause = self.failures.next_pause(ran).max(bounded);
        let reason = hidden(reason, &self.config.secrets);
        let stderr = Some(self.complaint.as_str()).filter(|complaint| !complaint.is_empty());
        tracing::warn!(server = self.server.name, reason, ?pause, stderr, "failed");
        let settled = self.dialects.is_proven() || self.has_tried_all();
        // One that is started again at once is worth waiting for.
        let goes_on = pause.is_zero() && !self.gives_up();
        let status = if goes_on { Status::Connecting } else { Status::Failed };
        self.server.state.send_modify(|state| {
            let settled = state.settled || settled;
            *state = State {
                error: Some(reason),
                failures: self.failures.in_a_row(),
                circuit_open: self.failures.is_open(),
                pause: Some(pause),
                settled,
                ..State::new(status)
            };
        });
        pause
    }

    /// Looks after a connected server until something is wrong with it.
    async fn attend(&self, client: &Client, session: &mut Session) -> String {
        let mut owed = Owed::default();
        loop {
            let why = tokio::select! {
                () = session.ended() => return session.fault(),
                () = client.tools_changed() => Why::Changed,
                () = owed.is_due() => Why::Changed,
                () = self.server.suspected.notified() => Why::Suspected,
                () = self.probe_is_due() => Why::Suspected,
            };
            // A look may have to wait for the calls that the server has.
            let seen = tokio::select! {
                () = session.ended() => return session.fault(),
                seen = self.look(client, why) => seen,
            };
            match seen {
                Ok(Seen::Tools) => owed = Owed::default(),
                Ok(Seen::Life) if why == Why::Changed => owed.put_off(),
                Ok(Seen::Life) => {}
                Err(reason) => return reason,
            }
        }
    }

    /// Asks for the tools: that shows whether the server is there, and what it can do now.
    async fn look(&self, client: &Client, why: Why) -> Result<Seen, String> {
        if why == Why::Changed {
            sleep(BETWEEN_LISTINGS).await;
        }
        let (usual, longest) = (self.server.options.startup_timeout, self.server.busy_for());
        let patience = Patience { usual, longest };
        match silence::answer(client.list_tools(), patience, || self.work()).await {
            Some(Ok(tools)) => {
                self.publish(client, tools).await;
                Ok(Seen::Tools)
            }
            Some(Err(error)) if is_the_end(&error) => Err(error.at(&self.config.place)),
            // It is there and answers, if not well. What it listed before stays.
            Some(Err(_)) => Ok(Seen::Life),
            None => Err("it does not answer any more".to_owned()),
        }
    }

    fn work(&self) -> Work {
        let answered = self.server.answered.load(Ordering::Relaxed);
        Work { is_there: self.server.limiter.running() > 0, answered }
    }

    async fn probe_is_due(&self) {
        match self.config.transport {
            Transport::Http { .. } => sleep(BETWEEN_PROBES).await,
            // The end of the process is seen at once.
            Transport::Stdio { .. } => std::future::pending().await,
        }
    }

    async fn publish(&self, client: &Client, listed: Vec<ListedTool>) {
        let (server, version) = (self.server.name.clone(), client.about.version.clone());
        let known = self.server.tools.load_full();
        let (listed, left_out): (Vec<_>, Vec<_>) =
            listed.into_iter().partition(|tool| naming::is_tool_name(&tool.name));
        if is_same(&known, &listed, &version) {
            return;
        }
        if !left_out.is_empty() {
            let count = left_out.len();
            tracing::warn!(
                server,
                count,
                "tools are left out: their names have not 1 to 256 bytes"
            );
        }
        // Schemas may be many and large, and nobody else is to wait until they are prepared.
        let made = spawn_blocking(move || entries(&server, &version, &known, listed)).await;
        if let Ok(tools) = made {
            self.server.tools.store(Arc::new(tools));
            self.registry.tools_changed();
        }
    }
}

/// The tools of a server. Those that are as they were are kept: preparing their schemas takes time.
fn entries(server: &str, version: &str, known: &Tools, listed: Vec<ListedTool>) -> Tools {
    let known: HashMap<_, _> = known.iter().map(|tool| (tool.name.as_str(), tool)).collect();
    // What was not prepared may have been so for want of what is there now.
    let is_kept = |it: &ToolEntry, tool: &_| it.is(tool, version) && it.check.is_prepared();
    let kept = |tool: &ListedTool| known.get(tool.name.as_str()).filter(|it| is_kept(it, tool));
    let mut names = HashSet::new();
    let unique = listed.into_iter().filter(|tool| names.insert(tool.name.clone()));
    let unique: Vec<_> = unique.collect();
    let mut budget = Budget::new();
    unique.iter().filter_map(kept).for_each(|tool| tool.check.count_again(&mut budget));
    let entry = |tool: ListedTool| match kept(&tool) {
        Some(tool) => Arc::clone(tool),
        None => Arc::new(ToolEntry::new(server, version, tool, &mut budget)),
    };
    unique.into_iter().map(entry).collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Why {
    Changed,
    Suspected,
}

/// What a look at a server shows.
enum Seen {
    Tools,
    /// That it is there, and no more.
    Life,
}

/// Whether a handshake was in vain for another reason than its dialect. Some that stand in front of an old server answer as if
/// it was away to whatever it does not know: after many failures the other dialect has its turn as well.
const fn proves_nothing(error: &ClientError, are_many: bool) -> bool {
    error.is_unheard() && !(are_many && matches!(error, ClientError::Away { .. }))
}

/// Who may not even know the tools any more has lost what the connection was for.
fn is_the_end(error: &ClientError) -> bool {
    use ClientError::{Away, Declined, Lost, Unreachable};
    matches!(error, Lost(_) | Unreachable { .. } | Away { .. } | Declined { status: 403, .. })
}

/// Whether nothing new was listed, so that no schema has to be compiled again.
fn is_same(known: &Tools, listed: &[ListedTool], version: &str) -> bool {
    known.len() == listed.len()
        && known.iter().zip(listed).all(|(known, listed)| known.is(listed, version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_listed_as_before_is_prepared_once() {
        let listed = |name: &str, schema| ListedTool {
            name: name.to_owned(),
            description: String::new(),
            parameters: schema,
        };
        let enumeration = |count| serde_json::json!({"enum": (0..count).collect::<Vec<i32>>()});
        let first: Vec<_> = (0..25).map(|at| listed(&at.to_string(), enumeration(9_990))).collect();
        let before = entries("s", "1", &Tools::new(), first.clone());
        let prepared = |tools: &Tools| tools.iter().filter(|it| it.check.is_prepared()).count();
        assert_eq!(prepared(&before), 20, "the budget of one server");
        let mut later: Vec<_> = first.into_iter().skip(15).collect();
        later.push(listed("15", enumeration(1)));
        let after = entries("s", "1", &before, later);
        assert_eq!((after.len(), prepared(&after)), (10, 10), "what is free is used");
        let stayed = before.iter().skip(15).take(5).zip(&after);
        assert!(stayed.into_iter().all(|(before, after)| Arc::ptr_eq(before, after)));
    }

    #[test]
    fn one_that_is_away_for_long_is_asked_in_the_other_dialect_too() {
        let away = ClientError::Away { status: 502, again_after: None };
        assert!(proves_nothing(&away, false) && !proves_nothing(&away, true));
        let unreachable = ClientError::Unreachable { cause: "refused".to_owned() };
        assert!(proves_nothing(&unreachable, true), "nobody was there");
        assert!(!proves_nothing(&ClientError::Lost("no".to_owned()), false));
    }
}
