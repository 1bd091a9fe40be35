//! What a service asks of a token beyond a good signature.

use std::time::Duration;

use crate::claims::TokenType;

/// Which kind of token is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Expect {
    /// An access token: everywhere but at the refresh endpoint.
    #[default]
    Access,
    /// A refresh token.
    Refresh,
    /// Either, for tools that explain tokens.
    Any,
}

impl Expect {
    /// The one kind that will do, or `None` when either will.
    pub const fn only(self) -> Option<TokenType> {
        match self {
            Self::Access => Some(TokenType::Access),
            Self::Refresh => Some(TokenType::Refresh),
            Self::Any => None,
        }
    }
}

/// The rules of one service. [`Rules::default`] is what the environment's defaults say: no leeway, access tokens
/// for one hour after their issue, no issuer, no audience.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    leeway: Duration,
    max_age: Option<Duration>,
    max_lifetime: Option<Duration>,
    issuer: Option<String>,
    audience: Option<String>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            leeway: Duration::ZERO,
            max_age: Some(Self::DEFAULT_MAX_AGE),
            max_lifetime: None,
            issuer: None,
            audience: None,
        }
    }
}

impl Rules {
    /// Most leeway that [`Rules::with_leeway`] gives.
    pub const MAX_LEEWAY: Duration = Duration::from_mins(2);

    /// `MCP_MAX_TOKEN_AGE` where it is not set.
    pub const DEFAULT_MAX_AGE: Duration = Duration::from_hours(1);

    /// How far `iat` may lie ahead of the clock, for issuers whose clocks run fast.
    pub const ISSUED_AHEAD: Duration = Duration::from_mins(1);

    /// Accepts a token for so long after `exp` and before `nbf`, 120 s at most (RFC 7519 section 4.1.4: "usually
    /// no more than a few minutes").
    #[must_use]
    pub fn with_leeway(self, leeway: Duration) -> Self {
        Self { leeway: leeway.min(Self::MAX_LEEWAY), ..self }
    }

    /// Refuses access tokens that were issued longer ago; `None` lets them live until `exp`. A token without
    /// `iat` passes while it expires within this time.
    #[must_use]
    pub fn with_max_age(self, max_age: Option<Duration>) -> Self {
        Self { max_age, ..self }
    }

    /// Refuses tokens made to live longer, from `iat` to `exp`, and tokens without `iat`. Off by default.
    #[must_use]
    pub fn with_max_lifetime(self, max_lifetime: Option<Duration>) -> Self {
        Self { max_lifetime, ..self }
    }

    /// Requires `iss` to be exactly this.
    #[must_use]
    pub fn with_issuer(self, issuer: Option<String>) -> Self {
        Self { issuer, ..self }
    }

    /// Requires `aud` to be or hold exactly this. Without it, a token that names any audience is refused (RFC 7519
    /// section 4.1.3).
    #[must_use]
    pub fn with_audience(self, audience: Option<String>) -> Self {
        Self { audience, ..self }
    }

    /// See [`Rules::with_leeway`].
    pub fn leeway(&self) -> Duration {
        self.leeway
    }

    /// See [`Rules::with_max_age`].
    pub fn max_age(&self) -> Option<Duration> {
        self.max_age
    }

    /// See [`Rules::with_max_lifetime`].
    pub fn max_lifetime(&self) -> Option<Duration> {
        self.max_lifetime
    }

    /// See [`Rules::with_issuer`].
    pub fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    /// See [`Rules::with_audience`].
    pub fn audience(&self) -> Option<&str> {
        self.audience.as_deref()
    }
}
