//! What a history is made of.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One operation, as its client saw it. The times are nanoseconds of `CLOCK_BOOTTIME`, so that a machine that was
/// suspended, or whose calendar was set, measures them all the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Who was asked: a gateway. For a fault, what it befell.
    pub node: String,
    /// Before the request was sent.
    pub invoked: u64,
    /// After the answer was there, or when the client stopped waiting for it.
    pub returned: u64,
    /// What was asked and answered.
    pub operation: Operation,
}

/// What was asked, with the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Operation {
    /// Something is to be revoked.
    Revoke {
        /// What.
        target: Target,
        /// Of a user's tokens only those of a lower generation; without it, all that the target covers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        below: Option<u64>,
        /// What came back.
        answer: RevokeAnswer,
    },
    /// A request with an access token.
    Admit {
        /// The token, without its text.
        token: Token,
        /// What came back.
        answer: AdmitAnswer,
    },
    /// A refresh token is exchanged.
    Refresh {
        /// `sid` of its grant.
        grant: String,
        /// How many exchanges led to this token.
        parent: u64,
        /// What came back.
        answer: RefreshAnswer,
    },
    /// The engine is not what it should be, from before the fault is made to after it is undone. The stop and start of a
    /// gateway is one too.
    EngineFault {
        /// What happened, for messages: `kill primary`.
        kind: String,
        /// The gateways that reach nothing of the engine all this time.
        #[serde(default)]
        cut_off: Vec<String>,
    },
    /// A line that was found in the node's audit afterwards; the times are when it was read.
    AuditLine {
        /// Its place there.
        seq: u64,
        /// What it tells of.
        what: Audited,
    },
}

/// What a revocation covers.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// One token, by `jti`.
    Token(String),
    /// All tokens of a grant, by `sid`.
    Grant(String),
    /// A user's tokens.
    User(String),
    /// All tokens that a key signed, by `kid`.
    Key(String),
}

/// What the store and the checks know a token by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// `jti`.
    pub id: String,
    /// `sid`, where it belongs to a grant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<String>,
    /// `sub`.
    pub user: String,
    /// `kid`.
    pub key: String,
    /// `gen`, of its user.
    pub generation: u64,
}

/// How a revocation was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum RevokeAnswer {
    /// It was taken.
    Revoked {
        /// 200, or 202 while the outbox goes on.
        status: u16,
        /// How far it has got.
        durability: Durability,
        /// In milliseconds: when no node accepts any more what it covers, counted from the answer. `None` where that
        /// is not promised.
        bound_ms: Option<u64>,
    },
    /// It was refused. It may have been done all the same.
    Error {
        /// The HTTP status.
        status: u16,
    },
    /// No answer came. It may have been done.
    Lost,
}

/// How far an acknowledged revocation has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Durability {
    /// In the process.
    Memory,
    /// On its machine's disk.
    Local,
    /// On the engine's primary.
    Primary,
    /// On a majority of the engine.
    Quorum,
    /// On all of the engine.
    All,
}

/// How a request was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdmitAnswer {
    /// Accepted.
    Accepted,
    /// Refused, because something that covers the token was revoked.
    Revoked,
    /// Refused, because the user is disabled.
    Blocked,
    /// Refused for another reason, such as a limit.
    Refused,
    /// 503: the node cannot tell.
    Unavailable,
    /// No answer came.
    Lost,
}

/// How an exchange was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefreshAnswer {
    /// A successor, by its `jti`. The same one may be given again.
    Successor(String),
    /// The token had been exchanged before, and its grant was revoked.
    Reuse,
    /// It was refused for another reason.
    Error,
    /// No answer came. It may have been done.
    Lost,
}

/// What a line of the audit tells of.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audited {
    /// A revocation was taken. A grant that ended by reuse of a refresh token counts.
    Revoked(Target),
    /// A refresh token of this grant was exchanged.
    Refreshed(String),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(id) => write!(f, "token `{id}`"),
            Self::Grant(id) => write!(f, "grant `{id}`"),
            Self::User(id) => write!(f, "user `{id}`"),
            Self::Key(id) => write!(f, "key `{id}`"),
        }
    }
}
