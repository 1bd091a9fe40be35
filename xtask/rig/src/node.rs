//! One engine: start, kill, pause, come back.

mod home;

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::options::Options;
use crate::process::Process;
use crate::resp::{Reply, Resp};
use crate::wait;
use home::Home;

/// How long an engine has until it answers; a large file to load counts.
const START: Duration = Duration::from_secs(10);

/// What an engine that is well needs at most to answer.
const GLANCE: Duration = Duration::from_millis(300);

/// How often another port is tried.
const TRIES: usize = 5;

/// An engine of one process, with a directory and ports of its own. Dropping it kills the process and removes the
/// directory.
#[derive(Debug)]
pub struct Node {
    // Dropped in this order: the process may write into its directory.
    process: Process,
    home: Home,
}

impl Node {
    pub(crate) fn start(options: &Options) -> Result<Self> {
        let name = options.engine.name();
        ensure!(!options.tls || options.engine.has_tls()?, "this {name} was built without TLS");
        let mut tried = 1;
        loop {
            let home = Home::new(options.clone())?;
            let mut node = Self { process: home.run()?, home };
            match node.await_answer() {
                Ok(()) => return Ok(node),
                // Something that is no rig took the port between the lease and the start.
                Err(_) if tried < TRIES && node.process.last_words().contains(CLASH) => tried += 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// Where it listens, without TLS.
    pub fn address(&self) -> SocketAddr {
        self.home.plain()
    }

    /// `redis://[:password@]address:port`.
    pub fn url(&self) -> String {
        let password = self.home.options.password.as_ref();
        let user = password.map(|password| format!(":{password}@")).unwrap_or_default();
        format!("redis://{user}{}", self.address())
    }

    /// `redis://name:password@address:port`, for a user added by [`Options::user`].
    pub fn url_for(&self, name: &str, password: &str) -> String {
        format!("redis://{name}:{password}@{}", self.address())
    }

    /// `rediss://[:password@]address:port`, when it listens for TLS.
    pub fn tls_url(&self) -> Option<String> {
        let url = self.url().replacen("redis://", "rediss://", 1);
        Some(url.replace(&self.address().to_string(), &self.home.tls()?.to_string()))
    }

    /// The file with the certificate of the authority that signed its own, when it listens for TLS.
    pub fn authority(&self) -> Option<&Path> {
        self.home.certificates.as_ref().map(|files| files.authority.as_path())
    }

    /// The directory that holds all it keeps.
    pub fn directory(&self) -> &Path {
        self.home.path()
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// A new connection, signed in.
    ///
    /// # Errors
    ///
    /// The engine is away, or does not answer within 2 s.
    pub fn connect(&self) -> Result<Resp> {
        self.sign_in(Resp::connect(self.address())?)
    }

    /// One command on a connection of its own.
    ///
    /// # Errors
    ///
    /// As [`Node::connect`], and when the engine refuses the command.
    pub fn ask(&self, command: &[&str]) -> Result<Reply> {
        self.connect()?.ask(command)
    }

    /// Removes all data, as an operator's mistake would.
    ///
    /// # Errors
    ///
    /// As [`Node::ask`].
    pub fn flushall(&self) -> Result<()> {
        self.ask(&["FLUSHALL"]).map(drop)
    }

    /// Whether its process runs, paused or not.
    pub fn is_running(&mut self) -> bool {
        self.process.is_running()
    }

    /// SIGKILL. Its data and its ports stay its own.
    pub fn kill9(&mut self) {
        self.process.kill();
    }

    /// SIGSTOP. This is no partition: what was sent meanwhile is worked off after [`Node::resume`].
    ///
    /// # Errors
    ///
    /// It is not running.
    pub fn pause(&mut self) -> Result<()> {
        self.process.pause()
    }

    /// SIGCONT.
    ///
    /// # Errors
    ///
    /// It is not running.
    pub fn resume(&mut self) -> Result<()> {
        self.process.resume()
    }

    /// Kills it if it runs, starts it over its data, and waits until it answers.
    ///
    /// # Errors
    ///
    /// As [`Options::start`].
    pub fn restart(&mut self) -> Result<()> {
        self.kill9();
        self.process = self.home.run()?;
        self.await_answer()
    }

    /// Kills it if it runs, and starts it without its data. In a cluster it has forgotten the others then.
    ///
    /// # Errors
    ///
    /// As [`Options::start`].
    pub fn restart_empty(&mut self) -> Result<()> {
        self.kill9();
        self.home.forget_data()?;
        self.restart()
    }

    pub(crate) fn bus(&self) -> Option<SocketAddr> {
        self.home.bus()
    }

    /// A command whose answer must not be waited for: the engine may be paused or cut off.
    pub(crate) fn glance(&self, command: &[&str]) -> Result<Reply> {
        self.sign_in(Resp::connect_within(self.address(), GLANCE)?)?.ask(command)
    }

    pub(crate) fn answers(&self) -> bool {
        self.glance(&["PING"]).is_ok()
    }

    fn sign_in(&self, mut connection: Resp) -> Result<Resp> {
        if let Some(password) = &self.home.options.password {
            connection.ask(&["AUTH", password])?;
        }
        Ok(connection)
    }

    /// A connection counts once the engine has loaded its data.
    fn await_answer(&mut self) -> Result<()> {
        let answer = wait::until("the engine to answer", START, || {
            if !self.is_running() {
                return Ok(None);
            }
            self.ask(&["PING"]).map(Some)
        });
        match answer.with_context(|| self.process.last_words())? {
            Some(_) => Ok(()),
            None => bail!("the engine ended:\n{}", self.process.last_words()),
        }
    }
}

/// The system's words for a port that another process has.
const CLASH: &str = "in use";
