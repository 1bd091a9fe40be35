//! What people typed, made safe to show: a token or a secret may stand where something else was meant.

use std::borrow::Cow;
use std::fmt;
use std::fs;
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

/// Longest extension of a file name; what is longer is the rest of a secret with a dot in it.
const MAX_EXTENSION: usize = 8;

/// A path as it may be shown. Paths are often long; kept back is one with a token in it, and one that leads to no
/// file and may be a secret that was typed in its place.
#[derive(Debug, Clone, Copy)]
pub struct ShownPath<'a>(pub &'a Path);

impl ShownPath<'_> {
    fn may_be_a_secret(self) -> bool {
        let is_suspicious = |path: &Path| {
            let extension = path.extension().filter(|found| found.len() <= MAX_EXTENSION);
            extension.is_none() && path.as_os_str().len() >= SUSPICIOUS
        };
        let exists = |path: &Path| fs::symlink_metadata(path).is_ok();
        // A secret in base64 may hold slashes. Then not even its first part is there.
        let starts_nowhere = self.0.iter().next().is_some_and(|first| !exists(first.as_ref()));
        let last = self.0.file_name().is_some_and(|name| is_suspicious(name.as_ref()));
        !exists(self.0) && (last || starts_nowhere && is_suspicious(self.0))
    }
}

impl fmt::Display for ShownPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.to_string_lossy();
        if text.contains(TOKEN_START) || self.may_be_a_secret() {
            f.write_str("(not shown: it may be a secret)")
        } else {
            Escaped(&text).fmt(f)
        }
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
    fn long_paths_are_shown_and_tokens_and_secrets_are_not() {
        let shown = |text: &str| ShownPath(Path::new(text)).to_string();
        for path in [
            "/tmp/a-directory-with-a-rather-long-name/token.jwt",
            "/tmp/a-directory-with-a-rather-long-name/token",
            "a-rather-long-name-of-a-file-that-is-not-there.jwt",
            "missing/token",
        ] {
            assert_eq!(shown(path), path);
        }
        for secret in [
            TOKEN,
            "8f3e4c2b1a9d7f5e3c6b2a0d8e1f4a7c",
            "./8f3e4c2b1a9d7f5e3c6b2a0d8e1f4a7c",
            "8f3e4c2b1a9d7f5e.3c6b2a0d8e1f4a7c",
            "q83vEjRWeJCrze8S/NFZ4kKvN7xI0Vni/Qq83vEjRWU=",
        ] {
            assert_eq!(shown(secret), "(not shown: it may be a secret)");
        }
    }

    #[test]
    fn a_file_that_exists_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x".repeat(40));
        fs::write(&path, "").unwrap();
        assert_eq!(ShownPath(&path).to_string(), path.to_str().unwrap());
    }
}
