//! Layers that look at a request and let it pass or refuse it, without waiting.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::request::Parts;
use http::{Request, Response};
use mcp_auth::Refused;
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::RefusableBody;

/// Something that every request must pass. May change the request, such as its extensions.
pub trait Check {
    /// Looks at one request.
    ///
    /// # Errors
    /// The refusal that answers the request; [`Gate::refuse`](mcp_auth::Gate::refuse) makes one.
    fn check(&self, request: &mut Parts) -> Result<(), Refused>;
}

/// A service behind a [`Check`].
#[derive(Debug, Clone)]
pub struct Checked<S, C> {
    inner: S,
    check: C,
}

impl<S, C> Checked<S, C> {
    /// Puts `check` in front of `inner`. In a layer: `layer_fn(move |inner| Checked::new(inner, check.clone()))`.
    pub const fn new(inner: S, check: C) -> Self {
        Self { inner, check }
    }
}

impl<S, C, B, R> Service<Request<B>> for Checked<S, C>
where
    S: Service<Request<B>, Response = Response<R>>,
    C: Check,
{
    type Response = Response<RefusableBody<R>>;
    type Error = S::Error;
    type Future = CheckedFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (mut parts, body) = request.into_parts();
        match self.check.check(&mut parts) {
            Ok(()) => CheckedFuture::passed(self.inner.call(Request::from_parts(parts, body))),
            Err(refused) => CheckedFuture::refused(refused),
        }
    }
}

pin_project! {
    /// The answer of the inner service, or a refusal.
    pub struct CheckedFuture<F> {
        #[pin]
        state: State<F>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F> {
        Passed { #[pin] future: F },
        Refused { refused: Refused },
    }
}

impl<F> CheckedFuture<F> {
    pub(crate) const fn passed(future: F) -> Self {
        Self { state: State::Passed { future } }
    }

    pub(crate) const fn refused(refused: Refused) -> Self {
        Self { state: State::Refused { refused } }
    }
}

impl<F, R, E> Future for CheckedFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = Result<Response<RefusableBody<R>>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Passed { future } => {
                let response = ready!(future.poll(context))?;
                Poll::Ready(Ok(response.map(RefusableBody::service)))
            }
            StateProjection::Refused { refused } => {
                Poll::Ready(Ok(RefusableBody::refusal(refused)))
            }
        }
    }
}

impl<F> fmt::Debug for CheckedFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CheckedFuture").finish_non_exhaustive()
    }
}
