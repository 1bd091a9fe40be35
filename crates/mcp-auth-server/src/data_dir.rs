//! The data directory: which file is what.

mod obstacle;

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use mcp_auth::settings::Mistake;
use mcp_auth_cli::redact::ShownPath;

pub(crate) use self::obstacle::Obstacle;
use crate::files;

/// A directory that `init` made, or will make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DataDir(PathBuf);

/// The variables of which one being set means that the operator keeps the keys elsewhere.
const KEY_VARIABLES: [&str; 4] = [
    "MCP_JWT_SECRET",
    "MCP_JWT_SECRET_FILE",
    "MCP_JWT_PRIVATE_KEY_FILE",
    "MCP_JWT_PUBLIC_KEY_FILE",
];

/// Likewise for what still verifies.
const PREVIOUS_VARIABLES: [&str; 2] = ["MCP_JWT_PREVIOUS_SECRETS", "MCP_JWT_PREVIOUS_SECRETS_FILE"];

impl DataDir {
    /// The directory that `MCP_DATA_DIR` names, or `.mcp` where it names none.
    pub(crate) fn at(named: Option<OsString>) -> Self {
        let named = named.filter(|name| !name.is_empty());
        Self(named.map_or_else(|| PathBuf::from(".mcp"), PathBuf::from))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// The current secret; only its owner may read it.
    pub(crate) fn secret(&self) -> PathBuf {
        self.0.join("jwt_secret")
    }

    /// Secrets that still verify, one a line, the newest first.
    pub(crate) fn previous_secrets(&self) -> PathBuf {
        self.0.join("jwt_previous_secrets")
    }

    /// Accounts, grants, revocations and records.
    pub(crate) fn database(&self) -> PathBuf {
        self.0.join("mcp-auth.db")
    }

    /// The keys of the audit's chain and checkpoints; only their owner may read them.
    pub(crate) fn audit_keys(&self) -> PathBuf {
        self.0.join("audit_keys")
    }

    /// Where the audit log lies unless a variable says otherwise.
    pub(crate) fn audit_log(&self) -> PathBuf {
        self.0.join("audit.log")
    }

    /// Where its checkpoints lie unless a variable says otherwise.
    pub(crate) fn audit_checkpoints(&self) -> PathBuf {
        self.0.join("audit.checkpoints")
    }

    /// Which MCP servers there are, unless a variable names another file.
    pub(crate) fn servers(&self) -> PathBuf {
        self.0.join("config.json")
    }

    /// Revocations on their way to an engine; a directory.
    pub(crate) fn outbox(&self) -> PathBuf {
        self.0.join("outbox")
    }

    /// What every command needs and is not there, by its name. The secret is not among it: the environment may have one.
    pub(crate) fn missing(&self, with_database: bool) -> Vec<&'static str> {
        let database = with_database.then(|| ("mcp-auth.db", self.database()));
        let parts = [("audit_keys", self.audit_keys())].into_iter().chain(database);
        parts.filter(|(_, path)| files::is_absent(path)).map(|(name, _)| name).collect()
    }

    /// What keeps this user from it.
    pub(crate) fn obstacle(&self) -> Option<Obstacle> {
        Obstacle::of(self)
    }

    /// The same, or what is missing of it.
    pub(crate) fn obstacle_to_opening(&self, with_database: bool) -> Option<Obstacle> {
        let incomplete = || {
            let missing = self.missing(with_database).into_iter().next()?;
            Some(Obstacle::incomplete(self, missing))
        };
        self.obstacle().or_else(incomplete)
    }

    /// What keeps the settings from having keys, where these have to come from here.
    pub(crate) fn without_keys(
        &self,
        environment: &impl Fn(&str) -> Option<OsString>,
    ) -> Option<Mistake> {
        Obstacle::of_keys(self, environment).map(|obstacle| self.mistake(&obstacle))
    }

    /// The obstacle as a mistake of the configuration.
    pub(crate) fn mistake(&self, obstacle: &Obstacle) -> Mistake {
        let Obstacle { problem, remedy, .. } = obstacle;
        Mistake {
            variable: format!("the data directory {self}"),
            problem: format!("{problem}; {remedy}"),
        }
    }

    /// What to do where it is not there, or not all of it.
    pub(crate) fn first_step(&self) -> String {
        format!(
            "run `mcp-auth-server init --data-dir {self}`, which replaces nothing, or name the directory that you mean with \
             --data-dir or MCP_DATA_DIR"
        )
    }

    /// The value of a `_FILE` variable that names a file of this directory, where the environment names no key at all:
    /// what the operator says wins, and is never mixed with what lies here.
    pub(crate) fn key_variable(
        &self,
        name: &str,
        environment: &impl Fn(&str) -> Option<OsString>,
    ) -> Option<OsString> {
        let is_set = |name: &str| environment(name).is_some_and(|value| !value.is_empty());
        if KEY_VARIABLES.iter().any(|name| is_set(name)) {
            return None;
        }
        // One that cannot be looked for is read all the same, to tell why it cannot.
        let existing = |path: PathBuf| (!files::is_absent(&path)).then(|| path.into_os_string());
        match name {
            "MCP_JWT_SECRET_FILE" => existing(self.secret()),
            "MCP_JWT_PREVIOUS_SECRETS_FILE"
                if !PREVIOUS_VARIABLES.iter().any(|name| is_set(name)) =>
            {
                existing(self.previous_secrets())
            }
            _ => None,
        }
    }

    /// The first variable that says where the keys are, in place of this directory.
    pub(crate) fn overruled_by(
        environment: impl Fn(&str) -> Option<OsString>,
    ) -> Option<&'static str> {
        let is_set = |name: &&str| environment(name).is_some_and(|value| !value.is_empty());
        KEY_VARIABLES.into_iter().find(is_set)
    }
}

/// As it may be shown.
impl fmt::Display for DataDir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        ShownPath(&self.0).fmt(f)
    }
}
