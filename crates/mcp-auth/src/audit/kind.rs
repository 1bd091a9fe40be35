//! The names of what can happen.

use std::fmt;

use serde::{Serialize, Serializer};

/// Makes the kinds and their names from one table.
macro_rules! audit_kinds {
    ($first:ident: $first_name:literal, $first_meaning:literal;
     $($kind:ident: $name:literal, $meaning:literal;)*) => {
        /// What kind of thing happened; the name is the `event` field.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
        #[non_exhaustive]
        pub enum AuditKind {
            #[default]
            #[doc = concat!("`", $first_name, "`: ", $first_meaning, ".")]
            $first,
            $(#[doc = concat!("`", $name, "`: ", $meaning, ".")] $kind,)*
        }

        impl AuditKind {
            /// All kinds, in the order of the reference page.
            pub const ALL: &[Self] = &[Self::$first, $(Self::$kind,)*];

            /// The value of `event`.
            pub const fn name(self) -> &'static str {
                match self {
                    Self::$first => $first_name,
                    $(Self::$kind => $name,)*
                }
            }

            /// What it means, for documents.
            pub const fn meaning(self) -> &'static str {
                match self {
                    Self::$first => $first_meaning,
                    $(Self::$kind => $meaning,)*
                }
            }
        }
    };
}

audit_kinds! {
    TokenDecoded: "token_decoded", "a token was presented and accepted";
    AuthenticationFailed: "mcp_authentication_failed", "a request had no token, or one that was refused";
    TokenInvalid: "token_invalid", "a token that was handed over to be refreshed or revoked was refused";
    AuthorizationDenied: "mcp_authorization_denied", "an accepted caller asked for something they may not do";
    RequestRefused: "request_refused", "a request was refused for another reason than its credential";
    RateLimited: "rate_limited", "a request was one too many";
    ToolExecuted: "mcp_tool_executed", "a tool was called, or the call failed";
    TokenGenerated: "mcp_token_generated", "a token was issued";
    LoginSucceeded: "login_succeeded", "a user signed in";
    LoginFailed: "login_failed", "a sign-in failed";
    TokenRefreshed: "token_refreshed", "a refresh token was exchanged";
    RefreshReused: "refresh_reused", "a used refresh token came again, and its grant was revoked";
    LoggedOut: "logged_out", "a user signed out";
    TokenRevoked: "token_revoked", "a token, a grant or all tokens of a user were revoked";
    AccountCreated: "account_created", "an account was created";
    AccountChanged: "account_changed", "an account's role, password or state was changed";
    AccountDeleted: "account_deleted", "an account was deleted";
    ConfigChanged: "config_changed", "a configuration was read again, or could not be";
    KeysChanged: "keys_changed", "the keys were replaced, or could not be";
    ServerConnected: "server_connected", "an MCP server is about to be connected, or what came of that";
    ServerDisconnected: "server_disconnected", "an MCP server was disconnected";
    ServiceStarted: "service_started", "the service started";
    ServiceStopped: "service_stopped", "the service stopped in good order";
    AuditLogCreated: "audit_log_created", "an audit log was begun; its first line, which names the archived log that it continues";
    AuditCheckpoint: "audit_checkpoint", "the audit log was signed up to here";
    AuditRecovered: "audit_recovered", "a line that was not finished when its writer ended was cut off";
    AuditInterrupted: "audit_interrupted", "lines were late or lost before this one, with their number";
}

impl fmt::Display for AuditKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for AuditKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
