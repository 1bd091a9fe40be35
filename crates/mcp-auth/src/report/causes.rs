//! From a failure to its likely cause and the remedy: what a colleague would say who has seen it before.

use base64_simd::{STANDARD, URL_SAFE_NO_PAD};

use crate::clock::Timestamp;
use crate::keys::{Algorithm, VerifyingKey};
use crate::refusal::{Malformed, Reason};
use crate::secret::Secret;
use crate::validate::ParsedToken;

/// Clocks that disagree by less than this are the likely cause of a token that is a little too early or late.
const LIKELY_SKEW_SECONDS: u64 = 300;

/// What is wrong with a text that has not the form of a token.
pub(super) fn of_form(token: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(token);
    let trimmed = text.trim();
    let lower = trimmed.to_ascii_lowercase();
    let hint = if trimmed.is_empty() {
        "There is nothing to look at: is the variable set that holds the token?"
    } else if lower.starts_with("authorization:")
        || lower.starts_with("bearer ")
        || lower.starts_with("bearer:")
    {
        "This is a whole header. Pass the token alone, the part after `Bearer `."
    } else if trimmed.starts_with(['"', '\'', '`', '“', '‘'])
        || trimmed.ends_with(['"', '\'', '`', '”', '’'])
    {
        "There are quotes around the token. Remove them."
    } else if trimmed.starts_with('$') {
        "This is the name of a variable, not its value: use double quotes in the shell."
    } else if trimmed.starts_with('{') {
        "This is JSON. Pass the compact form of the token, `header.payload.signature`: often the member \
         `access_token` of the answer."
    } else if trimmed.len() != text.len() || trimmed.contains(char::is_whitespace) {
        "There is white space or a line break in the token, as when it is copied from a narrow terminal. Join it \
         into one line."
    } else {
        return of_dots(trimmed);
    };
    Some(hint.to_owned())
}

fn of_dots(text: &str) -> Option<String> {
    let hint = match text.bytes().filter(|byte| *byte == b'.').take(6).count() {
        0 => {
            "A JWT has three parts with dots between them. Is this an API key, or a part of a token?"
        }
        1 => "The last part is missing: was the token cut off when it was copied?",
        4 => {
            "Five parts make an encrypted token (JWE), which is not supported. Ask its issuer for a signed one."
        }
        _ => return None,
    };
    Some(hint.to_owned())
}

/// What may be behind a refusal.
pub(super) fn of(reason: &Reason, now: Timestamp) -> Option<String> {
    let hint = match reason {
        Reason::Algorithm { found, .. } => of_algorithm(found),
        Reason::Key { .. } => {
            "The token names a key that is not configured: it was issued elsewhere, or its key was retired. Get a new \
             token; while a rotation lasts, list the old secret in MCP_JWT_PREVIOUS_SECRETS."
                .to_owned()
        }
        Reason::Malformed(Malformed::Parameter { .. }) => {
            "The token was made for another kind of reader. Ask its issuer for a plain signed JWT.".to_owned()
        }
        Reason::Claims(_) => "Whoever issued the token left a claim out or wrote it differently. `mcp-token-gen` issues \
                              tokens with all of them."
            .to_owned(),
        Reason::NotYet { value, .. } => of_early(value.timestamp().since(now).as_secs()),
        Reason::Expired { expires_at, .. } => of_late(now.since(expires_at.timestamp()).as_secs()),
        Reason::TooOld { age, .. } => format!(
            "The token has not expired, but this service takes none that is older. Get a new one, or set \
             MCP_MAX_TOKEN_AGE to {} or more (0 for no limit).",
            age.as_secs() + 1
        ),
        Reason::AgeUnknown { remaining, .. } => format!(
            "Without `iat` nobody can tell the token's age. Get a new one that has it, or set MCP_MAX_TOKEN_AGE to {} \
             or more (0 for no limit).",
            remaining.as_secs() + 1
        ),
        Reason::TokenType { found, .. } if found == "refresh" => {
            "This is a refresh token. Send the access token, or look at it with `--type refresh`.".to_owned()
        }
        Reason::TokenType { found, .. } if found == "access" => {
            "This is an access token. Send the refresh token, or look at it with `--type access`.".to_owned()
        }
        Reason::Issuer { .. } => {
            "The token comes from another issuer, or MCP_JWT_ISSUER differs between the services. It must agree to \
             the letter."
                .to_owned()
        }
        Reason::Audience { expected, .. } if expected == "none" => {
            "The token was issued for a named service, and this one has no name. Set MCP_JWT_AUDIENCE if the token is \
             meant for it."
                .to_owned()
        }
        Reason::Audience { .. } => {
            "The token was issued for another service, or MCP_JWT_AUDIENCE differs. It must agree to the letter."
                .to_owned()
        }
        _ => return None,
    };
    Some(hint)
}

fn of_algorithm(found: &str) -> String {
    if found.eq_ignore_ascii_case("none") {
        return "Nobody signed this token. It is a forgery, or a test that must not reach a real service.".to_owned();
    }
    match Algorithm::from_name(found) {
        Some(algorithm) => format!("If tokens should be signed so, set MCP_JWT_ALGORITHM to {algorithm} here too."),
        None => "The issuer uses an algorithm that is not supported. Let it use one of the configured ones.".to_owned(),
    }
}

fn of_early(seconds: u64) -> String {
    if seconds < LIKELY_SKEW_SECONDS {
        "The clocks of the issuer and of this machine disagree. Compare `date -u` on both, and let them be \
         synchronised (`timedatectl`)."
    } else {
        "The token is dated ahead: wait until then, or, if it should be valid now, correct the issuer's clock."
    }
    .to_owned()
}

fn of_late(seconds: u64) -> String {
    if seconds < LIKELY_SKEW_SECONDS {
        "Get a new token: refresh, or `mcp-token-gen`. If it should still be valid, the clocks disagree: compare \
         `date -u` on both machines."
    } else {
        "Get a new token: refresh, or `mcp-token-gen`; `--expiry` makes one that lives longer."
    }
    .to_owned()
}

/// Tries the mistakes that are made with shared secrets, and says which one it was.
pub(super) fn of_signature(parsed: &ParsedToken<'_>, secret: Option<&Secret>) -> String {
    let found = secret.and_then(|secret| {
        usual_mistakes(secret.expose())
            .into_iter()
            .find(|(key, _)| is_signed_with(parsed, key))
            .map(|(_, cause)| cause)
    });
    found.map_or_else(
        || {
            "The token was signed with another secret or key, or was changed on the way. Compare the keys' \
             fingerprints on both sides (`--verbose` shows them), or get a new token from this service's issuer."
                .to_owned()
        },
        |cause| format!("The issuer signed with {cause}. Give both sides the same bytes."),
    )
}

fn is_signed_with(parsed: &ParsedToken<'_>, key: &[u8]) -> bool {
    VerifyingKey::from_raw(parsed.algorithm(), key).is_some_and(|key| parsed.is_signed_by(&key))
}

/// Keys that an issuer may have used when it meant `secret`.
fn usual_mistakes(secret: &[u8]) -> Vec<(Vec<u8>, &'static str)> {
    let with = |end: &[u8]| [secret, end].concat();
    let mut keys = vec![
        (with(b"\n"), "the secret and the line break at the end of its file"),
        (with(b"\r\n"), "the secret and the Windows line break at the end of its file"),
        (with(b" "), "the secret and a space at its end"),
        ([b"\"", secret, b"\""].concat(), "the secret and the quotes around it"),
        ([b"\xef\xbb\xbf", secret].concat(), "a byte order mark before the secret"),
    ];
    keys.extend(
        hex::decode(secret).map(|key| (key, "the bytes that the secret's hex digits stand for")),
    );
    keys.extend(
        STANDARD
            .decode_to_vec(secret)
            .map(|key| (key, "the bytes that the secret's base64 stands for")),
    );
    keys.extend(
        URL_SAFE_NO_PAD
            .decode_to_vec(secret)
            .map(|key| (key, "the bytes that the secret's base64url stands for")),
    );
    keys
}
