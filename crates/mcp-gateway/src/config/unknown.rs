//! Members of an entry that nobody reads. Other programs share the file and have members of their own, so none is an error;
//! but a name that was mistyped does nothing, and nobody would see it.

use std::fmt;

use serde_json::{Map, Value};

/// What an entry can say.
const KNOWN: [&str; 8] =
    ["command", "args", "env", "url", "headers", "description", "timeout", "autoConnect"];

/// What other clients write into the same file and nobody misses here.
const OF_OTHERS: [&str; 10] = [
    "$schema",
    "_comment",
    "alwaysAllow",
    "autoApprove",
    "comment",
    "disabled",
    "enabled",
    "name",
    "trust",
    "type",
];

/// A member that does nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownMember {
    /// The server's name.
    pub server: String,
    /// The member's name.
    pub member: String,
}

impl fmt::Display for UnknownMember {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { server, member } = self;
        write!(
            f,
            "server `{server}`: the member `{member}` does nothing here; known are {}",
            KNOWN.join(", ")
        )
    }
}

/// Those of one entry.
pub(super) fn of<'a>(
    server: &'a str,
    entry: &'a Value,
) -> impl Iterator<Item = UnknownMember> + 'a {
    let members = entry.as_object().into_iter().flat_map(Map::iter);
    let unknown = members.filter(|(name, value)| !is_known(name, value));
    unknown.map(|(name, _)| UnknownMember { server: server.to_owned(), member: name.clone() })
}

fn is_known(name: &str, value: &Value) -> bool {
    KNOWN.contains(&name) || (OF_OTHERS.contains(&name) && !switches_off(name, value))
}

/// Who writes so expects that the server is not started, which takes `autoConnect` here.
fn switches_off(name: &str, value: &Value) -> bool {
    matches!((name, value), ("disabled", Value::Bool(true)) | ("enabled", Value::Bool(false)))
}
