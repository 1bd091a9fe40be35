//! The task that starts a server, looks after it, and starts it again when it failed.

mod session;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::{Server, State, Tools};
use crate::client::{Client, ClientError, Dialect};
use crate::config::{ServerConfig, Transport};
use crate::registry::Registry;
use crate::restart::Failures;
use crate::status::Status;
use crate::tool::{ListedTool, ToolEntry};
use session::Session;

/// A server that announces changes all the time is listened to so often.
const BETWEEN_LISTINGS: Duration = Duration::from_millis(200);
/// Nothing tells that an HTTP server has gone, so it is asked.
const BETWEEN_PROBES: Duration = Duration::from_mins(1);

pub(super) struct Supervisor {
    server: Arc<Server>,
    config: Arc<ServerConfig>,
    registry: Arc<Registry>,
    failures: Failures,
    dialect: Dialect,
    /// Whether a handshake in this dialect has worked.
    is_proven: bool,
}

/// Why a session is over: a reason, or nothing if that was wanted.
type End = Option<String>;

impl Supervisor {
    pub(super) fn new(server: Arc<Server>, config: ServerConfig, registry: Arc<Registry>) -> Self {
        let failures = Failures::none(server.options.restart);
        let config = Arc::new(config);
        Self { server, config, registry, failures, dialect: Dialect::Newest, is_proven: false }
    }

    /// Until the server is told to stop. A server that was connected by hand and never answered is
    /// given up: who connected it has read why, and can correct it.
    pub(super) async fn run(mut self) {
        let stop = self.server.stop.clone();
        loop {
            let begun = Instant::now();
            let Some(reason) = self.session().await else { return };
            let pause = self.failed(reason, begun.elapsed());
            let gives_up = self.server.by_hand && !self.is_proven && self.has_tried_both();
            if gives_up || stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
                return;
            }
            self.server.state.send_modify(|state| state.status = Status::Connecting);
        }
    }

    /// The first failure proves nothing: the other dialect is tried before anybody hears of it.
    fn has_tried_both(&self) -> bool {
        self.failures.in_a_row() >= 2
    }

    /// One life of the server, from its start to its end.
    async fn session(&mut self) -> End {
        self.server.starts.fetch_add(1, Ordering::Relaxed);
        let mut session = match Session::begin(&self.server, &self.config) {
            Ok(session) => session,
            Err(reason) => return Some(reason),
        };
        let stop = self.server.stop.clone();
        let end = stop.run_until_cancelled(self.live(&mut session)).await;
        self.server.client.store(None);
        let exit = session.end().await;
        let reason = end?;
        Some(match exit {
            Some(exit) => format!("{reason}; {exit}"),
            None => reason,
        })
    }

    async fn live(&mut self, session: &mut Session) -> String {
        let client = match self.handshake(session).await {
            Ok(client) => client,
            Err(error) => return error.to_string(),
        };
        self.is_proven = true;
        self.attend(&client, session).await
    }

    async fn handshake(&mut self, session: &mut Session) -> Result<Arc<Client>, ClientError> {
        let patience = self.server.options.startup_timeout;
        let connected = timeout(patience, async {
            let client = session.connect(self.dialect).await?;
            let tools = client.list_tools().await?;
            Ok((Arc::new(client), tools))
        });
        match connected.await {
            Ok(Ok((client, tools))) => {
                self.connected(&client, tools);
                Ok(client)
            }
            Ok(Err(error)) => Err(self.in_other_words(error)),
            Err(_) => {
                let message = format!("it did not start within {} s", patience.as_secs_f64());
                Err(self.in_other_words(ClientError::Lost(message)))
            }
        }
    }

    /// Next time in the other dialect, until one has worked.
    fn in_other_words(&mut self, error: ClientError) -> ClientError {
        if !self.is_proven {
            self.dialect = self.dialect.other();
        }
        error
    }

    fn connected(&self, client: &Arc<Client>, tools: Vec<ListedTool>) {
        self.publish(client, tools);
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

    fn failed(&mut self, reason: String, ran: Duration) -> Duration {
        let pause = self.failures.next_pause(ran);
        tracing::warn!(server = self.server.name, reason, ?pause, "failed");
        let settled = self.is_proven || self.has_tried_both();
        self.server.state.send_modify(|state| {
            let settled = state.settled || settled;
            *state = State {
                error: Some(reason),
                failures: self.failures.in_a_row(),
                circuit_open: self.failures.is_open(),
                pause: Some(pause),
                settled,
                ..State::new(Status::Failed)
            };
        });
        pause
    }

    /// Looks after a connected server until something is wrong with it.
    async fn attend(&self, client: &Client, session: &mut Session) -> String {
        loop {
            let why = tokio::select! {
                () = session.ended() => return session.fault(),
                () = client.tools_changed() => Why::Changed,
                () = self.server.suspected.notified() => Why::Suspected,
                () = self.probe_is_due() => Why::Suspected,
            };
            if let Err(reason) = self.look(client, why).await {
                return reason;
            }
        }
    }

    /// Asks for the tools: that shows whether the server is there, and what it can do now.
    async fn look(&self, client: &Client, why: Why) -> Result<(), String> {
        if why == Why::Changed {
            tokio::time::sleep(BETWEEN_LISTINGS).await;
        }
        match timeout(self.server.options.startup_timeout, client.list_tools()).await {
            Ok(Ok(tools)) => {
                self.publish(client, tools);
                Ok(())
            }
            // Who may not even know the tools any more has lost what the connection was for.
            Ok(Err(error @ (ClientError::Lost(_) | ClientError::Declined(403)))) => {
                Err(error.to_string())
            }
            // It is there and answers, if not well. What it listed before stays.
            Ok(Err(_)) => Ok(()),
            Err(_) => Err("it does not answer any more".to_owned()),
        }
    }

    async fn probe_is_due(&self) {
        match self.config.transport {
            Transport::Http { .. } => tokio::time::sleep(BETWEEN_PROBES).await,
            // The end of the process is seen at once.
            Transport::Stdio { .. } => std::future::pending().await,
        }
    }

    fn publish(&self, client: &Client, listed: Vec<ListedTool>) {
        if is_same(&self.server.tools.load(), &listed, &client.about.version) {
            return;
        }
        let mut names = HashSet::new();
        let unique = listed.into_iter().filter(|tool| names.insert(tool.name.clone()));
        let entry = |tool| Arc::new(ToolEntry::new(&self.server.name, &client.about.version, tool));
        self.server.tools.store(Arc::new(unique.map(entry).collect()));
        self.registry.tools_changed();
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Why {
    Changed,
    Suspected,
}

/// Whether nothing new was listed, so that no schema has to be compiled again.
fn is_same(known: &Tools, listed: &[ListedTool], version: &str) -> bool {
    known.len() == listed.len()
        && known.iter().zip(listed).all(|(known, listed)| {
            known.name == listed.name
                && known.description == listed.description
                && *known.parameters == listed.parameters
                && known.version == version
        })
}
