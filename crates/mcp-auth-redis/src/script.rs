//! Programs that run in the engine, each as one step.

use std::sync::LazyLock;

use redis::aio::MultiplexedConnection;
use redis::{Cmd, Pipeline, RedisResult, Script, ServerErrorKind, Value, cmd};

/// A Lua program.
#[derive(Debug)]
pub(crate) struct Program(LazyLock<Script>);

macro_rules! programs {
    ($($(#[$doc:meta])* $name:ident = $file:literal;)*) => {$(
        $(#[$doc])*
        pub(crate) static $name: Program =
            Program(LazyLock::new(|| Script::new(include_str!(concat!("scripts/", $file)))));
    )*};
}

programs! {
    /// Adds revocations to one partition.
    REVOKE = "revoke.lua";
    /// Replaces a user's entry where it is still the one that was read.
    ADVANCE = "advance.lua";
    /// Gives the data another id.
    RENEW = "renew.lua";
    /// Forgets what has ended.
    PURGE = "purge.lua";
    /// Changes fields where others are as they were read.
    SWAP = "swap.lua";
    /// Reads rows in the order of an index.
    PAGE = "page.lua";
    /// Forgets tombstones whose time has come.
    BURY = "bury.lua";
    /// Adds a grant, or replaces one of a certain counter.
    PUT_GRANT = "put_grant.lua";
    /// Counts a replay of a grant.
    COUNT_REPLAY = "count_replay.lua";
    /// Forgets grants.
    END_GRANTS = "end_grants.lua";
    /// Keeps records of issued tokens.
    RECORD = "record.lua";
    /// Forgets records of tokens that have expired.
    FORGET_RECORDS = "forget_records.lua";
    /// Counts an attempt to sign in.
    BEGIN_ATTEMPT = "begin_attempt.lua";
    /// Takes note that an attempt succeeded.
    END_ATTEMPT = "end_attempt.lua";
    /// Counts a request in fixed windows.
    FIXED_WINDOW = "fixed_window.lua";
    /// Counts a request in moving windows.
    MOVING_WINDOW = "moving_window.lua";
    /// Counts a request at even rates.
    GCRA = "gcra.lua";
    /// Notes that a process is alive, and counts them.
    CENSUS = "census.lua";
}

impl Program {
    /// The call of the program with these keys; arguments follow.
    pub(crate) fn call(&'static self, keys: &[&str]) -> Cmd {
        let mut call = cmd("EVALSHA");
        call.arg(self.0.get_hash()).arg(keys.len()).arg(keys);
        call
    }
}

/// One call of a program.
pub(crate) fn one_call(program: &'static Program, call: Cmd) -> Ask {
    let mut ask = Ask::calling(program);
    ask.add(call);
    ask
}

/// Commands for one node, sent together and answered together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ask {
    commands: Pipeline,
    /// A program that they call: sent whole only to a node that does not know it yet.
    program: Option<&'static Program>,
}

impl Ask {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// These commands may call this program, and no other.
    pub(crate) fn calling(program: &'static Program) -> Self {
        Self { commands: Pipeline::new(), program: Some(program) }
    }

    pub(crate) fn add(&mut self, command: Cmd) -> &mut Self {
        self.commands.add_command(command);
        self
    }

    /// Sends them; one answer for each. A node that did not know the program is asked again: the calls did nothing there,
    /// and what else was sent with them must bear being sent twice.
    pub(crate) async fn send(
        &self,
        connection: &mut MultiplexedConnection,
    ) -> RedisResult<Vec<Value>> {
        match (self.commands.query_async(connection).await, self.program) {
            (Err(error), Some(program)) if is_unknown_program(&error) => {
                program.0.load_async(connection).await?;
                self.commands.query_async(connection).await
            }
            (answer, _) => answer,
        }
    }
}

impl From<Cmd> for Ask {
    fn from(command: Cmd) -> Self {
        let mut ask = Self::new();
        ask.add(command);
        ask
    }
}

fn is_unknown_program(error: &redis::RedisError) -> bool {
    error.kind() == redis::ErrorKind::Server(ServerErrorKind::NoScript)
}
