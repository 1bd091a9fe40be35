//! The layer that finds out where a request comes from.

use std::net::IpAddr;
use std::task::{Context, Poll};

use http::{Extensions, Request};
use tower_layer::Layer;
use tower_service::Service;

use crate::{ClientAddress, PeerAddress, TrustedProxies};

/// Puts [`ClientAddress`] into the extensions of each request whose [`PeerAddress`] is known.
#[derive(Debug, Clone, Default)]
pub struct ClientAddressLayer {
    proxies: TrustedProxies,
}

impl ClientAddressLayer {
    /// Believes these proxies.
    pub const fn new(proxies: TrustedProxies) -> Self {
        Self { proxies }
    }
}

impl<S> Layer<S> for ClientAddressLayer {
    type Service = ClientAddressService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ClientAddressService { inner, proxies: self.proxies.clone() }
    }
}

/// A service behind a [`ClientAddressLayer`].
#[derive(Debug, Clone)]
pub struct ClientAddressService<S> {
    inner: S,
    proxies: TrustedProxies,
}

impl<S, B> Service<Request<B>> for ClientAddressService<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        if let Some(peer) = peer(request.extensions()) {
            let client = self.proxies.client(peer, request.headers());
            request.extensions_mut().insert(ClientAddress(client));
        }
        self.inner.call(request)
    }
}

/// The other end of the connection, as the server's accept loop told.
pub(crate) fn peer(extensions: &Extensions) -> Option<IpAddr> {
    let told = extensions.get::<PeerAddress>().map(|peer| peer.0);
    #[cfg(feature = "axum")]
    let told = told.or_else(|| crate::axum::connected_from(extensions));
    told
}
