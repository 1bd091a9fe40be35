//! The one place where a refusal becomes HTTP.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use mcp_auth::Refused;
use mcp_auth::audit::ErrorId;
use mcp_auth::refusal::{Refusal, RefusalCode};
use serde::Serialize;

/// What the client reads.
#[derive(Serialize)]
struct Answer<'a> {
    detail: &'a str,
    status_code: u16,
    code: RefusalCode,
    error_id: ErrorId,
}

/// The answer to a refused request: the table's status, a JSON body of `detail`, `status_code`, `code` and
/// `error_id`, and the headers that go with it: `WWW-Authenticate` (RFC 6750 section 3) where the bearer is asked for
/// another token or scope, `Retry-After` (RFC 9110 section 10.2.3) where coming back may help. Never to be cached. The
/// full reason is not in it; that is on the audit, under the same `error_id`.
pub fn refusal_response(refused: &Refused) -> Response<Bytes> {
    let (refusal, detail) = (&refused.refusal, refused.refusal.detail());
    let code = refusal.code();
    let status_code = code.status();
    let answer = Answer { detail: &detail, status_code, code, error_id: refused.error_id };
    let body = Bytes::from(serde_json::to_vec(&answer).unwrap_or_default());
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(status_code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let length = response.body().len();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CONTENT_LENGTH, length.into());
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    add_challenge(headers, code, &detail);
    add_retry_after(headers, refusal);
    response
}

/// A 401 always has a challenge (RFC 9110 section 15.5.2). Nothing is wrong with a token that was not presented, so its
/// challenge names no error (RFC 6750 section 3.1).
fn add_challenge(headers: &mut HeaderMap, code: RefusalCode, detail: &str) {
    let challenge = match code.bearer_error() {
        Some(error) => {
            let text = quotable(detail);
            HeaderValue::try_from(format!(r#"Bearer error="{error}", error_description="{text}""#))
                .ok()
        }
        None if code.status() == 401 => Some(HeaderValue::from_static("Bearer")),
        None => None,
    };
    if let Some(challenge) = challenge {
        headers.insert(WWW_AUTHENTICATE, challenge);
    }
}

/// What `error_description` may hold (RFC 6750 section 3): printable ASCII without `"` and `\`, so that no value ends
/// the quotation or the header.
fn quotable(text: &str) -> String {
    let quotable = |c: char| match c {
        '"' => '\'',
        ' '..='~' if c != '\\' => c,
        _ => '?',
    };
    text.chars().map(quotable).collect()
}

/// Whole seconds, rounded up: a client that comes back when told is not too early.
fn add_retry_after(headers: &mut HeaderMap, refusal: &Refusal) {
    if let Some(wait) = refusal.retry_after() {
        let started = u64::from(wait.subsec_nanos() > 0);
        headers.insert(RETRY_AFTER, wait.as_secs().saturating_add(started).into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_cannot_leave_its_quotation() {
        assert_eq!(quotable("a \"b\" \\ c\r\nX: d\u{e9}\u{7f}~"), "a 'b' ? c??X: d??~");
    }
}
