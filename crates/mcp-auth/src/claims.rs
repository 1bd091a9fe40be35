//! The claims of a token: what it says about its user, once every member has been looked at.

mod audience;
mod date;
mod ids;
mod members;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde::Serialize;
use thiserror::Error;

pub use self::audience::Audience;
use self::ids::Ids;
use self::members::Members;
use crate::clock::NumericDate;
use crate::json::{self, JsonFault};
use crate::roles::Role;

/// Names that have a meaning here: a custom claim cannot take one.
pub const RESERVED_CLAIMS: &[&str] = &[
    "user_id",
    "username",
    "role",
    "token_type",
    "iat",
    "exp",
    "nbf",
    "iss",
    "aud",
    "jti",
    "sid",
    "gen",
];

/// Longest `user_id` or `username`, in bytes.
pub const MAX_NAME_BYTES: usize = 256;

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenType {
    /// Carried on every request.
    Access,
    /// Exchanged for the next pair of tokens, and good for nothing else.
    Refresh,
}

impl TokenType {
    /// The value of the `token_type` claim.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Refresh => "refresh",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::Access, Self::Refresh].into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for TokenType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The claims of one token (RFC 7519 section 4), each of the right type and within its bounds. Whether they are
/// true is for the stages of [`validate`](crate::validate) to find out: only a
/// [`ValidToken`](crate::validate::ValidToken) hands them out as facts.
///
/// The texts stay in the decoded payload, so reading a token allocates no text.
#[derive(Clone, PartialEq, Eq)]
pub struct Claims(Arc<Parts>);

/// Apart, because a token moves from stage to stage and this is too much to copy each time; shared, because what was
/// found live is handed to everything that serves its request.
struct Parts {
    payload: Box<str>,
    members: Members,
    ids: Ids,
}

impl PartialEq for Parts {
    /// All else is found in the payload.
    fn eq(&self, other: &Self) -> bool {
        self.payload == other.payload
    }
}

impl Eq for Parts {}

impl Claims {
    /// Reads the decoded payload of a token.
    ///
    /// # Errors
    /// [`ClaimsFault`] names the member that is missing, of the wrong type or out of bounds.
    pub(crate) fn read(payload: Box<str>) -> Result<Self, ClaimsFault> {
        let mut members = Members::default();
        members.read(&payload)?;
        Ok(Self(Arc::new(Parts { payload, members, ids: Ids::default() })))
    }

    /// `user_id`: who the token is about, 1 to 256 bytes without control characters.
    pub fn user_id(&self) -> &str {
        self.optional(self.0.members.user_id.as_ref()).unwrap_or_default()
    }

    /// `username`, or the user id where the token has none.
    pub fn username(&self) -> &str {
        self.optional(self.0.members.username.as_ref()).unwrap_or_else(|| self.user_id())
    }

    /// `role`. Every access token has one; refresh tokens have none.
    pub fn role(&self) -> Option<&Role> {
        self.0.members.role.as_ref()
    }

    /// `token_type`, where it is one that we know.
    pub fn token_type(&self) -> Option<TokenType> {
        self.0.members.kind
    }

    /// `token_type` as it was written.
    pub fn token_type_text(&self) -> &str {
        self.optional(self.0.members.token_type.as_ref()).unwrap_or_default()
    }

    /// `exp`: the token is refused from this second on (RFC 7519 section 4.1.4).
    pub fn expires_at(&self) -> NumericDate {
        self.0.members.expires_at.unwrap_or_default()
    }

    /// `iat` (RFC 7519 section 4.1.6).
    pub fn issued_at(&self) -> Option<NumericDate> {
        self.0.members.issued_at
    }

    /// `nbf`: the token is refused before this second (RFC 7519 section 4.1.5).
    pub fn not_before(&self) -> Option<NumericDate> {
        self.0.members.not_before
    }

    /// `iss` (RFC 7519 section 4.1.1).
    pub fn issuer(&self) -> Option<&str> {
        self.optional(self.0.members.issuer.as_ref())
    }

    /// `aud` (RFC 7519 section 4.1.3).
    pub fn audience(&self) -> Option<&Audience> {
        self.0.members.audience.as_ref()
    }

    /// `jti` (RFC 7519 section 4.1.7).
    pub fn token_id(&self) -> Option<&str> {
        self.optional(self.0.members.token_id.as_ref())
    }

    /// `sid`: the grant (sign-in) that this token descends from.
    pub fn session_id(&self) -> Option<&str> {
        self.optional(self.0.members.session_id.as_ref())
    }

    /// `gen`: the user's generation when the token was issued. See [`UserEntry`](crate::store::UserEntry).
    pub fn generation(&self) -> Option<u64> {
        self.0.members.generation
    }

    /// All claims, the custom ones included, in the order of their names.
    pub fn to_json(&self) -> serde_json::Map<String, serde_json::Value> {
        // The payload was read more strictly than serde_json reads, so this cannot fail.
        serde_json::from_str(&self.0.payload).unwrap_or_default()
    }

    /// One claim as JSON, custom or not.
    pub fn get(&self, name: &str) -> Option<serde_json::Value> {
        self.to_json().remove(name)
    }

    /// The payload that the claims were read from.
    pub(crate) fn payload(&self) -> &str {
        &self.0.payload
    }

    fn optional<'a>(&'a self, text: Option<&'a Text>) -> Option<&'a str> {
        text.map(|text| text.within(&self.0.payload))
    }
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claims")
            .field("user_id", &self.user_id())
            .field("role", &self.role())
            .field("token_type", &self.token_type_text())
            .field("expires_at", &self.expires_at().seconds())
            .finish_non_exhaustive()
    }
}

/// Where the text of a claim stands: in the payload, or apart when it was written with escapes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Text {
    Within(Range<u16>),
    Apart(Box<str>),
}

impl Text {
    /// `found` is the string that begins, with its quote, at `at`.
    #[inline]
    fn new(found: Cow<'_, str>, at: json::Scanner<'_>) -> Self {
        let start = at.offset() + 1;
        let end = start + found.len();
        match (found, u16::try_from(start), u16::try_from(end)) {
            (Cow::Borrowed(_), Ok(start), Ok(end)) => Self::Within(start..end),
            (text, ..) => Self::Apart(text.into()),
        }
    }

    fn within<'a>(&'a self, payload: &'a str) -> &'a str {
        match self {
            Self::Within(range) => {
                payload.get(usize::from(range.start)..usize::from(range.end)).unwrap_or_default()
            }
            Self::Apart(text) => text,
        }
    }
}

/// Why a payload that was signed with a good key is refused all the same.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ClaimsFault {
    /// Not a sound JSON object.
    #[error("the payload is refused: {0}")]
    Json(#[from] JsonFault),
    /// A required claim is absent.
    #[error("the claim `{name}` is missing")]
    Missing {
        /// The claim.
        name: &'static str,
    },
    /// A claim of the wrong JSON type.
    #[error("the claim `{name}` must be {wanted}, found {found}")]
    Type {
        /// The claim.
        name: &'static str,
        /// The type it must have.
        wanted: &'static str,
        /// The type it has.
        found: &'static str,
    },
    /// A claim of the right type whose value is not legal.
    #[error("the claim `{name}` {problem}")]
    Value {
        /// The claim.
        name: &'static str,
        /// What is wrong with its value, and what would be right.
        problem: &'static str,
    },
    /// Two claims that cannot both be true.
    #[error("the claim `{earlier}` lies after `{later}`")]
    Order {
        /// The claim that should name the earlier moment.
        earlier: &'static str,
        /// The claim that should name the later moment.
        later: &'static str,
    },
}

/// Whether `text` can be a user id or a user name: 1 to 256 bytes, no control characters.
///
/// # Errors
/// What is wrong, as the end of a sentence that begins with the name of the input.
pub fn check_name(text: &str) -> Result<(), &'static str> {
    if text.is_empty() {
        return Err("is empty");
    }
    if text.len() > MAX_NAME_BYTES {
        return Err("has more than 256 bytes");
    }
    let plain = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if plain || !text.chars().any(char::is_control) {
        Ok(())
    } else {
        Err("holds a control character")
    }
}
