//! Reads a request's body before its token is judged. Who may do something is then decided when it is done: otherwise a
//! client that sends slowly would go on with a token that was revoked, and a role that was taken, while it sent.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::http::header::AUTHORIZATION;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use mcp_auth::audit::NoAudit;
use mcp_auth::validate::Caller;
use mcp_auth_tower::axum::Rejection;
use mcp_auth_tower::{origin, refuse_caller};

use super::app::App;
use super::body;

/// The layer outside of the one that authenticates.
pub(crate) async fn read(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    // Nobody's body is read for the layer inside to refuse him; it says why.
    let Some(caller) = admitted(&app, &request) else { return next.run(request).await };
    let (parts, body) = request.into_parts();
    match body::read(body, &app.bodies).await {
        Ok(bytes) => next.run(Request::from_parts(parts, Body::from(bytes))).await,
        Err(reason) => {
            let (gate, origin) = (app.gate.load(), origin(&parts.extensions));
            Rejection(refuse_caller(&gate, &caller, reason.into(), &origin)).into_response()
        }
    }
}

/// Who asks, as things stand before the body. Not audited, for it is asked again.
fn admitted(app: &App, request: &Request) -> Option<Caller> {
    let gate = app.gate.load().as_ref().clone().with_audit(Arc::new(NoAudit));
    let values = request.headers().get_all(AUTHORIZATION).iter().map(HeaderValue::as_bytes);
    gate.authenticate(values, &origin(request.extensions())).ok()
}
