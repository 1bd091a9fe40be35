//! Texts of events as they are written: tokens that a client sent in the place of a name are kept out of the audit and the
//! log, and every text has an end.

use std::borrow::Cow;

use mcp_auth::audit::AuditEvent;
use mcp_auth::store::TokenDigest;

/// How every JWT begins: `{"` in base64url.
const TOKEN_START: &str = "eyJ";

/// The texts of an event in which a client may have a hand, without tokens.
pub(super) struct Texts<'a> {
    target: Option<Cow<'a, str>>,
    server: Option<Cow<'a, str>>,
    tool_name: Option<Cow<'a, str>>,
    reason: Option<Cow<'a, str>>,
}

impl<'a> Texts<'a> {
    pub(super) fn of(event: &AuditEvent<'a>) -> Self {
        Self {
            target: event.target.map(without_tokens),
            server: event.server.map(without_tokens),
            tool_name: event.tool_name.map(without_tokens),
            reason: event.reason.map(without_tokens),
        }
    }

    /// The event with these texts, none of which is too long for a line.
    pub(super) fn within(&'a self, event: &AuditEvent<'a>) -> AuditEvent<'a> {
        let mut event = *event;
        event.target = self.target.as_deref();
        event.server = self.server.as_deref();
        event.tool_name = self.tool_name.as_deref();
        event.reason = self.reason.as_deref();
        event.shortened()
    }
}

/// The text with each token in it as the beginning of its digest, by which the audit names tokens.
fn without_tokens(text: &str) -> Cow<'_, str> {
    if !text.contains(TOKEN_START) {
        return text.into();
    }
    let is_border = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'));
    let pieces = text.split_inclusive(is_border).map(|piece| named(piece, is_border).into_owned());
    Cow::Owned(pieces.collect())
}

/// A word with what ends it.
fn named(piece: &str, is_border: impl Fn(char) -> bool) -> Cow<'_, str> {
    let word = piece.trim_end_matches(is_border);
    if !word.contains(TOKEN_START) || word.matches('.').count() < 2 {
        return piece.into();
    }
    let border = piece.get(word.len()..).unwrap_or_default();
    format!("[token {}]{border}", TokenDigest::of(word.as_bytes()).short()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyX2lkIjoiYSJ9.c2ln-bmF0_dXJl";

    #[test]
    fn a_token_is_named_by_its_digest_wherever_it_stands() {
        let name = format!("[token {}]", TokenDigest::of(TOKEN.as_bytes()).short());
        for (before, after) in [("", ""), ("no tool `", "`; list them"), ("/", "/x"), ("é", " é")]
        {
            let text = without_tokens(&format!("{before}{TOKEN}{after}")).into_owned();
            assert_eq!(text, format!("{before}{name}{after}"));
        }
        let twice = without_tokens(&format!("{TOKEN} {TOKEN}")).into_owned();
        assert_eq!(twice, format!("{name} {name}"));
    }

    #[test]
    fn other_texts_stay() {
        for text in ["", "role user to admin", "a.b.c", "eyJust a name", "v1.eyJ"] {
            assert_eq!(without_tokens(text), text);
        }
    }
}
