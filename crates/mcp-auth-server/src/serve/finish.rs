//! A request that changes something is worked on to its end, also when its client has gone: what is done is written
//! down, and who hangs up early leaves no gap in the audit.

use std::panic;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use mcp_auth_tower::axum::Rejection;
use tokio::task::JoinError;
use tokio_util::task::TaskTracker;

use super::app::App;
use super::refuse;

/// The layer of routes that change something. The connection's own task only waits for the answer.
pub(crate) async fn to_the_end(
    State(app): State<Arc<App>>,
    request: Request,
    next: Next,
) -> Response {
    let response = to_its_end(&app.unfinished, next.run(request)).await;
    response.unwrap_or_else(|| {
        let refused = app.refuse_silently(refuse::internal("the server is stopping"));
        Rejection(refused).into_response()
    })
}

/// `None` where the runtime gave the work up. A panic is handed on: whoever looks for panics of handlers finds it where
/// it would have been.
async fn to_its_end<T: Send + 'static>(
    unfinished: &TaskTracker,
    work: impl Future<Output = T> + Send + 'static,
) -> Option<T> {
    match unfinished.spawn(work).await.map_err(JoinError::try_into_panic) {
        Ok(done) => Some(done),
        Err(Ok(panicked)) => panic::resume_unwind(panicked),
        Err(Err(_)) => None,
    }
}

#[cfg(test)]
mod tests {
    use futures_util::poll;
    use std::sync::atomic::{AtomicBool, Ordering};
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn work_goes_on_when_nobody_waits_for_it() {
        let (unfinished, done) = (TaskTracker::new(), Arc::new(AtomicBool::new(false)));
        let (go, waits) = oneshot::channel::<()>();
        let mark = Arc::clone(&done);
        let work = async move {
            waits.await.unwrap();
            mark.store(true, Ordering::SeqCst);
        };
        let mut waiting = Box::pin(to_its_end(&unfinished, work));
        assert!(poll!(&mut waiting).is_pending());
        drop(waiting);
        go.send(()).unwrap();
        unfinished.close();
        unfinished.wait().await;
        assert!(done.load(Ordering::SeqCst));
    }
}
