//! What comes of a request: the inner service's answer, a refusal, or first a question to the store.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use mcp_auth::Refused;
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::{CheckedFuture, RefusableBody};

type Asking<B> = Pin<Box<dyn Future<Output = Result<Request<B>, Refused>> + Send>>;

pin_project! {
    /// The answer to a request behind an [`AuthLayer`](crate::AuthLayer).
    pub struct AuthFuture<S: Service<Request<B>>, B> {
        #[pin]
        state: State<S, S::Future, B>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S, F, B> {
        Decided { #[pin] future: CheckedFuture<F> },
        Asking { asking: Asking<B>, inner: S },
    }
}

impl<S: Service<Request<B>>, B> AuthFuture<S, B> {
    pub(super) const fn admitted(future: S::Future) -> Self {
        Self { state: State::Decided { future: CheckedFuture::passed(future) } }
    }

    pub(super) const fn refused(refused: Refused) -> Self {
        Self { state: State::Decided { future: CheckedFuture::refused(refused) } }
    }

    pub(super) fn asking(
        asking: impl Future<Output = Result<Request<B>, Refused>> + Send + 'static,
        inner: S,
    ) -> Self {
        Self { state: State::Asking { asking: Box::pin(asking), inner } }
    }
}

impl<S, B, R> Future for AuthFuture<S, B>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Output = Result<Response<RefusableBody<R>>, S::Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            let future = match state.as_mut().project() {
                StateProjection::Decided { future } => return future.poll(context),
                StateProjection::Asking { asking, inner } => {
                    match ready!(asking.as_mut().poll(context)) {
                        Ok(request) => CheckedFuture::passed(inner.call(request)),
                        Err(refused) => CheckedFuture::refused(refused),
                    }
                }
            };
            state.set(State::Decided { future });
        }
    }
}

impl<S: Service<Request<B>>, B> fmt::Debug for AuthFuture<S, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthFuture").finish_non_exhaustive()
    }
}
