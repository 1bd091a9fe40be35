//! What each check found, in words for a report: one function for each line of the table.

use super::Question;
use crate::claims::TokenType;
use crate::clock::NumericDate;
use crate::text::Escaped;

pub(super) fn expiry(q: &Question<'_>) -> String {
    let expires_at = q.claims.expires_at();
    if expires_at.timestamp() > q.now {
        return format!("{expires_at}, in {} s", expires_at.timestamp().since(q.now).as_secs());
    }
    let (ago, leeway) = (q.now.since(expires_at.timestamp()).as_secs(), q.rules.leeway().as_secs());
    format!("{expires_at}, {ago} s ago, within MCP_JWT_LEEWAY_SECONDS of {leeway} s")
}

pub(super) fn not_before(q: &Question<'_>) -> String {
    date_or(q, q.claims.not_before(), "no nbf")
}

pub(super) fn issued_at(q: &Question<'_>) -> String {
    date_or(q, q.claims.issued_at(), "no iat")
}

pub(super) fn lifetime(q: &Question<'_>) -> String {
    match (q.claims.issued_at(), q.rules.max_lifetime()) {
        (Some(from), None) => {
            format!("{} s, no limit", q.claims.expires_at().seconds() - from.seconds())
        }
        (None, None) => "unknown without iat, no limit".to_owned(),
        (_, Some(limit)) => format!("within {} s", limit.as_secs()),
    }
}

pub(super) fn age(q: &Question<'_>) -> String {
    let age = if let Some(issued_at) = q.claims.issued_at() {
        format!("{} s", q.now.since(issued_at.timestamp()).as_secs())
    } else {
        let remaining = q.claims.expires_at().timestamp().since(q.now).as_secs();
        format!("unknown without iat, {remaining} s left")
    };
    match q.rules.max_age() {
        Some(_) if q.claims.token_type() == Some(TokenType::Refresh) => {
            format!("{age}, MCP_MAX_TOKEN_AGE is not for refresh tokens")
        }
        Some(limit) => format!("{age}, MCP_MAX_TOKEN_AGE is {} s", limit.as_secs()),
        None => format!("{age}, no limit"),
    }
}

pub(super) fn token_type(q: &Question<'_>) -> String {
    Escaped(q.claims.token_type_text()).to_string()
}

pub(super) fn issuer(q: &Question<'_>) -> String {
    match (q.claims.issuer(), q.rules.issuer()) {
        (Some(found), Some(_)) => format!("\"{}\"", Escaped(found)),
        (Some(found), None) => format!("\"{}\", none is required", Escaped(found)),
        (None, _) => "none, none is required".to_owned(),
    }
}

pub(super) fn audience(q: &Question<'_>) -> String {
    q.rules.audience().map_or_else(
        || "none, none is configured".to_owned(),
        |name| format!("\"{}\"", Escaped(name)),
    )
}

pub(super) fn role(q: &Question<'_>) -> String {
    q.claims.role().map_or_else(|| "none, a refresh token has none".to_owned(), ToString::to_string)
}

/// A date that lies ahead passed by tolerance, which is worth a word: clocks that disagree show here first.
fn date_or(q: &Question<'_>, date: Option<NumericDate>, absent: &str) -> String {
    let Some(date) = date else { return absent.to_owned() };
    match date.timestamp().since(q.now).as_millis().div_ceil(1000) {
        0 => date.to_string(),
        ahead => format!("{date}, {ahead} s ahead of the clock, which is tolerated"),
    }
}
