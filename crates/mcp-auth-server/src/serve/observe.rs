//! What is seen of every request: a line in the log, the metrics, and a refusal where a handler panicked.
//!
//! The line has the route's pattern in place of the path, and no query: both may hold what somebody put there by mistake.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{Extensions, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt as _;
use mcp_auth::Origin;
use mcp_auth::audit::AuditKind;
use mcp_auth_tower::axum::Rejection;
use mcp_auth_tower::{ClientAddress, RequestId};

use super::app::App;
use super::{refuse, routes};

/// What is known before the request is answered.
struct Seen {
    method: &'static str,
    route: &'static str,
    address: Option<IpAddr>,
    request_id: Option<RequestId>,
    started: Instant,
}

impl Seen {
    fn of(request: &Request) -> Self {
        Self {
            method: known(request.method()),
            route: matched(request.extensions()).unwrap_or("(none)"),
            address: request.extensions().get::<ClientAddress>().map(|address| address.0),
            request_id: request.extensions().get().cloned(),
            started: Instant::now(),
        }
    }

    fn request_id(&self) -> Option<&str> {
        self.request_id.as_ref().map(RequestId::as_str)
    }
}

pub(crate) async fn observe(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let seen = Seen::of(&request);
    let answered = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    let response = answered.unwrap_or_else(|_| panicked(&app, &seen));
    tell(&app, &seen, &response);
    response
}

/// The pattern that a request matched.
pub(crate) fn matched(extensions: &Extensions) -> Option<&'static str> {
    extensions.get::<MatchedPath>().and_then(|path| routes::pattern(path.as_str()))
}

fn panicked(app: &App, seen: &Seen) -> Response {
    let event = app.event(AuditKind::RequestRefused);
    let refusal =
        refuse::internal(format!("the handler of {} {} panicked", seen.method, seen.route));
    Rejection(app.gate.load().refuse(
        refusal.into(),
        &event,
        &Origin::new(seen.address, seen.request_id()),
    ))
    .into_response()
}

fn tell(app: &App, seen: &Seen, response: &Response) {
    let (took, status) = (seen.started.elapsed(), response.status().as_u16());
    app.metrics.count_request(seen.method, seen.route, status, took);
    tracing::info!(
        method = seen.method,
        route = seen.route,
        status,
        milliseconds = took.as_secs_f64() * 1000.0,
        ip_address = seen.address.map(tracing::field::display),
        request_id = seen.request_id(),
        "request"
    );
}

/// A client may invent methods; the metrics count them as one.
fn known(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}
