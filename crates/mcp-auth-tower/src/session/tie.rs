//! A session's id as the client has it: the server's own, a dot, and a MAC that only its user's requests match.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use http::HeaderValue;
use mcp_auth::validate::Caller;
use sha2::Sha256;

/// Half of HMAC-SHA256 (RFC 2104 section 5), in hexadecimal.
const TAG_BYTES: usize = 16;
const TAG_DIGITS: usize = 2 * TAG_BYTES;

/// The prepared key.
#[derive(Clone)]
pub(super) struct SessionKey(Hmac<Sha256>);

impl SessionKey {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        // HMAC fills a key up with zeros to the length of a block itself (RFC 2104 section 2).
        let mut block = [0; 64];
        block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
        Self(Hmac::new(&block.into()))
    }

    /// Ties to this caller. The name's length comes before it, and a byte for whether anybody vouches for it, so that no
    /// two callers feed the MAC the same bytes.
    pub(super) fn tie(&self, caller: &Caller) -> Tie {
        let user = caller.user_id().as_bytes();
        let is_known = u8::from(caller.token().is_some());
        let length = u64::try_from(user.len()).unwrap_or(u64::MAX).to_be_bytes();
        Tie(self.0.clone().chain_update([is_known]).chain_update(length).chain_update(user))
    }
}

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionKey([redacted])")
    }
}

/// The MAC of one caller, still without an id.
pub(super) struct Tie(Hmac<Sha256>);

impl Tie {
    /// The server's id as this caller's client gets it. `None` where it is no visible ASCII, which MCP requires.
    pub(super) fn outer(&self, inner: &HeaderValue) -> Option<HeaderValue> {
        let id = inner.to_str().ok()?;
        let mac = self.0.clone().chain_update(id).finalize().into_bytes();
        let tag = hex::encode(mac.get(..TAG_BYTES)?);
        HeaderValue::try_from(format!("{id}.{tag}")).ok()
    }

    /// The server's id; `None` where the client's is not this caller's. Compared in constant time.
    pub(super) fn inner(&self, outer: &HeaderValue) -> Option<HeaderValue> {
        let (rest, tag) =
            outer.as_bytes().split_at_checked(outer.len().checked_sub(TAG_DIGITS)?)?;
        let id = rest.strip_suffix(b".")?;
        let mut mac = [0; TAG_BYTES];
        hex::decode_to_slice(tag, &mut mac).ok()?;
        self.0.clone().chain_update(id).verify_truncated_left(&mac).ok()?;
        HeaderValue::from_bytes(id).ok()
    }
}
