//! One life of a server: its process or its URL, and the connection.

use std::process::ExitStatus;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use std::os::unix::process::ExitStatusExt;

use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::client::{
    Client, ClientError, Connection, Dialect, Limits, Wire, connect_http, connect_stdio,
};
use crate::config::{ServerConfig, Transport};
use crate::environment;
use crate::process::{self, Launch, Pipes, Process};
use crate::server::Server;

/// What a process wrote before its end is there to be read, and often says why it ended.
const LAST_WORDS: Duration = Duration::from_millis(250);

pub(super) struct Session {
    config: Arc<ServerConfig>,
    limits: Limits,
    wire: Arc<Wire>,
    server: Arc<Server>,
    pipes: Option<Pipes>,
    child: Option<Child>,
    connection: Option<Connection>,
}

struct Child {
    process: Process,
    stderr: JoinHandle<()>,
}

impl Session {
    /// Starts the process, if the server is one.
    pub(super) fn begin(server: &Arc<Server>, config: &Arc<ServerConfig>) -> Result<Self, String> {
        let options = &server.options;
        let limits = Limits {
            message: options.largest_message,
            at_once: options.calls_at_once,
            // A part of what a start may take: that a host cannot be reached is not to look like a server that does not answer.
            patience: options.startup_timeout / 2,
        };
        let (wire, server, config) = (Arc::default(), Arc::clone(server), Arc::clone(config));
        let mut session =
            Self { config, limits, wire, server, pipes: None, child: None, connection: None };
        session.launch()?;
        Ok(session)
    }

    fn launch(&mut self) -> Result<(), String> {
        let Transport::Stdio { command, args, env } = &self.config.transport else {
            return Ok(());
        };
        let options = &self.server.options;
        let Some(guardian) = &options.guardian else {
            return Err("this program has no guardian for child processes; use HTTP".to_owned());
        };
        let env = environment::of_child(env, &options.environment);
        let launch = Launch { command, args, env, guardian, grace: options.stop_grace };
        let (process, mut pipes) = process::launch(launch)
            .map_err(|error| format!("its guardian cannot be started: {error}"))?;
        let (server, secrets) = (Arc::clone(&self.server), self.config.secrets.clone());
        let stderr = pipes.stderr.take();
        let stderr = tokio::spawn(async move {
            if let Some(stderr) = stderr {
                server.stderr.follow(stderr, &secrets).await;
            }
        });
        self.child = Some(Child { process, stderr });
        self.pipes = Some(pipes);
        Ok(())
    }

    /// Shakes hands.
    pub(super) async fn connect(&mut self, dialect: Dialect) -> Result<Client, ClientError> {
        let (client, connection) = match (&self.config.transport, self.pipes.take()) {
            (Transport::Http { url, headers }, _) => {
                connect_http(url, headers, dialect, self.limits).await?
            }
            (Transport::Stdio { .. }, Some(Pipes { stdin, stdout, .. })) => {
                let wire = Arc::clone(&self.wire);
                connect_stdio(stdin, stdout, wire, dialect, self.limits).await?
            }
            (Transport::Stdio { .. }, None) => {
                return Err(ClientError::Lost("it was connected already".to_owned()));
            }
        };
        self.connection = Some(connection);
        Ok(client)
    }

    /// Waits until the connection ends by itself, or nobody guards the process any more.
    pub(super) async fn ended(&mut self) {
        let connection = async {
            match &mut self.connection {
                Some(connection) => connection.ended().await,
                None => std::future::pending().await,
            }
        };
        let child = async {
            match &mut self.child {
                Some(child) => child.process.exited().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = connection => {}
            () = child => {}
        }
    }

    /// Why it ended.
    pub(super) fn fault(&self) -> String {
        self.wire.fault().unwrap_or("it closed the connection").to_owned()
    }

    /// Ends what is left of it, and says how the process ended, if that tells something.
    pub(super) async fn end(mut self) -> Option<String> {
        drop(self.pipes.take());
        if let Some(connection) = self.connection.take() {
            connection.close().await;
        }
        self.server.junk.fetch_add(self.wire.junk(), Ordering::Relaxed);
        let mut child = self.child.take()?;
        let exit = child.process.ended().await;
        if timeout(LAST_WORDS, &mut child.stderr).await.is_err() {
            child.stderr.abort();
        }
        exit.ok().and_then(|exit| told(exit, &self.config.place))
    }
}

/// What a guardian's exit says of its server, the program.
fn told(exit: ExitStatus, program: &str) -> Option<String> {
    match (exit.code(), exit.signal()) {
        (Some(0), _) => None,
        // A shell says so too, of the program that it was to start.
        (Some(127), _) => Some(format!("`{program}`, or what it calls, cannot be started")),
        (Some(code), _) if code > 128 => {
            Some(format!("`{program}` was ended by signal {}", code - 128))
        }
        (Some(code), _) => Some(format!("`{program}` ended with exit code {code}")),
        (None, signal) => {
            let signal = signal.unwrap_or_default();
            Some(format!("its guardian was ended by signal {signal}"))
        }
    }
}
