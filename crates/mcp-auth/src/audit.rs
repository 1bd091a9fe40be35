//! Audit events: what happened, to whom, and why, in the words that log searches already use.
//!
//! This crate makes events and hands them to an [`AuditSink`]. Keeping them safe is the sink's business. An event
//! never holds a token, a secret, a password or a tool's arguments.

mod json;
mod kind;
mod reference;
mod short;

use std::fmt;
use std::net::IpAddr;

use serde::{Serialize, Serializer};

pub use self::kind::AuditKind;
pub use self::reference::reference_markdown;
use crate::claims::{Claims, TokenType};
use crate::clock::Timestamp;
use crate::refusal::RefusalCode;
use crate::roles::Role;
use crate::validate::{Caller, LiveToken};

/// One event. Absent fields are left out of its JSON. Made by [`AuditEvent::new`]; whoever reports it fills in what it
/// knows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct AuditEvent<'a> {
    /// When, in milliseconds.
    #[serde(serialize_with = "milliseconds")]
    pub timestamp: Timestamp,
    /// What happened.
    pub event: AuditKind,
    /// Who: from an authentic token or a stored account, never from words that nobody vouches for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<&'a str>,
    /// Their role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<&'a str>,
    /// The token's `jti`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jti: Option<&'a str>,
    /// The token's `sid`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<&'a str>,
    /// The token, as the first 12 hex digits of its SHA-256; where it has no `jti` or was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<&'a str>,
    /// What was acted on: another user's id, the id of what was revoked, a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<&'a str>,
    /// The MCP server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<&'a str>,
    /// The tool.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_name: Option<&'a str>,
    /// Whether it came off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub success: Option<bool>,
    /// How a call ended: `tool`, `protocol` or `transport` names the layer that answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<&'a str>,
    /// Seconds that it took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution_time: Option<f64>,
    /// Bytes of its result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Hours that an issued token lives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiry_hours: Option<f64>,
    /// The refusal's code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<RefusalCode>,
    /// The refusal's full reason, or what was changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'a str>,
    /// What the client was told to quote.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_id: Option<ErrorId>,
    /// Where the request came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_address: Option<IpAddr>,
    /// The request's own id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<&'a str>,
    /// `true` where a text was too long for the audit and ends early: see [`AuditEvent::shortened`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cut: Option<bool>,
}

impl<'a> AuditEvent<'a> {
    /// An event with nothing but its kind and time.
    pub fn new(event: AuditKind, timestamp: Timestamp) -> Self {
        Self { timestamp, event, ..Self::default() }
    }

    /// The same, about the caller whom authentic claims name.
    #[must_use]
    pub fn about(mut self, claims: &'a Claims) -> Self {
        self.fill_in(claims);
        self
    }

    /// The same, about what this caller did or wanted. Whoever reports something of a caller names them so, the anonymous
    /// one and a token without `jti` included.
    #[must_use]
    pub fn by(mut self, caller: &'a Caller) -> Self {
        match caller.token() {
            Some(token) => self.fill_in_token(token),
            None => self.user_id = Some(caller.user_id()),
        }
        self
    }

    /// The same in place, about the holder of this token.
    pub(crate) fn fill_in_token(&mut self, token: &'a LiveToken) {
        self.fill_in(token.claims());
        self.token = token.short_digest();
    }

    fn fill_in(&mut self, claims: &'a Claims) {
        let role = claims.role().filter(|_| claims.token_type() == Some(TokenType::Access));
        self.user_id = Some(claims.user_id());
        self.role = role.map(Role::name);
        self.jti = claims.token_id();
        self.sid = claims.session_id();
    }
}

fn milliseconds<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    // Digits and signs of ASCII.
    let text = at.to_rfc3339_milliseconds();
    serializer.serialize_str(std::str::from_utf8(&text).unwrap_or_default())
}

/// Takes events. Called on the thread that decides, so a sink that writes somewhere slow hands them on.
pub trait AuditSink: fmt::Debug + Send + Sync {
    /// Takes one event.
    fn record(&self, event: &AuditEvent<'_>);

    /// Whether events of this kind are of any use here. Asked before one is made that nothing but the audit needs.
    fn wants(&self, _: AuditKind) -> bool {
        true
    }
}

/// Drops every event.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoAudit;

impl AuditSink for NoAudit {
    fn record(&self, _: &AuditEvent<'_>) {}

    fn wants(&self, _: AuditKind) -> bool {
        false
    }
}

/// Ties the short answer that a client gets to the full reason in the log: 64 random bits as 16 hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ErrorId([u8; 8]);

impl ErrorId {
    pub(crate) const fn new(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for ErrorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl Serialize for ErrorId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
