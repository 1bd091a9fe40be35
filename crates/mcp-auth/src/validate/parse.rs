//! Stage 2: the header, the only part that is read before the signature is known to be good.

mod header;

use std::fmt;

use self::header::Header;
pub use self::header::MAX_HEADER_BYTES;
use super::RawToken;
use crate::keys::{Algorithm, KeyId};
use crate::refusal::{Malformed, Reason, Refusal};

/// A token whose header was read and found sound. Who signed it is unknown, so it has no claims to give.
#[derive(Clone)]
pub struct ParsedToken<'a> {
    pub(super) raw: RawToken<'a>,
    pub(super) header: Header,
}

impl<'a> RawToken<'a> {
    /// Reads the header.
    ///
    /// # Errors
    /// `algorithm_refused` for an `alg` that this crate does not know, `token_malformed` for anything else that is
    /// wrong with the header.
    pub fn parse(self) -> Result<ParsedToken<'a>, Refusal> {
        Ok(ParsedToken { header: Header::read(self.header())?, raw: self })
    }
}

impl ParsedToken<'_> {
    /// `alg`, which the token's maker wrote.
    pub fn algorithm(&self) -> Algorithm {
        self.header.algorithm
    }

    /// `kid`, which the token's maker wrote.
    pub fn key_id(&self) -> Option<&str> {
        self.header.key_id.as_ref().map(KeyId::as_str)
    }
}

impl fmt::Debug for ParsedToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParsedToken").field("header", &self.header).finish_non_exhaustive()
    }
}

/// Decodes a payload, bounded before and strict after.
pub(crate) fn decode_payload(payload: &[u8]) -> Result<Box<str>, Refusal> {
    let bytes = payload.len() * 3 / 4;
    if bytes > super::MAX_PAYLOAD_BYTES {
        return Err(Reason::from(Malformed::PayloadTooLong {
            bytes,
            limit: super::MAX_PAYLOAD_BYTES,
        })
        .into());
    }
    let decoded = base64_simd::URL_SAFE_NO_PAD
        .decode_to_vec(payload)
        .map_err(|_| Reason::from(Malformed::Encoding { part: "payload" }))?;
    let text = String::from_utf8(decoded)
        .map_err(|_| Reason::from(Malformed::Utf8 { part: "payload" }))?;
    Ok(text.into_boxed_str())
}
