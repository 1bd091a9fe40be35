//! Stage 1: from the text of a header to something that has the outer form of a token.

use std::fmt;

use base64_simd::URL_SAFE_NO_PAD;
use memchr::{memchr, memchr_iter, memrchr};

use crate::refusal::{Malformed, Reason, Refusal};

/// Longest token, in bytes: what passes it is refused before a byte is decoded.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// Text with the outer form of a signed JWT: at most 8 KiB of base64url with exactly two dots (RFC 7515 section
/// 7.1). Nothing is known of its content.
#[derive(Clone, Copy)]
pub struct RawToken<'a> {
    bytes: &'a [u8],
    shape: Shape,
}

/// Where a token's parts are.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    first_dot: usize,
    second_dot: usize,
}

impl<'a> RawToken<'a> {
    /// Takes the values of a request's `Authorization` headers, of which there should be one: the scheme `Bearer`
    /// in any case, spaces, the token (RFC 6750 section 2.1, RFC 9110 section 11.1). An `Option` will do.
    ///
    /// # Errors
    /// `token_missing` when there is no header or another scheme, `token_malformed` when what follows is no token,
    /// `bad_request` when there are several: choosing one would let the caller decide which program sees which.
    pub fn from_authorization(values: impl IntoIterator<Item = &'a [u8]>) -> Result<Self, Refusal> {
        Self::from_bytes(bearer_token(values)?)
    }

    /// Takes a bare token.
    ///
    /// # Errors
    /// `token_malformed`.
    pub fn from_bytes(token: &'a [u8]) -> Result<Self, Refusal> {
        check_size(token)?;
        match Self::at_a_glance(token) {
            Some(raw) => Ok(raw),
            None => Ok(Self::looked_through(token).map_err(Reason::from)?),
        }
    }

    /// Passes nearly every token, with vector instructions. They refuse more than this stage does, such as bits that
    /// no byte fills, and do not say what: what fails here may still have the form of a token.
    fn at_a_glance(token: &'a [u8]) -> Option<Self> {
        let (first_dot, second_dot) = (memchr(b'.', token)?, memrchr(b'.', token)?);
        let raw = Self { bytes: token, shape: Shape { first_dot, second_dot } };
        let parts = [raw.header(), raw.payload(), raw.signature()];
        let sound = parts.into_iter().all(|part| URL_SAFE_NO_PAD.check(part).is_ok());
        (first_dot < second_dot && sound).then_some(raw)
    }

    /// Says what is wrong, if anything is.
    #[cold]
    fn looked_through(token: &'a [u8]) -> Result<Self, Malformed> {
        let (first_dot, second_dot) = two_dots(token)?;
        let stranger = |byte: &u8| !is_base64url(*byte) && *byte != b'.';
        match token.iter().position(stranger) {
            Some(at) => Err(Malformed::Alphabet { at }),
            None => Ok(Self { bytes: token, shape: Shape { first_dot, second_dot } }),
        }
    }

    /// The same text as that of another, which had the form of a token.
    pub(super) fn alike(bytes: &'a [u8], other: Shape) -> Self {
        Self { bytes, shape: other }
    }

    pub(super) fn shape(self) -> Shape {
        self.shape
    }

    /// The whole token.
    pub(crate) fn bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// The first part, in base64url like all of them.
    pub(crate) fn header(self) -> &'a [u8] {
        self.bytes.get(..self.shape.first_dot).unwrap_or_default()
    }

    /// The second part.
    pub(crate) fn payload(self) -> &'a [u8] {
        self.bytes.get(self.shape.first_dot + 1..self.shape.second_dot).unwrap_or_default()
    }

    /// The third part.
    pub(crate) fn signature(self) -> &'a [u8] {
        self.bytes.get(self.shape.second_dot + 1..).unwrap_or_default()
    }

    /// `header.payload`: the bytes that were signed (RFC 7515 section 5.1).
    pub(crate) fn signing_input(self) -> &'a [u8] {
        self.bytes.get(..self.shape.second_dot).unwrap_or_default()
    }
}

impl fmt::Debug for RawToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawToken([redacted], {} bytes)", self.bytes.len())
    }
}

/// What the one `Authorization` header there should be has after the scheme.
pub(crate) fn bearer_token<'a>(
    values: impl IntoIterator<Item = &'a [u8]>,
) -> Result<&'a [u8], Refusal> {
    let mut values = values.into_iter();
    let value = values.next().ok_or(Reason::NoCredential)?;
    if values.next().is_some() {
        return Err(Reason::SeveralHeaders.into());
    }
    Ok(bearer_credential(value).ok_or(Reason::NotBearer)?)
}

/// What follows the scheme; `None` for another scheme or none.
fn bearer_credential(value: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = value.split_at_checked(6)?;
    if !scheme.eq_ignore_ascii_case(b"bearer") {
        return None;
    }
    let spaces = rest.iter().take_while(|byte| **byte == b' ').count();
    let token = rest.get(spaces..)?;
    (spaces > 0 && !token.is_empty()).then_some(token)
}

fn check_size(token: &[u8]) -> Result<(), Reason> {
    match token.len() {
        0 => Err(Malformed::Empty.into()),
        bytes if bytes > MAX_TOKEN_BYTES => {
            Err(Malformed::TooLong { bytes, limit: MAX_TOKEN_BYTES }.into())
        }
        _ => Ok(()),
    }
}

/// Where the two dots are. Counts no further than the five parts of an encrypted token and one more, so that a
/// token of nothing but dots costs no more than any other (CVE-2025-30204).
fn two_dots(token: &[u8]) -> Result<(usize, usize), Malformed> {
    let mut dots = memchr_iter(b'.', token);
    match (dots.next(), dots.next(), dots.next()) {
        (Some(first), Some(second), None) => Ok((first, second)),
        (None, ..) => Err(Malformed::Dots { dots: 0 }),
        (_, None, _) => Err(Malformed::Dots { dots: 1 }),
        _ => Err(Malformed::Dots { dots: 3 + dots.take(2).count() }),
    }
}

/// The base64url alphabet without padding (RFC 4648 section 5).
const fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}
