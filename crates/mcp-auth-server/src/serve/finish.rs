//! A request that changes something is worked on to its end, also when its client has gone: what is done is written
//! down, and who hangs up early leaves no gap in the audit.

use std::panic;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::app::App;
use super::refuse;

/// The layer of routes that change something. The connection's own task only waits for the answer.
pub(crate) async fn to_the_end(
    State(app): State<Arc<App>>,
    request: Request,
    next: Next,
) -> Response {
    let work = app.unfinished.spawn(next.run(request));
    match work.await.map_err(tokio::task::JoinError::try_into_panic) {
        Ok(response) => response,
        // Whoever looks for panics of handlers finds it where it would have been.
        Err(Ok(panicked)) => panic::resume_unwind(panicked),
        Err(Err(_)) => {
            let refused = app.refuse_silently(refuse::internal("the server is stopping"));
            mcp_auth_tower::axum::Rejection(refused).into_response()
        }
    }
}
