//! The layer that gives each request an id.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::{HeaderMap, HeaderName, Request, Response};
use mcp_auth::random::Randomness;
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::address::peer;
use crate::{RequestId, TrustedProxies};

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Gives each request a [`RequestId`]: in its extensions, in its `X-Request-Id` header and in that of the response.
///
/// A legal id that a trusted proxy sent is kept, so that its logs and ours agree. From anybody else it is replaced by
/// 128 random bits: whoever may choose an id can make an audit that leads to somebody else's request.
#[derive(Debug, Clone)]
pub struct RequestIdLayer {
    randomness: Arc<dyn Randomness>,
    proxies: TrustedProxies,
}

impl RequestIdLayer {
    /// Makes ids from this source, and believes no proxy.
    pub fn new(randomness: Arc<dyn Randomness>) -> Self {
        Self { randomness, proxies: TrustedProxies::default() }
    }

    /// Keeps the ids of these proxies.
    #[must_use]
    pub fn with_trusted_proxies(self, proxies: TrustedProxies) -> Self {
        Self { proxies, ..self }
    }

    fn id<B>(&self, request: &Request<B>) -> Option<RequestId> {
        self.told(request).or_else(|| {
            let mut bytes = [0; 16];
            self.randomness.fill(&mut bytes);
            RequestId::from_random(bytes)
        })
    }

    fn told<B>(&self, request: &Request<B>) -> Option<RequestId> {
        let id = RequestId::from_header(request.headers().get(X_REQUEST_ID)?)?;
        peer(request.extensions()).is_some_and(|peer| self.proxies.trusts(peer)).then_some(id)
    }
}

impl<S> Layer<S> for RequestIdLayer {
    type Service = RequestIdService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        RequestIdService { inner, layer: self.clone() }
    }
}

/// A service behind a [`RequestIdLayer`].
#[derive(Debug, Clone)]
pub struct RequestIdService<S> {
    inner: S,
    layer: RequestIdLayer,
}

impl<S, B, R> Service<Request<B>> for RequestIdService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = RequestIdFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let id = self.layer.id(&request);
        if let Some(id) = &id {
            write(request.headers_mut(), id);
            request.extensions_mut().insert(id.clone());
        }
        RequestIdFuture { future: self.inner.call(request), id }
    }
}

fn write(headers: &mut HeaderMap, id: &RequestId) {
    headers.insert(X_REQUEST_ID, id.value().clone());
}

pin_project! {
    /// The inner service's answer, with the request's id.
    pub struct RequestIdFuture<F> {
        #[pin]
        future: F,
        id: Option<RequestId>,
    }
}

impl<F, R, E> Future for RequestIdFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let mut response = ready!(this.future.poll(context))?;
        if let Some(id) = this.id {
            write(response.headers_mut(), id);
        }
        Poll::Ready(Ok(response))
    }
}

impl<F> fmt::Debug for RequestIdFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestIdFuture").field("id", &self.id).finish_non_exhaustive()
    }
}
