//! What a token to be issued should say.

use std::time::Duration;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

use super::IssueError;
use crate::claims::{RESERVED_CLAIMS, TokenType};
use crate::clock::NumericDate;
use crate::roles::Role;

/// A request for a token.
///
/// ```
/// use mcp_auth::issue::NewToken;
///
/// let request = NewToken::access("ci-pipeline")
///     .with_role("admin".parse()?)
///     .with_claim("environment", "production")?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct NewToken {
    pub(super) user_id: String,
    pub(super) username: Option<String>,
    pub(super) role: Option<Role>,
    pub(super) token_type: TokenType,
    pub(super) lifetime: Option<Duration>,
    pub(super) session_id: Option<String>,
    pub(super) generation: Option<u64>,
    pub(super) token_id: Option<String>,
    pub(super) issued_at: Option<NumericDate>,
    pub(super) expires_at: Option<NumericDate>,
    pub(super) not_before: Option<NumericDate>,
    pub(super) issuer: Option<String>,
    pub(super) audience: Option<String>,
    pub(super) custom: serde_json::Map<String, Value>,
}

impl NewToken {
    /// An access token with the role `user`, whatever the user id: a name that somebody chose grants nothing.
    pub fn access(user_id: impl Into<String>) -> Self {
        Self { role: Some(Role::User), ..Self::new(user_id.into(), TokenType::Access) }
    }

    /// A refresh token. It carries no role: the role is read anew at each refresh.
    pub fn refresh(user_id: impl Into<String>) -> Self {
        Self::new(user_id.into(), TokenType::Refresh)
    }

    fn new(user_id: String, token_type: TokenType) -> Self {
        Self {
            user_id,
            username: None,
            role: None,
            token_type,
            lifetime: None,
            session_id: None,
            generation: None,
            token_id: None,
            issued_at: None,
            expires_at: None,
            not_before: None,
            issuer: None,
            audience: None,
            custom: serde_json::Map::new(),
        }
    }

    /// A name to show; the user id where none is given.
    #[must_use]
    pub fn with_username(self, username: impl Into<String>) -> Self {
        Self { username: Some(username.into()), ..self }
    }

    /// The role of an access token; a refresh token stays without.
    #[must_use]
    pub fn with_role(self, role: Role) -> Self {
        let role = (self.token_type == TokenType::Access).then_some(role);
        Self { role, ..self }
    }

    /// How long the token lives, in whole seconds, one at least.
    #[must_use]
    pub fn with_lifetime(self, lifetime: Duration) -> Self {
        Self { lifetime: Some(lifetime), ..self }
    }

    /// The grant that the token belongs to (`sid`), and the user's generation (`gen`).
    #[must_use]
    pub fn with_session(self, session_id: impl Into<String>, generation: u64) -> Self {
        Self { session_id: Some(session_id.into()), generation: Some(generation), ..self }
    }

    /// `nbf`: the token is refused before this second.
    #[must_use]
    pub fn with_not_before(self, not_before: NumericDate) -> Self {
        Self { not_before: Some(not_before), ..self }
    }

    /// Exactly these `jti`, `iat` and `exp`: a stored grant yields the same token again.
    #[must_use]
    pub fn with_identity(
        self,
        token_id: impl Into<String>,
        issued_at: NumericDate,
        expires_at: NumericDate,
    ) -> Self {
        Self {
            token_id: Some(token_id.into()),
            issued_at: Some(issued_at),
            expires_at: Some(expires_at),
            ..self
        }
    }

    /// `iss`, in place of the issuer's own.
    #[must_use]
    pub fn with_issuer(self, issuer: impl Into<String>) -> Self {
        Self { issuer: Some(issuer.into()), ..self }
    }

    /// `aud`, in place of the issuer's own.
    #[must_use]
    pub fn with_audience(self, audience: impl Into<String>) -> Self {
        Self { audience: Some(audience.into()), ..self }
    }

    /// A claim of your own; a second one of the same name replaces the first.
    ///
    /// # Errors
    /// [`IssueError::Reserved`] for the names in [`RESERVED_CLAIMS`].
    pub fn with_claim(
        mut self,
        name: impl Into<String>,
        value: impl Into<Value>,
    ) -> Result<Self, IssueError> {
        let name = name.into();
        if let Some(name) = RESERVED_CLAIMS.iter().find(|reserved| **reserved == name) {
            return Err(IssueError::Reserved { name });
        }
        self.custom.insert(name, value.into());
        Ok(self)
    }
}

/// The claims in the order in which they are written: the ones that every reader knows first.
pub(super) struct Payload<'a> {
    pub(super) request: &'a NewToken,
    pub(super) issued_at: NumericDate,
    pub(super) expires_at: NumericDate,
    pub(super) token_id: &'a str,
    pub(super) issuer: Option<&'a str>,
    pub(super) audience: Option<&'a str>,
}

impl Serialize for Payload<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let request = self.request;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("user_id", &request.user_id)?;
        map.serialize_entry("username", request.username.as_ref().unwrap_or(&request.user_id))?;
        optional(&mut map, "role", request.role.as_ref())?;
        map.serialize_entry("token_type", &request.token_type)?;
        map.serialize_entry("exp", &self.expires_at)?;
        map.serialize_entry("iat", &self.issued_at)?;
        map.serialize_entry("jti", self.token_id)?;
        optional(&mut map, "sid", request.session_id.as_ref())?;
        optional(&mut map, "gen", request.generation.as_ref())?;
        optional(&mut map, "iss", self.issuer.as_ref())?;
        optional(&mut map, "aud", self.audience.as_ref())?;
        optional(&mut map, "nbf", request.not_before.as_ref())?;
        for (name, value) in &request.custom {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

fn optional<M: SerializeMap>(
    map: &mut M,
    name: &str,
    value: Option<&impl Serialize>,
) -> Result<(), M::Error> {
    value.map_or(Ok(()), |value| map.serialize_entry(name, value))
}
