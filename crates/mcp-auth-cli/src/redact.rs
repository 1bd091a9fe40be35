//! What people typed, made safe to show: a token or a secret may stand where something else was meant.

use std::borrow::Cow;
use std::fmt;
use std::path::Path;

use mcp_auth::text::Escaped;

/// Shortest word that may be a secret: a legal one has 32 bytes at least.
const SUSPICIOUS: usize = 32;

/// How every JWT begins: `{"` in base64url.
const TOKEN_START: &str = "eyJ";

/// An input as it may be shown: escaped and cut like [`Escaped`], and not at all when it may be a token or a
/// secret.
///
/// ```
/// use mcp_auth_cli::redact::Shown;
///
/// assert_eq!(Shown("Admin").to_string(), "Admin");
/// assert_eq!(Shown("eyJhbGciOiJIUzI1NiJ9.eyJ9.c2ln").to_string(), "[not shown: 30 characters]");
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a>(pub &'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.contains(TOKEN_START) || self.0.len() >= SUSPICIOUS {
            write!(f, "[not shown: {} characters]", self.0.chars().count())
        } else {
            Escaped(self.0).fmt(f)
        }
    }
}

/// A path as it may be shown. Paths are often long; only one with a token in it is kept back.
#[derive(Debug, Clone, Copy)]
pub struct ShownPath<'a>(pub &'a Path);

impl fmt::Display for ShownPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.to_string_lossy();
        if text.contains(TOKEN_START) { Shown(&text).fmt(f) } else { Escaped(&text).fmt(f) }
    }
}

/// Keeps back every word of `text` that may be a token or a secret. Words end at white space and quotes.
pub(crate) fn words(text: &str) -> String {
    let is_border = |c: char| c.is_whitespace() || matches!(c, '\'' | '"' | '`');
    text.split_inclusive(is_border).map(|piece| word(piece, is_border)).collect()
}

fn word(piece: &str, is_border: impl Fn(char) -> bool) -> Cow<'_, str> {
    let word = piece.trim_end_matches(is_border);
    let is_plain = word.len() < SUSPICIOUS && !word.contains(TOKEN_START);
    let border = piece.get(word.len()..).unwrap_or_default();
    if is_plain { piece.into() } else { format!("{}{border}", Shown(word)).into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ1c2VyX2lkIjoiYSJ9.c2lnbmF0dXJl";

    #[test]
    fn tokens_and_long_words_are_kept_back() {
        let secret = "8f3e4c2b1a9d7f5e3c6b2a0d8e1f4a7c";
        for text in [TOKEN, secret, &"x".repeat(100_000), "--tok=eyJhbGci"] {
            let shown = Shown(text).to_string();
            assert_eq!(shown, format!("[not shown: {} characters]", text.len()));
            assert!(words(&format!("argument '{text}' found")).contains(&shown));
        }
    }

    #[test]
    fn the_rest_of_a_message_stays() {
        let message = "unexpected argument '--tokn' found\n\n  tip: a similar argument exists\n";
        assert_eq!(words(message), message);
        assert_eq!(words(&format!("'{TOKEN}' x\n")), "'[not shown: 70 characters]' x\n");
    }

    #[test]
    fn what_a_terminal_would_obey_is_spelled_out() {
        assert_eq!(Shown("a\x1b[2Jb").to_string(), "a\\u{1b}[2Jb");
    }

    #[test]
    fn long_paths_are_shown_and_tokens_in_paths_are_not() {
        let path = "/tmp/a-directory-with-a-rather-long-name/token.jwt";
        assert_eq!(ShownPath(Path::new(path)).to_string(), path);
        assert!(ShownPath(Path::new(TOKEN)).to_string().starts_with("[not shown"));
    }
}
