//! What can go wrong with an engine, and what to do about it.

use std::time::Duration;

use mcp_auth::store::{StoreError, StoreErrorKind};
use redis::{ErrorKind, RedisError, ServerErrorKind};
use thiserror::Error;

use crate::address::Address;

/// Why the engine gave no answer. No text holds a password.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    /// No connection came about.
    #[error("{address}: no connection: {source}")]
    Connect { address: Address, source: RedisError },
    /// A connection, or an answer, took too long.
    #[error("{address}: no answer within {} ms", .patience.as_millis())]
    Slow { address: Address, patience: Duration },
    /// No try succeeded in all that time.
    #[error("no answer within {} ms", .0.as_millis())]
    Lengthy(Duration),
    /// The node answered with an error, or went away.
    #[error("{address}: {source}")]
    Answer { address: Address, source: RedisError },
    /// Nobody serves the slot, or nobody knows who is the primary.
    #[error("no primary is known: {0}")]
    NoPrimary(String),
    /// The node that was taken for the primary is none.
    #[error("{0} is no primary")]
    Demoted(Address),
    /// The data are no longer those that this process has followed: the store's id is another.
    #[error("the engine holds other data than before")]
    Replaced,
    /// A value is not what this program writes.
    #[error("{0} holds something that this program did not write")]
    Corrupt(&'static str),
    /// Others changed the same thing again and again.
    #[error("what was to be changed kept changing")]
    Contended,
    /// Too few replicas have what was written.
    #[error("{0}: too few of its replicas have what was written")]
    Unreplicated(Address),
    /// The TLS files cannot be read.
    #[error("{0}")]
    Files(String),
    /// The store was closed, or its thread ended.
    #[error("the store was closed")]
    Closed,
}

impl Failure {
    pub(crate) fn answer(address: &Address, source: RedisError) -> Self {
        if source.is_timeout() {
            return Self::Slow { address: address.clone(), patience: crate::access::ANSWER };
        }
        Self::Answer { address: address.clone(), source }
    }

    /// The code of the node's first error, also where it answered several commands at once.
    pub(crate) fn code(&self) -> Option<String> {
        let Self::Answer { source, .. } = self else { return None };
        code(source)
    }

    /// Whether another connection, perhaps to another node, may do better.
    pub(crate) fn spoils_connection(&self) -> bool {
        match self {
            Self::Answer { source, .. } => {
                source.is_unrecoverable_error() || source.is_io_error() || self.calls_for_search()
            }
            Self::Corrupt(_) | Self::Replaced | Self::Contended => false,
            _ => true,
        }
    }

    /// Whether the primaries should be looked for again.
    pub(crate) fn calls_for_search(&self) -> bool {
        match self {
            Self::Connect { .. } | Self::Slow { .. } | Self::NoPrimary(_) | Self::Demoted(_) => {
                true
            }
            Self::Answer { source, .. } => matches!(
                source.kind(),
                ErrorKind::Io
                    | ErrorKind::Server(
                        ServerErrorKind::Moved
                            | ServerErrorKind::ReadOnly
                            | ServerErrorKind::ClusterDown
                            | ServerErrorKind::MasterDown
                            | ServerErrorKind::BusyLoading
                    )
            ),
            _ => false,
        }
    }

    /// Whether the node certainly did nothing of what it was asked, so that it may be asked again.
    pub(crate) fn did_nothing(&self) -> bool {
        match self {
            Self::Connect { .. } | Self::NoPrimary(_) | Self::Demoted(_) => true,
            // Of several commands the first ones may have done something before one failed.
            Self::Answer { source, .. } => {
                failed_from_the_start(source)
                    && matches!(
                        source.kind(),
                        ErrorKind::Server(
                            ServerErrorKind::Moved
                                | ServerErrorKind::Ask
                                | ServerErrorKind::TryAgain
                                | ServerErrorKind::ReadOnly
                                | ServerErrorKind::ClusterDown
                                | ServerErrorKind::MasterDown
                                | ServerErrorKind::BusyLoading
                        )
                    )
            }
            _ => false,
        }
    }

    /// Whether a stream refused a line only because it has later ones.
    pub(crate) fn is_too_late_a_line(&self) -> bool {
        matches!(self, Self::Answer { source, .. } if says(source, "equal or smaller"))
    }

    fn advice(&self) -> (StoreErrorKind, &'static str) {
        use StoreErrorKind::{Corrupt, Denied, Full, Misconfigured, ReadOnly, Unavailable};
        match self {
            Self::Connect { source, .. } if is_about_login(source) => (Misconfigured, LOGIN),
            Self::Answer { source, .. } => match (source.kind(), code(source).as_deref()) {
                _ if is_about_login(source) => (Misconfigured, LOGIN),
                (ErrorKind::Server(ServerErrorKind::NoPerm), _) => (Denied, PERMISSION),
                (ErrorKind::Server(ServerErrorKind::ReadOnly), _) => (ReadOnly, SEARCH),
                // The same within a program.
                _ if says(source, "user executing the script can't") => (Denied, PERMISSION),
                (_, Some("OOM")) => (Full, ROOM),
                (_, Some("MISCONF")) => {
                    (ReadOnly, "free its disk; it refuses writes that it cannot save")
                }
                (_, Some("NOREPLICAS")) => (ReadOnly, "bring back the replicas that it waits for"),
                _ => (Unavailable, SEARCH),
            },
            Self::Corrupt(_) => (
                Corrupt,
                "is the database shared with another program? Name another with /N, or a namespace",
            ),
            Self::Files(_) => (Misconfigured, "name files in PEM that this user can read"),
            Self::Closed => (Unavailable, "open it again"),
            Self::Contended => (Unavailable, "try again"),
            Self::Unreplicated(_) => {
                (Unavailable, "bring its replicas back; a running server goes on by itself")
            }
            _ => (Unavailable, SEARCH),
        }
    }
}

const SEARCH: &str =
    "see that the engine runs and can be reached; a running server goes on by itself";
const LOGIN: &str = "see that user and password in MCP_STORE_URL are those of the engine";
const PERMISSION: &str =
    "let the user in MCP_STORE_URL run this command: `mcp-auth-server doctor` lists what is needed";
const ROOM: &str = "give it more memory (maxmemory), with maxmemory-policy noeviction";

fn is_about_login(source: &RedisError) -> bool {
    source.kind() == ErrorKind::AuthenticationFailed
        || matches!(code(source).as_deref(), Some("WRONGPASS" | "NOAUTH"))
}

fn says(source: &RedisError, words: &str) -> bool {
    let errors = source.clone().into_server_errors().unwrap_or_default();
    errors.iter().any(|(_, error)| error.details().is_some_and(|details| details.contains(words)))
}

fn code(source: &RedisError) -> Option<String> {
    let errors = source.clone().into_server_errors()?;
    errors.first().map(|(_, error)| error.code().to_owned())
}

fn failed_from_the_start(source: &RedisError) -> bool {
    let errors = source.clone().into_server_errors();
    errors.is_none_or(|errors| errors.first().is_some_and(|(at, _)| *at == 0))
}

/// For whoever asked the store.
impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        let (kind, remedy) = failure.advice();
        Self::new(format!("the engine gave no answer: {failure}: {remedy}")).of_kind(kind)
    }
}
