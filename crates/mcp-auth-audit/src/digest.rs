//! The two fixed-size values of the format, each with its one spelling: lower-case hexadecimal.

use std::fmt;

use mcp_auth::random::Randomness;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest as _, Sha256};

/// What a line of the chain hashes to: 32 bytes, written as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct LineHash(pub(crate) [u8; 32]);

impl LineHash {
    /// Exactly 64 digits in lower case, so that a hash has one spelling only.
    pub(crate) fn parse(digits: &[u8]) -> Option<Self> {
        parse(digits).map(Self)
    }

    /// Adds the 64 digits, without a string between: each line has two hashes.
    pub(crate) fn write(self, text: &mut Vec<u8>) {
        let mut digits = [0; 64];
        // Two digits a byte: there is room for all.
        let _ = hex::encode_to_slice(self.0, &mut digits);
        text.extend_from_slice(&digits);
    }
}

impl fmt::Display for LineHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// Names one log: 16 random bytes, drawn when its file is begun, as 32 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogId([u8; 16]);

impl LogId {
    pub(crate) const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    pub(crate) fn random(randomness: &dyn Randomness) -> Self {
        let mut bytes = [0; 16];
        randomness.fill(&mut bytes);
        Self(bytes)
    }

    /// The `prev` of a log's first line: SHA-256 of `mcp-auth-audit-v1:` and the log's id in hexadecimal.
    pub(crate) fn genesis(self) -> LineHash {
        LineHash(Sha256::digest(format!("mcp-auth-audit-v1:{self}")).into())
    }
}

impl fmt::Display for LogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

pub(crate) fn parse<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let is_lower = digits.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    (is_lower && hex::decode_to_slice(digits, &mut bytes).is_ok()).then_some(bytes)
}

/// Text in both directions, through [`parse`].
macro_rules! as_text {
    ($name:ident, $expected:literal) => {
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let digits = String::deserialize(deserializer)?;
                let bytes = parse(digits.as_bytes());
                bytes.map(Self).ok_or_else(|| de::Error::custom(concat!("not ", $expected)))
            }
        }
    };
}

as_text!(LineHash, "64 lower-case hexadecimal digits");
as_text!(LogId, "32 lower-case hexadecimal digits");
