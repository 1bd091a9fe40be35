//! What each check found, in words for a report: one function for each line of the table.

use super::Question;
use crate::clock::NumericDate;
use crate::text::Escaped;

pub(super) fn expiry(q: &Question<'_>) -> String {
    let expires_at = q.claims.expires_at();
    format!("{expires_at}, in {} s", expires_at.timestamp().since(q.now).as_secs())
}

pub(super) fn not_before(q: &Question<'_>) -> String {
    date_or(q.claims.not_before(), "no nbf")
}

pub(super) fn issued_at(q: &Question<'_>) -> String {
    date_or(q.claims.issued_at(), "no iat")
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
    let age = q.claims.issued_at().map(|iat| q.now.since(iat.timestamp()).as_secs());
    let age = age.map_or_else(|| "unknown".to_owned(), |age| format!("{age} s"));
    match q.rules.max_age() {
        Some(limit) => format!("{age}, MCP_MAX_TOKEN_AGE is {} s", limit.as_secs()),
        None => format!("{age}, no limit"),
    }
}

pub(super) fn token_type(q: &Question<'_>) -> String {
    q.claims.token_type_text().to_owned()
}

pub(super) fn issuer(q: &Question<'_>) -> String {
    match (q.claims.issuer(), q.rules.issuer()) {
        (Some(found), Some(_)) => format!("\"{}\"", Escaped(found)),
        (Some(found), None) => format!("\"{}\", none is required", Escaped(found)),
        (None, _) => "none, none is required".to_owned(),
    }
}

pub(super) fn audience(q: &Question<'_>) -> String {
    q.rules
        .audience()
        .map_or_else(|| "none, none is configured".to_owned(), |name| format!("\"{name}\""))
}

pub(super) fn role(q: &Question<'_>) -> String {
    q.claims.role().map_or_else(|| "none, a refresh token has none".to_owned(), ToString::to_string)
}

fn date_or(date: Option<NumericDate>, absent: &str) -> String {
    date.map_or_else(|| absent.to_owned(), |date| date.to_string())
}
