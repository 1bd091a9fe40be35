//! Texts that have not the form of a token: what they are instead.

use crate::validate::{MAX_TOKEN_BYTES, RawToken};

const QUOTES: [char; 8] = ['"', '\'', '`', '“', '”', '‘', '’', '„'];

/// What such a text most likely is, and what to pass in its place.
pub(in crate::report) fn of_form(token: &[u8]) -> Option<String> {
    let found = match std::str::from_utf8(token) {
        Ok(text) => of_text(text),
        Err(_) => Some(of_bytes(token)),
    };
    found.map(str::to_owned)
}

fn of_bytes(token: &[u8]) -> &'static str {
    if token.starts_with(b"\xff\xfe") || token.starts_with(b"\xfe\xff") {
        "This is UTF-16, as the `>` of older PowerShells writes it. Save it as UTF-8 or ASCII."
    } else {
        "These bytes are not text. Is this the right file?"
    }
}

/// From the most telling sign to the least: a quoted header in a long file is all of these at once.
fn of_text(text: &str) -> Option<&'static str> {
    let trimmed = text.trim();
    of_wrapping(trimmed)
        .or_else(|| of_surroundings(text, trimmed))
        .or_else(|| of_characters(trimmed))
        .or_else(|| Some(of_dots(trimmed)))
}

/// Something around the token, or in its place.
fn of_wrapping(text: &str) -> Option<&'static str> {
    let lower: String = text.chars().take(32).collect::<String>().to_ascii_lowercase();
    let begins = |starts: &[&str]| starts.iter().any(|start| lower.starts_with(start));
    let hint = if text.is_empty() {
        "There is nothing to look at: is the variable set that holds the token?"
    } else if begins(&["authorization:", "bearer ", "bearer\t", "bearer:", "-h ", "curl "]) {
        "This is a whole header. Pass the token alone, the part after `Bearer `."
    } else if text.starts_with(QUOTES) || text.ends_with(QUOTES) {
        "There are quotes around the token. Remove them."
    } else if text.starts_with('$') {
        "This is the name of a variable, not its value: use double quotes in the shell."
    } else if begins(&["{", "["]) {
        "This is JSON. Pass the compact form of the token, `header.payload.signature`: often the member \
         `access_token` of the answer."
    } else if begins(&["<", "your-token", "your_token", "token-here"]) {
        "This is a placeholder. Put the token in its place."
    } else if begins(&["-----begin"]) {
        "This is a key or a certificate, not a token. Name it in MCP_JWT_PRIVATE_KEY_FILE or MCP_JWT_PUBLIC_KEY_FILE."
    } else if text.contains("=eyJ") || begins(&["http://", "https://"]) {
        "The token stands in an assignment or an address. Pass the token alone: it begins with `eyJ`."
    } else {
        return None;
    };
    Some(hint)
}

/// White space in the token, or other text beside it.
fn of_surroundings(text: &str, trimmed: &str) -> Option<&'static str> {
    if trimmed.len() == text.len() && !trimmed.contains(char::is_whitespace) {
        return None;
    }
    let whole =
        |word: &str| word.starts_with("eyJ") && RawToken::from_bytes(word.as_bytes()).is_ok();
    let mut words = trimmed.split_whitespace();
    let hint = if words.clone().count() > 1 && words.any(whole) {
        "There is other text beside the token. Pass the word alone that begins with `eyJ` (`mcp-token-gen --quiet` \
         prints nothing else)."
    } else if text.len() > MAX_TOKEN_BYTES {
        "This is too long for a token and has white space in it. Is this the right file?"
    } else {
        "There is white space or a line break in the token, as when it is copied from a narrow terminal. Join it \
         into one line."
    };
    Some(hint)
}

/// Characters that tell how the token was spoilt.
fn of_characters(text: &str) -> Option<&'static str> {
    let hint = if text.starts_with('\u{feff}') {
        "There is a byte order mark before the token. Save the file as UTF-8 without one."
    } else if text.contains(char::is_control) {
        "There are control characters in it. Is this the right file?"
    } else if text.contains("...") || text.contains('…') {
        "The token was shortened where it was shown. Copy it in full."
    } else if text.contains('%') {
        "The token is written as for an address (`%2E`). Decode it, and never put a token into an address."
    } else if text.len() > MAX_TOKEN_BYTES {
        "No token is so long. Is this the right file? A token that carries much data should carry a reference to it."
    } else if text.contains(['+', '/', '=']) {
        "It holds `+`, `/` or `=`. A JWT is written in base64url, which has `-` and `_` and no padding: was it encoded \
         once more?"
    } else {
        return None;
    };
    Some(hint)
}

fn of_dots(text: &str) -> &'static str {
    match text.bytes().filter(|byte| *byte == b'.').take(6).count() {
        0 => {
            "A JWT has three parts with dots between them. Is this an API key, or a part of a token?"
        }
        1 => "The last part is missing: was the token cut off when it was copied?",
        2 => "There is a character in it that no token has: copy it again.",
        4 => {
            "Five parts make an encrypted token (JWE), which is not supported. Ask its issuer for a signed one."
        }
        _ => {
            "A signed token has three parts. Are these two tokens, or a token with a dot too many?"
        }
    }
}
