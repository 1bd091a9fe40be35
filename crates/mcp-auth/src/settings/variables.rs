//! The one table of variables: what is read, how it is checked, and what the reference page says.

use crate::issue::Lifetimes;

/// The longest lifetime that can be set.
const LONGEST_HOURS: u64 = Lifetimes::LONGEST.as_secs() / 3600;

/// One environment variable. Programs with variables of their own make tables of the same kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// Its default as it would be written, or a word in parentheses.
    pub default: &'static str,
    /// What it may hold, in words.
    pub values: &'static str,
    /// What it does.
    pub meaning: &'static str,
    /// The legal range of a number.
    pub range: Option<(u64, u64)>,
    /// Whether `NAME_FILE` may name a file that holds the value, as container platforms mount secrets.
    pub or_file: bool,
}

impl Variable {
    /// A text.
    pub const fn text(
        name: &'static str,
        default: &'static str,
        values: &'static str,
        meaning: &'static str,
    ) -> Self {
        Self { name, default, values, meaning, range: None, or_file: false }
    }

    /// A text that is secret, so that `NAME_FILE` may name the file that holds it.
    pub const fn secret(
        name: &'static str,
        default: &'static str,
        values: &'static str,
        meaning: &'static str,
    ) -> Self {
        Self { or_file: true, ..Self::text(name, default, values, meaning) }
    }

    /// A whole number within a range.
    pub const fn number(
        name: &'static str,
        default: &'static str,
        range: (u64, u64),
        meaning: &'static str,
    ) -> Self {
        Self { range: Some(range), ..Self::text(name, default, "a whole number", meaning) }
    }

    /// `true` or `false`.
    pub const fn flag(name: &'static str, default: &'static str, meaning: &'static str) -> Self {
        Self::text(name, default, "true or false", meaning)
    }
}

/// Every variable about tokens, in the order of the reference page.
pub const VARIABLES: &[Variable] = &[
    Variable::secret(
        "MCP_JWT_SECRET",
        "(required for HS256, HS384, HS512)",
        "text, 32 bytes or more",
        "The shared secret. Its UTF-8 bytes are the key, as in PyJWT; hex and base64 are not decoded.",
    ),
    Variable::secret(
        "MCP_JWT_PREVIOUS_SECRETS",
        "(none)",
        "secrets separated by commas; in the file, one per line",
        "Secrets that still verify and never sign, for the time of a rotation. Legal beside an asymmetric key too, \
         where they verify HS256.",
    ),
    Variable::text(
        "MCP_JWT_ALGORITHM",
        "HS256",
        "HS256, HS384, HS512, ES256, EdDSA, RS256",
        "The algorithm of the current key. A token that names another is refused.",
    ),
    Variable::text(
        "MCP_JWT_PRIVATE_KEY_FILE",
        "(none)",
        "path of a PEM file (PKCS#8)",
        "The key that signs ES256, EdDSA or RS256. Its public half is derived.",
    ),
    Variable::text(
        "MCP_JWT_PUBLIC_KEY_FILE",
        "(none)",
        "path of a PEM file (SubjectPublicKeyInfo)",
        "The key that verifies ES256, EdDSA or RS256. Enough for a service that only validates.",
    ),
    Variable::number(
        "MCP_JWT_EXPIRY_HOURS",
        "1",
        (1, LONGEST_HOURS),
        "Lifetime of an access token, in hours.",
    ),
    Variable::number(
        "MCP_REFRESH_TOKEN_EXPIRY_DAYS",
        "7",
        (1, LONGEST_HOURS / 24),
        "Lifetime of a refresh token, in days.",
    ),
    Variable::number(
        "MCP_GRANT_MAX_DAYS",
        "30",
        (1, LONGEST_HOURS / 24),
        "Days after which a sign-in ends, however often it was refreshed.",
    ),
    Variable::number(
        "MCP_MAX_TOKEN_AGE",
        "3600",
        (0, 315_360_000),
        "Seconds after its issue at which an access token is refused, whatever its `exp` says; 0 for no limit. A \
         token without `iat` passes while it expires within this time.",
    ),
    Variable::number(
        "MCP_JWT_LEEWAY_SECONDS",
        "0",
        (0, 120),
        "Seconds of tolerance for `exp` and `nbf`. `iat` may always lie 60 s ahead, and no more.",
    ),
    Variable::text(
        "MCP_JWT_ISSUER",
        "(none)",
        "text",
        "Written as `iss` into every token and required, byte for byte, of every token.",
    ),
    Variable::text(
        "MCP_JWT_AUDIENCE",
        "(none)",
        "text",
        "Written as `aud` into every token and required of every token. Where it is not set, a token that names \
         any audience is refused.",
    ),
];
