//! Refuses a token in the URL on every route, where logs and histories would keep it.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use mcp_auth::audit::AuditKind;
use mcp_auth::refusal::RefusalCode;
use mcp_auth_tower::axum::Rejection;
use mcp_auth_tower::origin;

use super::app::App;
use super::refuse;

/// Names under which tokens and passwords are put into URLs.
const NAMES: [&str; 4] = ["token", "access_token", "refresh_token", "password"];

pub(crate) async fn check(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    if !request.uri().query().is_some_and(names_a_secret) {
        return next.run(request).await;
    }
    let code = RefusalCode::TokenInUrl;
    let event = app.event(AuditKind::AuthenticationFailed);
    let refusal = refuse::request(code, code.detail()).into();
    Rejection(app.gate.load().refuse(refusal, &event, &origin(request.extensions())))
        .into_response()
}

fn names_a_secret(query: &str) -> bool {
    let is_secret = |part: &str| {
        let mut names = form_urlencoded::parse(part.as_bytes()).map(|(name, _)| name);
        names.any(|name| NAMES.iter().any(|secret| name.eq_ignore_ascii_case(secret)))
    };
    query.split(';').any(is_secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_by_name_however_it_is_written() {
        for query in [
            "token=x",
            "a=b&access_token=x",
            "a;Token=x",
            "%74oken",
            "refresh_token=",
            "password=x",
        ] {
            assert!(names_a_secret(query), "{query}");
        }
        for query in ["", "a=token", "tokens=1", "my_token=1", "after=admin&limit=5"] {
            assert!(!names_a_secret(query), "{query}");
        }
    }
}
