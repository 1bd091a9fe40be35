//! What is asked of a request where authentication is switched off: that it comes from this machine by its own will, and
//! that it is not about accounts.
//!
//! A page that a browser shows may send requests to this machine, under a name of its own that it lets point here (DNS
//! rebinding). So the name must be this machine's, and the page, where there is one, too.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{HOST, ORIGIN};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use mcp_auth::audit::AuditKind;
use mcp_auth::refusal::Reason;
use mcp_auth_tower::axum::Rejection;
use mcp_auth_tower::origin;

use super::app::App;

pub(crate) async fn check(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    if app.settings().auth_enabled {
        return next.run(request).await;
    }
    let foreign = foreign(request.uri(), request.headers());
    let Some(problem) = foreign.or_else(|| about_accounts(request.uri().path())) else {
        return next.run(request).await;
    };
    let denied = Reason::Denied {
        action: "ask without a token".to_owned(),
        role: "user".to_owned(),
        decided_by: problem.to_owned(),
    };
    let event = app.event(AuditKind::AuthorizationDenied);
    let refused = app.gate.load().refuse(denied.into(), &event, &origin(request.extensions()));
    Rejection(refused).into_response()
}

/// Nobody in particular has no account.
fn about_accounts(path: &str) -> Option<&'static str> {
    let is_about = path.starts_with("/api/v1/auth/");
    is_about.then_some("authentication is switched off, so nobody is known")
}

fn foreign(uri: &Uri, headers: &HeaderMap) -> Option<&'static str> {
    let host = uri.authority().cloned().or_else(|| {
        let named = headers.get(HOST)?.to_str().ok()?;
        named.parse().ok()
    });
    if !host.is_some_and(|host| is_of_this_machine(&host)) {
        return Some("authentication is switched off, and the Host is not this machine's");
    }
    let pages = headers.get_all(ORIGIN).iter();
    let is_local = |page: &axum::http::HeaderValue| {
        let uri: Option<Uri> = page.to_str().ok().and_then(|text| text.parse().ok());
        uri.as_ref().and_then(Uri::authority).is_some_and(is_of_this_machine)
    };
    let mut foreign = pages.filter(|page| !is_local(page));
    foreign.next().map(|_| "authentication is switched off, and the Origin is another site")
}

fn is_of_this_machine(authority: &Authority) -> bool {
    let host = authority.host();
    let bare = host.strip_prefix('[').and_then(|it| it.strip_suffix(']')).unwrap_or(host);
    let is_loopback = |address: IpAddr| address.to_canonical().is_loopback();
    bare.eq_ignore_ascii_case("localhost") || bare.parse().is_ok_and(is_loopback)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(host: &str, page: Option<&str>) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, host.parse().unwrap());
        headers.extend(page.map(|page| (ORIGIN, page.parse().unwrap())));
        foreign(&Uri::from_static("/health"), &headers).is_none()
    }

    #[test]
    fn only_names_of_this_machine_pass() {
        for host in ["localhost:8000", "LOCALHOST", "127.0.0.1:1", "127.9.9.9", "[::1]:8000"] {
            assert!(passes(host, None), "{host}");
        }
        for host in ["evil.example", "localhost.evil.example", "10.0.0.1:8000", "[fe80::1]", ""] {
            assert!(!passes(host, None), "{host}");
        }
    }

    #[test]
    fn pages_of_other_sites_are_foreign() {
        assert!(passes("localhost", Some("http://localhost:3000")));
        assert!(passes("localhost", Some("http://[::1]:3000")));
        for page in ["http://evil.example", "null", "", "http://localhost.evil.example", "file://"]
        {
            assert!(!passes("localhost", Some(page)), "{page}");
        }
    }
}
