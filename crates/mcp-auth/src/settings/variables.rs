//! The one table of variables: what is read, how it is checked, and what the reference page says.

/// One environment variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    pub(super) range: Option<(u64, u64)>,
    /// Whether `NAME_FILE` may name a file that holds the value, as container platforms mount secrets.
    pub or_file: bool,
}

const fn text(
    name: &'static str,
    default: &'static str,
    values: &'static str,
    meaning: &'static str,
) -> Variable {
    Variable { name, default, values, meaning, range: None, or_file: false }
}

const fn secret(
    name: &'static str,
    default: &'static str,
    values: &'static str,
    meaning: &'static str,
) -> Variable {
    Variable { or_file: true, ..text(name, default, values, meaning) }
}

const fn number(
    name: &'static str,
    default: &'static str,
    range: (u64, u64),
    meaning: &'static str,
) -> Variable {
    Variable { range: Some(range), ..text(name, default, "a whole number", meaning) }
}

/// Every variable about tokens, in the order of the reference page.
pub const VARIABLES: &[Variable] = &[
    secret(
        "MCP_JWT_SECRET",
        "(required for HS256, HS384, HS512)",
        "text, 32 bytes or more",
        "The shared secret. Its UTF-8 bytes are the key, as in PyJWT; hex and base64 are not decoded.",
    ),
    secret(
        "MCP_JWT_PREVIOUS_SECRETS",
        "(none)",
        "secrets separated by commas; in the file, one per line",
        "Secrets that still verify and never sign, for the time of a rotation. Legal beside an asymmetric key too, \
         where they verify HS256.",
    ),
    text(
        "MCP_JWT_ALGORITHM",
        "HS256",
        "HS256, HS384, HS512, ES256, EdDSA, RS256",
        "The algorithm of the current key. A token that names another is refused.",
    ),
    text(
        "MCP_JWT_PRIVATE_KEY_FILE",
        "(none)",
        "path of a PEM file (PKCS#8)",
        "The key that signs ES256, EdDSA or RS256. Its public half is derived.",
    ),
    text(
        "MCP_JWT_PUBLIC_KEY_FILE",
        "(none)",
        "path of a PEM file (SubjectPublicKeyInfo)",
        "The key that verifies ES256, EdDSA or RS256. Enough for a service that only validates.",
    ),
    number("MCP_JWT_EXPIRY_HOURS", "1", (1, 87_600), "Lifetime of an access token, in hours."),
    number(
        "MCP_REFRESH_TOKEN_EXPIRY_DAYS",
        "7",
        (1, 3_650),
        "Lifetime of a refresh token, in days.",
    ),
    number(
        "MCP_GRANT_MAX_DAYS",
        "30",
        (1, 3_650),
        "Days after which a sign-in ends, however often it was refreshed.",
    ),
    number(
        "MCP_MAX_TOKEN_AGE",
        "3600",
        (0, 315_360_000),
        "Seconds after its issue at which an access token is refused, whatever its `exp` says; 0 for no limit. A \
         token without `iat` passes while it expires within this time.",
    ),
    number(
        "MCP_JWT_LEEWAY_SECONDS",
        "0",
        (0, 120),
        "Seconds of tolerance for `exp` and `nbf`. `iat` may always lie 60 s ahead, and no more.",
    ),
    text(
        "MCP_JWT_ISSUER",
        "(none)",
        "text",
        "Written as `iss` into every token and required, byte for byte, of every token.",
    ),
    text(
        "MCP_JWT_AUDIENCE",
        "(none)",
        "text",
        "Written as `aud` into every token and required of every token. Where it is not set, a token that names \
         any audience is refused.",
    ),
];

impl Variable {
    /// The place in the table of the variable that a mistake is about; past the end when there is none.
    pub(super) fn place_of(mistaken: &str) -> usize {
        VARIABLES
            .iter()
            .position(|variable| mistaken.starts_with(variable.name))
            .unwrap_or(VARIABLES.len())
    }

    /// The variable of this name.
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        VARIABLES.iter().find(|variable| variable.name == name)
    }
}
