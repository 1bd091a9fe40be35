//! The `aud` claim: one name or several (RFC 7519 section 4.1.3).

use crate::json::Value;

use super::ClaimsFault;

/// For whom a token was issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audience(Vec<Box<str>>);

impl Audience {
    pub(super) fn read(value: &Value<'_>) -> Result<Self, ClaimsFault> {
        match value {
            Value::String(one) => Ok(Self(vec![one.as_ref().into()])),
            _ => match value.strings() {
                Some(several) => Ok(Self(several.into_iter().map(Into::into).collect())),
                None => Err(ClaimsFault::Type {
                    name: "aud",
                    wanted: "a string or an array of strings",
                    found: value.kind(),
                }),
            },
        }
    }

    /// Whether `name` is one of them, byte for byte: no prefix, no case folding, no trailing slash.
    pub fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|one| **one == *name)
    }

    /// The names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(AsRef::as_ref)
    }
}
