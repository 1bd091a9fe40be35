//! Whose answer it was that is too long to be read.

use std::cell::Cell;
use std::fmt;

use rmcp::model::RequestId;
use serde::Deserializer;
use serde::de::{IgnoredAny, MapAccess, Visitor};

/// The member `id` of a message, of which only the beginning is there. `None` if `id` stands behind
/// what was cut off.
pub(super) fn id_of(beginning: &[u8]) -> Option<RequestId> {
    let id = Cell::new(None);
    let mut reader = serde_json::Deserializer::from_slice(beginning);
    // Always an error, at the latest where the beginning ends.
    drop(reader.deserialize_map(FindId(&id)));
    id.into_inner()
}

/// The same where only the end of the message is there: the official TypeScript SDK writes `id` last. Within a text the
/// name would have escaped quotation marks, so it is not mistaken for one.
pub(super) fn id_at_the_end(end: &[u8]) -> Option<RequestId> {
    let at = memchr::memmem::rfind(end, b"\"id\"")?;
    let value = end.get(at + 4..)?.trim_ascii_start().strip_prefix(b":")?;
    serde_json::Deserializer::from_slice(value).into_iter().next()?.ok()
}

struct FindId<'a>(&'a Cell<Option<RequestId>>);

impl<'de> Visitor<'de> for FindId<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a message")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(name) = members.next_key::<String>()? {
            if name == "id" {
                self.0.set(Some(members.next_value()?));
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_found_before_the_cut() {
        let id = |text: &str| id_of(text.as_bytes());
        assert_eq!(
            id(r#"{"jsonrpc":"2.0","id":7,"result":{"content":[{"te"#),
            Some(RequestId::Number(7))
        );
        assert_eq!(
            id(r#"{"result":{"id":3,"a":1},"id":"x","b":"#),
            Some(RequestId::String("x".into()))
        );
        assert_eq!(id(r#"{"result":{"id":3,"a":"#), None);
        assert_eq!(id("xxxxxxx"), None);
    }

    #[test]
    fn the_id_is_found_after_the_cut() {
        let id = |text: &str| id_at_the_end(text.as_bytes());
        assert_eq!(id(r#"text"}],"id":3},"jsonrpc":"2.0","id":7}"#), Some(RequestId::Number(7)));
        assert_eq!(
            id(r#"\"id\":3"}]}, "id" : "x", "jsonrpc":"2.0"}"#),
            Some(RequestId::String("x".into()))
        );
        for none in [r#"\"id\":3"}"#, r#""id"}"#, r#""id":"#, r#""id":{}}"#, "xxx"] {
            assert_eq!(id(none), None, "{none}");
        }
    }
}
