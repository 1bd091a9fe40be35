//! The layer that finds out who asks.

mod future;
mod query;

use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::header::AUTHORIZATION;
use http::{Extensions, HeaderMap, HeaderValue, Request, Response, Uri};
use mcp_auth::audit::{AuditEvent, AuditKind};
use mcp_auth::refusal::{Reason, RefusalCode};
use mcp_auth::store::RevocationStore;
use mcp_auth::validate::Caller;
use mcp_auth::{Gate, Refused};
use tower_layer::Layer;
use tower_service::Service;

pub use self::future::AuthFuture;
use crate::{RefusableBody, SharedGate, origin};

/// Admits a request with a good token and refuses any other.
///
/// An admitted request carries its [`Caller`](mcp_auth::validate::Caller) in the extensions, and no `Authorization`
/// header any more: neither a handler nor a server behind it can leak the token or use it elsewhere. More than one
/// `Authorization` header is refused, and so is a token in the query string, where logs and histories keep it.
#[derive(Debug, Clone)]
pub struct AuthLayer {
    gate: SharedGate,
    store: Option<Arc<dyn RevocationStore>>,
}

impl AuthLayer {
    /// Decides by the gate alone, without waiting.
    pub fn new(gate: impl Into<SharedGate>) -> Self {
        Self { gate: gate.into(), store: None }
    }

    /// Asks `store` on each request whether the token was revoked, in place of the gate's view: as fresh as the store,
    /// at the price of waiting for it. A store that does not answer is a refusal (`store_unavailable`).
    #[must_use]
    pub fn asking_each_time(self, store: Arc<dyn RevocationStore>) -> Self {
        Self { store: Some(store), ..self }
    }
}

impl<S> Layer<S> for AuthLayer {
    type Service = AuthService<S>;

    fn layer(&self, inner: S) -> AuthService<S> {
        AuthService { inner, layer: self.clone() }
    }
}

/// A service behind an [`AuthLayer`].
#[derive(Debug, Clone)]
pub struct AuthService<S> {
    inner: S,
    layer: AuthLayer,
}

impl<S, B, R> Service<Request<B>> for AuthService<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone,
    B: Send + 'static,
{
    type Response = Response<RefusableBody<R>>;
    type Error = S::Error;
    type Future = AuthFuture<S, B>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        if let Some(store) = &self.layer.store {
            let asking = ask(self.layer.gate.load(), Arc::clone(store), request);
            // The clone that is left behind was not asked whether it is ready; the one that was goes along.
            let fresh = self.inner.clone();
            return AuthFuture::asking(asking, mem::replace(&mut self.inner, fresh));
        }
        match admit(&self.layer.gate.borrow(), &mut request) {
            Ok(()) => AuthFuture::admitted(self.inner.call(request)),
            Err(refused) => AuthFuture::refused(refused),
        }
    }
}

fn admit<B>(gate: &Gate, request: &mut Request<B>) -> Result<(), Refused> {
    refuse_token_in_url(gate, request.uri(), request.extensions())?;
    let origin = origin(request.extensions());
    let caller = gate.authenticate(credentials(request.headers()), &origin)?;
    exchange(request, caller);
    Ok(())
}

/// The same with a store that is asked. Owns all it needs, because it waits.
async fn ask<B>(
    gate: Arc<Gate>,
    store: Arc<dyn RevocationStore>,
    request: Request<B>,
) -> Result<Request<B>, Refused> {
    // A body that is not `Sync` must not be looked past while waiting.
    let (parts, body) = request.into_parts();
    refuse_token_in_url(&gate, &parts.uri, &parts.extensions)?;
    let origin = origin(&parts.extensions);
    let caller = gate.authenticate_with(&*store, credentials(&parts.headers), &origin).await?;
    let mut request = Request::from_parts(parts, body);
    exchange(&mut request, caller);
    Ok(request)
}

/// The token goes, the caller comes.
fn exchange<B>(request: &mut Request<B>, caller: Caller) {
    request.headers_mut().remove(AUTHORIZATION);
    request.extensions_mut().insert(caller);
}

fn credentials(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    headers.get_all(AUTHORIZATION).iter().map(HeaderValue::as_bytes)
}

fn refuse_token_in_url(gate: &Gate, uri: &Uri, extensions: &Extensions) -> Result<(), Refused> {
    if !uri.query().is_some_and(query::names_a_token) {
        return Ok(());
    }
    let code = RefusalCode::TokenInUrl;
    let reason = Reason::Request { code, detail: code.detail().to_owned() };
    let event = AuditEvent::new(AuditKind::AuthenticationFailed, gate.clock().now());
    Err(gate.refuse(reason.into(), &event, &origin(extensions)))
}
