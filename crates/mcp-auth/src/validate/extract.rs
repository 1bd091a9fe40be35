//! Stage 1: from the text of a header to something that has the outer form of a token.

use std::fmt;

use crate::refusal::{Malformed, Reason, Refusal};

/// Longest token, in bytes: what passes it is refused before a byte is decoded.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// Text with the outer form of a signed JWT: at most 8 KiB of base64url with exactly two dots (RFC 7515 section
/// 7.1). Nothing is known of its content.
#[derive(Clone, Copy)]
pub struct RawToken<'a> {
    text: &'a str,
    first_dot: usize,
    second_dot: usize,
}

impl<'a> RawToken<'a> {
    /// Takes the value of an `Authorization` header: the scheme `Bearer` in any case, spaces, the token (RFC 6750
    /// section 2.1, RFC 9110 section 11.1).
    ///
    /// # Errors
    /// `token_missing` when there is no header or another scheme, `token_malformed` when what follows is no token.
    pub fn from_authorization(value: Option<&'a [u8]>) -> Result<Self, Refusal> {
        let value = value.ok_or(Reason::NoCredential)?;
        Self::from_bytes(bearer_credential(value).ok_or(Reason::NotBearer)?)
    }

    /// Takes all `Authorization` headers of a request.
    ///
    /// # Errors
    /// `bad_request` when there are several: choosing one would let the caller decide which program sees which.
    pub fn from_authorization_headers(
        values: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<Self, Refusal> {
        let mut values = values.into_iter();
        let first = values.next();
        match values.next() {
            Some(_) => Err(Reason::SeveralHeaders.into()),
            None => Self::from_authorization(first),
        }
    }

    /// Takes a bare token.
    ///
    /// # Errors
    /// `token_malformed`.
    pub fn from_bytes(token: &'a [u8]) -> Result<Self, Refusal> {
        check_size(token)?;
        let (first_dot, second_dot) = two_dots(token).map_err(Reason::from)?;
        check_alphabet(token).map_err(Reason::from)?;
        let text = std::str::from_utf8(token)
            .map_err(|_| Malformed::Alphabet { at: 0 })
            .map_err(Reason::from)?;
        Ok(Self { text, first_dot, second_dot })
    }

    /// The whole token.
    pub(crate) fn text(self) -> &'a str {
        self.text
    }

    /// The first part, in base64url like all of them.
    pub(crate) fn header(self) -> &'a str {
        self.text.get(..self.first_dot).unwrap_or_default()
    }

    /// The second part.
    pub(crate) fn payload(self) -> &'a str {
        self.text.get(self.first_dot + 1..self.second_dot).unwrap_or_default()
    }

    /// The third part.
    pub(crate) fn signature(self) -> &'a str {
        self.text.get(self.second_dot + 1..).unwrap_or_default()
    }

    /// `header.payload`: the bytes that were signed (RFC 7515 section 5.1).
    pub(crate) fn signing_input(self) -> &'a str {
        self.text.get(..self.second_dot).unwrap_or_default()
    }
}

impl fmt::Debug for RawToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawToken([redacted], {} bytes)", self.text.len())
    }
}

/// What follows the scheme; `None` for another scheme or none.
fn bearer_credential(value: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = value.split_at_checked(6)?;
    if !scheme.eq_ignore_ascii_case(b"bearer") {
        return None;
    }
    let token = rest.strip_prefix(b" ")?.trim_ascii_start();
    (!token.is_empty()).then_some(token)
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
    let mut dots = token.iter().enumerate().filter(|(_, byte)| **byte == b'.').map(|(at, _)| at);
    match (dots.next(), dots.next(), dots.next()) {
        (Some(first), Some(second), None) => Ok((first, second)),
        (None, ..) => Err(Malformed::Dots { dots: 0 }),
        (_, None, _) => Err(Malformed::Dots { dots: 1 }),
        _ => Err(Malformed::Dots { dots: 3 + dots.take(2).count() }),
    }
}

/// Looks at every byte without branching on any, which the compiler turns into vector instructions; only a token
/// that fails is searched for the place.
fn check_alphabet(token: &[u8]) -> Result<(), Malformed> {
    if token.iter().fold(true, |all, byte| all & is_token_byte(*byte)) {
        return Ok(());
    }
    let at = token.iter().position(|byte| !is_token_byte(*byte)).unwrap_or_default();
    Err(Malformed::Alphabet { at })
}

/// The base64url alphabet without padding (RFC 4648 section 5), and the dot.
#[expect(clippy::needless_bitwise_bool, reason = "without branches it becomes vector instructions")]
const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() | (byte == b'-') | (byte == b'_') | (byte == b'.')
}
