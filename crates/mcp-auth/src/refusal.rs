//! Refusals: one table of codes for every door, and two voices.
//!
//! The client hears [`RefusalCode::detail`], a fixed sentence that tells an attacker nothing. The operator reads
//! [`Reason`], which names what was expected and what was found. An error id ties the two together.

mod reason;
mod reference;

use std::fmt;

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
    StoreUnavailable: "store_unavailable", 503, "Authentication is temporarily unavailable", exit 7,
        "the revocation store gave no answer, so nothing is admitted";
    BadRequest: "bad_request", 400, "Send one Authorization header with one bearer token", exit 2,
        "the request is ambiguous, such as two `Authorization` headers";
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

    /// The sentence for the client: `Token has expired`.
    pub const fn detail(self) -> &'static str {
        self.row().detail
    }

    /// The exit code of the command-line tools.
    pub const fn exit_code(self) -> u8 {
        self.row().exit
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
#[error("{}", self.code().detail())]
pub struct Refusal(Box<Reason>);

impl Refusal {
    /// The row of the table.
    pub fn code(&self) -> RefusalCode {
        self.0.code()
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
