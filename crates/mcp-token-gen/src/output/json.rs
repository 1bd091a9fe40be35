//! The JSON object of `--json`.

use std::borrow::Cow;
use std::path::Path;

use mcp_auth::clock::{NumericDate, Timestamp};
use mcp_auth::keys::SigningKey;
use mcp_auth::roles::Role;
use mcp_auth_cli::output::harmless;
use mcp_auth_cli::{Failure, exit};
use serde::Serialize;

use super::Made;

#[derive(Serialize)]
struct Object<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_file: Option<Cow<'a, str>>,
    token_type: &'a str,
    user_id: &'a str,
    username: &'a str,
    role: Option<&'a Role>,
    /// Seconds.
    expires_in: u64,
    expires_at: Timestamp,
    issued_at: Option<Timestamp>,
    jti: Option<&'a str>,
    algorithm: String,
    key_fingerprint: Option<&'a str>,
}

/// With `file` the token is there, and only there.
pub(super) fn object(made: &Made<'_>, file: Option<&Path>) -> Result<String, Failure> {
    let claims = &made.issued.claims;
    let key = made.settings.keys().signing_key().map(SigningKey::verifying_key);
    let object = Object {
        token: file.is_none().then(|| made.issued.token.expose()),
        token_file: file.map(Path::to_string_lossy),
        token_type: claims.token_type_text(),
        user_id: claims.user_id(),
        username: claims.username(),
        role: claims.role(),
        expires_in: made.expiry.duration().as_secs(),
        expires_at: claims.expires_at().timestamp(),
        issued_at: claims.issued_at().map(NumericDate::timestamp),
        jti: claims.token_id(),
        algorithm: made.settings.algorithm().to_string(),
        key_fingerprint: key.map(|key| key.id().as_str()),
    };
    let text = serde_json::to_string_pretty(&object);
    let text = text.map_err(|error| Failure::new(exit::INTERNAL, error.to_string()))?;
    Ok(harmless(&text) + "\n")
}
