//! The shared secret of the HMAC algorithms: what is refused, and what is merely weak.

mod strength;

use std::fmt;

use thiserror::Error;
use zeroize::ZeroizeOnDrop;

pub use self::strength::Weakness;
use crate::keys::Algorithm;

/// Fewest bytes a secret may have: 256 bits (RFC 7518 section 3.2, for HS256).
pub const MIN_SECRET_BYTES: usize = 32;

/// The key of HS256, HS384 or HS512. The UTF-8 bytes of the configured text are the key, as in PyJWT and
/// python-jose: `openssl rand -hex 32` yields a 64-byte key, not a decoded 32-byte one.
///
/// Wiped from memory when dropped; shown by no formatter and no serialiser.
#[derive(Clone, PartialEq, Eq, ZeroizeOnDrop)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Takes the text of `MCP_JWT_SECRET` or of one line of a secret file.
    ///
    /// # Errors
    /// When the text is a mistake rather than a secret: too short, an unexpanded `${...}`, a PEM or SSH key, a
    /// JSON object (a JWK), or with characters at its ends that another program would cut.
    pub fn from_text(text: &str) -> Result<Self, SecretError> {
        refuse_other_things(text)?;
        refuse_stray_characters(text)?;
        Self::from_bytes(text.as_bytes())
    }

    /// Takes a key that is not text, such as the decoded `k` of a JWK.
    ///
    /// # Errors
    /// [`SecretError::TooShort`] under 32 bytes; [`SecretError::Zeros`] when it ends in a zero byte, because
    /// HMAC pads keys with zeros and `K` and `K‖00` would be one key.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SecretError> {
        if bytes.len() < MIN_SECRET_BYTES {
            return Err(SecretError::TooShort { bytes: bytes.len() });
        }
        if bytes.last() == Some(&0) {
            return Err(SecretError::Zeros);
        }
        Ok(Self(bytes.to_vec()))
    }

    /// Why this secret, though legal, should not guard anything; worst first, empty when it is strong.
    pub fn weaknesses(&self, algorithm: Algorithm) -> Vec<Weakness> {
        strength::weaknesses(&self.0, algorithm.mac_bytes().unwrap_or(MIN_SECRET_BYTES))
    }

    pub(crate) fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret([redacted])")
    }
}

/// A secret that cannot be used. The text says what is wrong and what to do, and never holds the secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SecretError {
    /// Nothing, or nothing but white space.
    #[error("is empty; make one with `openssl rand -hex 32`")]
    Empty,
    /// Under 32 bytes (RFC 7518 section 3.2).
    #[error(
        "has {bytes} bytes, {MIN_SECRET_BYTES} are needed; make one with `openssl rand -hex 32`"
    )]
    TooShort {
        /// Bytes found.
        bytes: usize,
    },
    /// `$NAME` or `${NAME}` reached us unexpanded.
    #[error(
        "is or holds an unexpanded `${{...}}`; the program that should fill it in did not, write the secret itself"
    )]
    Unexpanded,
    /// A PEM or SSH key: with a public one anybody could sign (CVE-2022-29217 and its kin).
    #[error(
        "is a PEM or SSH key, not a shared secret; set MCP_JWT_ALGORITHM to ES256, EdDSA or RS256 and name \
         the key's file in MCP_JWT_PRIVATE_KEY_FILE or MCP_JWT_PUBLIC_KEY_FILE"
    )]
    AsymmetricKey,
    /// A JSON object, such as a JWK.
    #[error("is a JSON object (a JWK?), not a shared secret; write the secret itself")]
    Json,
    /// White space, a byte order mark or a control character at an end.
    #[error(
        "begins or ends with white space, a byte order mark or a control character, which other programs cut \
         and then disagree about the key; remove it"
    )]
    StrayCharacter,
    /// A line break, NUL or other control character inside.
    #[error("holds a line break or another control character; write it on one line")]
    ControlCharacter,
    /// Ends in a zero byte, which HMAC cannot tell from its own padding.
    #[error("ends in a zero byte, which HMAC cannot tell from padding; choose another key")]
    Zeros,
}

fn refuse_other_things(text: &str) -> Result<(), SecretError> {
    let inner = text.trim_start_matches('\u{feff}').trim();
    if inner.is_empty() {
        return Err(SecretError::Empty);
    }
    if inner.contains("-----BEGIN") || inner.contains("ssh-") || inner.starts_with("ecdsa-sha2-") {
        return Err(SecretError::AsymmetricKey);
    }
    if is_ssh_or_der(inner) {
        return Err(SecretError::AsymmetricKey);
    }
    let is_name =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if inner.contains("${") || inner.strip_prefix('$').is_some_and(is_name) {
        return Err(SecretError::Unexpanded);
    }
    let is_within = |open, close| inner.starts_with(open) && inner.ends_with(close);
    if is_within('{', '}') || is_within('[', ']') {
        return Err(SecretError::Json);
    }
    Ok(())
}

/// The body of a public key without the lines around it: in OpenSSH's form, or a SubjectPublicKeyInfo, which is a
/// sequence in a sequence and no shorter than Ed25519's 44 bytes (RFC 8410 section 4).
fn is_ssh_or_der(text: &str) -> bool {
    const SSH: [&str; 3] = ["AAAAC3NzaC1", "AAAAB3NzaC1", "AAAAE2VjZHNh"];
    let der = base64_simd::STANDARD.decode_to_vec(text).unwrap_or_default();
    let is_sequence = match der.as_slice() {
        [0x30, length, 0x30, ..] => usize::from(*length) + 2 == der.len(),
        [0x30, 0x81, length, 0x30, ..] => usize::from(*length) + 3 == der.len(),
        [0x30, 0x82, high, low, 0x30, ..] => {
            usize::from(u16::from_be_bytes([*high, *low])) + 4 == der.len()
        }
        _ => false,
    };
    SSH.iter().any(|prefix| text.starts_with(prefix)) || (der.len() >= 44 && is_sequence)
}

fn refuse_stray_characters(text: &str) -> Result<(), SecretError> {
    let stray = |c: char| c.is_whitespace() || c.is_control() || c == '\u{feff}';
    if text.starts_with(stray) || text.ends_with(stray) {
        return Err(SecretError::StrayCharacter);
    }
    if text.contains(char::is_control) { Err(SecretError::ControlCharacter) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "f0e1d2c3b4a5968778695a4b3c2d1e0f-and-more";

    #[test]
    fn a_secret_is_its_text() {
        assert_eq!(Secret::from_text(GOOD).unwrap().expose(), GOOD.as_bytes());
    }

    #[test]
    fn mistakes_are_told_apart() {
        let cases = [
            ("", SecretError::Empty),
            (" \n", SecretError::Empty),
            ("short", SecretError::TooShort { bytes: 5 }),
            ("${MCP_JWT_SECRET_FROM_THE_SECRET_MANAGER}", SecretError::Unexpanded),
            ("kJ8s-service-prefix-qZ7r2LxV5nTwYb:${ROOT}", SecretError::Unexpanded),
            ("$MCP_JWT_SECRET_FROM_THE_SECRET_MANAGER", SecretError::Unexpanded),
            (r#"[{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKO"}]"#, SecretError::Json),
            (
                "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=",
                SecretError::AsymmetricKey,
            ),
            ("AAAAC3NzaC1lZDI1NTE5AAAAIGb9ECWmEzf6FQbrBZ9w7lshQhqo", SecretError::AsymmetricKey),
            ("-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYI\n", SecretError::AsymmetricKey),
            ("  -----BEGIN PUBLIC KEY-----", SecretError::AsymmetricKey),
            ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI", SecretError::AsymmetricKey),
            (r#"{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ"}"#, SecretError::Json),
        ];
        for (text, expected) in cases {
            assert_eq!(Secret::from_text(text), Err(expected), "{text:?}");
        }
    }

    #[test]
    fn characters_that_others_cut_are_refused() {
        for (before, after) in
            [("", "\n"), ("", "\r\n"), (" ", ""), ("\u{feff}", ""), ("", "\0"), ("", "\u{a0}")]
        {
            let text = format!("{before}{GOOD}{after}");
            assert_eq!(Secret::from_text(&text), Err(SecretError::StrayCharacter), "{text:?}");
        }
        assert_eq!(
            Secret::from_text(&format!("{GOOD}\n{GOOD}")),
            Err(SecretError::ControlCharacter)
        );
        assert_eq!(Secret::from_bytes(&[0; 40]), Err(SecretError::Zeros));
    }
}
