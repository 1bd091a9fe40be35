//! Audit events: what happened, to whom, and why, in the words that log searches already use.
//!
//! This crate makes events and hands them to an [`AuditSink`]. Keeping them safe is the sink's business. An event
//! never holds a token, a secret or a tool's arguments.

use std::fmt;
use std::net::IpAddr;

use serde::Serialize;

use crate::clock::Timestamp;
use crate::refusal::RefusalCode;

/// What kind of thing happened; the name is the `event` field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub enum AuditKind {
    /// A token was issued.
    #[serde(rename = "mcp_token_generated")]
    TokenGenerated,
    /// A token was presented and accepted.
    #[serde(rename = "token_decoded")]
    TokenDecoded,
    /// No token, or a token that was refused.
    #[serde(rename = "mcp_authentication_failed")]
    AuthenticationFailed,
    /// An accepted caller asked for something they may not do.
    #[serde(rename = "mcp_authorization_denied")]
    AuthorizationDenied,
    /// Something was revoked.
    #[serde(rename = "token_revoked")]
    TokenRevoked,
}

/// One event. Absent fields are left out of its JSON.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct AuditEvent<'a> {
    /// What happened.
    pub event: AuditKind,
    /// When.
    pub timestamp: Timestamp,
    /// Who: from a token that was accepted, never from one that was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<&'a str>,
    /// Their role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<&'a str>,
    /// The accepted token's `jti`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jti: Option<&'a str>,
    /// The accepted token's `sid`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<&'a str>,
    /// The refusal's code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<RefusalCode>,
    /// The refusal's full reason.
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
}

impl AuditEvent<'_> {
    /// An event with nothing but its kind and time.
    pub fn new(event: AuditKind, timestamp: Timestamp) -> Self {
        Self {
            event,
            timestamp,
            user_id: None,
            role: None,
            jti: None,
            sid: None,
            code: None,
            reason: None,
            error_id: None,
            ip_address: None,
            request_id: None,
        }
    }
}

/// Takes events. Called on the thread that decides, so a sink that writes somewhere slow hands them on.
pub trait AuditSink: fmt::Debug + Send + Sync {
    /// Takes one event.
    fn record(&self, event: &AuditEvent<'_>);
}

/// Drops every event.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoAudit;

impl AuditSink for NoAudit {
    fn record(&self, _: &AuditEvent<'_>) {}
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
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
