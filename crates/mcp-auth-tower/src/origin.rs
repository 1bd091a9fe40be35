//! What layers put into a request's extensions about where it comes from.

use std::net::{IpAddr, SocketAddr};

use http::{Extensions, HeaderValue};
use mcp_auth::Origin;

/// The other end of the connection. The server's accept loop puts it into the extensions of each request; with the
/// feature `axum`, axum's `ConnectInfo<SocketAddr>` will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerAddress(pub IpAddr);

/// Where the request comes from: the peer, or whom trusted proxies name. An IPv4 address is written as one, even when
/// the socket is of IPv6.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

/// The request's id: 1 to 64 of `A-Z a-z 0-9 . _ -`. On the audit, and in the response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(HeaderValue);

impl From<SocketAddr> for PeerAddress {
    fn from(address: SocketAddr) -> Self {
        Self(address.ip())
    }
}

impl RequestId {
    /// Longest id, in bytes.
    pub const MAX_BYTES: usize = 64;

    /// Takes the value of a header, if it is a legal id.
    pub fn from_header(value: &HeaderValue) -> Option<Self> {
        let legal = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        let bytes = value.as_bytes();
        let is_id = (1..=Self::MAX_BYTES).contains(&bytes.len()) && bytes.iter().all(legal);
        is_id.then(|| Self(value.clone()))
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        // It is ASCII, so there is always a text.
        self.0.to_str().unwrap_or_default()
    }

    pub(crate) const fn value(&self) -> &HeaderValue {
        &self.0
    }

    pub(crate) fn from_random(bytes: [u8; 16]) -> Option<Self> {
        HeaderValue::try_from(hex::encode(bytes)).ok().map(Self)
    }
}

/// The origin of a request for the gate's audit, from the extensions that [`crate::ClientAddressLayer`] and
/// [`crate::RequestIdLayer`] filled. What is not there is left out.
pub fn origin(extensions: &Extensions) -> Origin<'_> {
    let address = extensions.get::<ClientAddress>().map(|address| address.0);
    Origin::new(address, extensions.get::<RequestId>().map(RequestId::as_str))
}
