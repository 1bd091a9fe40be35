//! Refusals: one table of codes for every door, and two voices.
//!
//! The client hears [`RefusalCode::detail`], a fixed sentence that tells an attacker nothing. The operator reads
//! [`Reason`], which names what was expected and what was found. An error id ties the two together.

mod reason;
mod reference;

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use serde::{Serialize, Serializer};
use thiserror::Error;

pub use self::reason::{Malformed, Reason};
pub use self::reference::reference_markdown;
pub use crate::json::{JsonFault, JsonProblem};

/// One line of the table.
struct Row {
    name: &'static str,
    status: u16,
    detail: &'static str,
    exit: u8,
    meaning: &'static str,
}

/// Makes the codes and everything that is looked up by code from one table.
macro_rules! refusal_codes {
    ($($code:ident: $name:literal, $status:literal, $detail:expr, exit $exit:literal, $meaning:literal;)*) => {
        /// Why a request was refused, as a client, a log query or a script sees it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum RefusalCode {
            $(#[doc = concat!("`", $name, "`: ", $meaning, ".")] $code,)*
        }

        impl RefusalCode {
            /// All codes, in the order of the reference page.
            pub const ALL: &[Self] = &[$(Self::$code,)*];

            const fn row(self) -> Row {
                match self {
                    $(Self::$code => {
                        Row { name: $name, status: $status, detail: $detail, exit: $exit, meaning: $meaning }
                    })*
                }
            }
        }
    };
}

const CREDENTIALS: &str = "Could not validate credentials";
const EXPIRED: &str = "Token has expired";
const PERMISSION: &str = "User does not have permission";
const UNAVAILABLE: &str = "Authentication is temporarily unavailable";

refusal_codes! {
    TokenMissing: "token_missing", 401, "Not authenticated", exit 2,
        "no `Authorization: Bearer` credential";
    TokenMalformed: "token_malformed", 401, CREDENTIALS, exit 3,
        "not a JWT in compact form, or beyond its bounds";
    AlgorithmRefused: "algorithm_refused", 401, CREDENTIALS, exit 3,
        "`alg` is not an algorithm of a configured key";
    KeyUnknown: "key_unknown", 401, CREDENTIALS, exit 3,
        "`kid` names no configured key";
    SignatureInvalid: "signature_invalid", 401, CREDENTIALS, exit 3,
        "no configured key made the signature";
    ClaimsInvalid: "claims_invalid", 401, CREDENTIALS, exit 3,
        "a claim is missing, of the wrong type or not legal";
    NotYetValid: "not_yet_valid", 401, CREDENTIALS, exit 3,
        "`nbf` or `iat` lies in the future";
    IssuerMismatch: "issuer_mismatch", 401, CREDENTIALS, exit 3,
        "`iss` is not the configured issuer";
    AudienceMismatch: "audience_mismatch", 401, CREDENTIALS, exit 3,
        "`aud` does not name the configured audience, or is there while none is configured";
    TokenTypeMismatch: "token_type_mismatch", 401, CREDENTIALS, exit 3,
        "a refresh token where an access token is due, or the reverse";
    TokenExpired: "token_expired", 401, EXPIRED, exit 4,
        "`exp` has passed";
    TokenTooOld: "token_too_old", 401, EXPIRED, exit 4,
        "older than `MCP_MAX_TOKEN_AGE`";
    TokenRevoked: "token_revoked", 401, "Token has been revoked", exit 5,
        "the token, its grant, its user's earlier tokens or its key was revoked";
    PermissionDenied: "permission_denied", 403, PERMISSION, exit 6,
        "the role or the policy does not allow the action";
    AccountDisabled: "account_disabled", 403, PERMISSION, exit 6,
        "the account is disabled";
    AdhocConnectOff: "adhoc_connect_off", 403, PERMISSION, exit 6,
        "starting programs over HTTP is switched off here";
    LoginFailed: "login_failed", 401, "Incorrect username or password", exit 1,
        "no active account has this name and password";
    RateLimited: "rate_limited", 429, "Rate limit exceeded", exit 1,
        "more requests than the limit allows; `Retry-After` says when to come back";
    StoreUnavailable: "store_unavailable", 503, UNAVAILABLE, exit 7,
        "a store gave no answer, so nothing is admitted";
    Overloaded: "overloaded", 503, UNAVAILABLE, exit 1,
        "more sign-ins are waiting than can be answered in time";
    TokenInUrl: "token_in_url", 400, "Send the token in the Authorization header, never in the URL", exit 1,
        "the query string holds a token, which logs and histories keep";
    BadRequest: "bad_request", 400, "Send one Authorization header with one bearer token", exit 2,
        "the request is ambiguous or not well formed, such as two `Authorization` headers";
    NotFound: "not_found", 404, "Not Found", exit 1,
        "nothing of this name is here";
    MethodNotAllowed: "method_not_allowed", 405, "Method Not Allowed", exit 1,
        "the path exists and takes other methods; `Allow` names them";
    RequestTimeout: "request_timeout", 408, "The request took too long to arrive", exit 1,
        "the body did not arrive in time";
    Conflict: "conflict", 409, "The name is taken", exit 1,
        "what should be created exists, or changed meanwhile";
    TooLarge: "too_large", 413, "The request body is too large", exit 1,
        "the body is longer than is read";
    UnsupportedMediaType: "unsupported_media_type", 415, "Send application/json", exit 1,
        "the body is of a type that the route does not read";
    Unprocessable: "unprocessable", 422, "The request body does not fit", exit 1,
        "a field is missing, of the wrong type or not legal";
    Internal: "internal", 500, "Internal Server Error", exit 1,
        "the server failed; its log has the reason under the `error_id`";
    ServerFailed: "server_failed", 502, "The MCP server failed", exit 1,
        "the MCP server is not connected, ended, or broke the protocol";
    ServerTimeout: "server_timeout", 504, "The MCP server did not answer in time", exit 1,
        "the MCP server did not answer within the timeout";
}

impl RefusalCode {
    /// The name, as in `"code"` of an answer: `token_expired`.
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// The HTTP status.
    pub const fn status(self) -> u16 {
        self.row().status
    }

    /// The sentence for the client: `Token has expired`. Where the request itself is at fault, [`Refusal::detail`] may
    /// say more.
    pub const fn detail(self) -> &'static str {
        self.row().detail
    }

    /// The exit code of the command-line tools; 1 for what only a server meets.
    pub const fn exit_code(self) -> u8 {
        self.row().exit
    }

    /// The `error` of a `WWW-Authenticate: Bearer` challenge (RFC 6750 section 3.1). `None` where no token was presented,
    /// or where none is at fault.
    pub const fn bearer_error(self) -> Option<&'static str> {
        match (self, self.status()) {
            (Self::TokenMissing | Self::LoginFailed, _) => None,
            (_, 400) => Some("invalid_request"),
            (_, 401) => Some("invalid_token"),
            (_, 403) => Some("insufficient_scope"),
            _ => None,
        }
    }

    /// Whether a token that is refused so was made by a holder of a key.
    pub(crate) const fn is_of_authentic_token(self) -> bool {
        matches!(
            self,
            Self::ClaimsInvalid
                | Self::NotYetValid
                | Self::IssuerMismatch
                | Self::AudienceMismatch
                | Self::TokenTypeMismatch
                | Self::TokenExpired
                | Self::TokenTooOld
                | Self::TokenRevoked
                | Self::AccountDisabled
                | Self::StoreUnavailable
        )
    }

    /// What the code means, for documents.
    pub const fn meaning(self) -> &'static str {
        self.row().meaning
    }
}

impl fmt::Display for RefusalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for RefusalCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// A refused token or request. `Display` is the client's voice; the operator's is [`Refusal::reason`]. Holds no
/// token and no secret.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}", self.detail())]
pub struct Refusal(Box<Reason>);

impl Refusal {
    /// The row of the table.
    pub fn code(&self) -> RefusalCode {
        self.0.code()
    }

    /// The sentence for the client. Fixed for each code, except where it says what is wrong with a request or which
    /// limit was passed.
    pub fn detail(&self) -> Cow<'static, str> {
        match &*self.0 {
            Reason::Request { detail, .. } => Cow::Owned(detail.clone()),
            Reason::RateLimited { limit, .. } => {
                Cow::Owned(format!("{}: {limit}", self.code().detail()))
            }
            _ => Cow::Borrowed(self.code().detail()),
        }
    }

    /// After what time asking again may help: for `Retry-After` (RFC 9110 section 10.2.3).
    pub fn retry_after(&self) -> Option<Duration> {
        match &*self.0 {
            Reason::RateLimited { retry_after, .. } => Some(*retry_after),
            _ if self.code().status() == 503 => Some(Duration::from_secs(1)),
            _ => None,
        }
    }

    /// The full reason, for logs and for the token's owner at a terminal.
    pub fn reason(&self) -> &Reason {
        &self.0
    }
}

impl From<Reason> for Refusal {
    #[cold]
    fn from(reason: Reason) -> Self {
        Self(Box::new(reason))
    }
}
