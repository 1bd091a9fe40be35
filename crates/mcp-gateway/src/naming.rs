//! Names of servers and tools. `server__tool` names every tool, whatever else is configured.

use sha2::{Digest, Sha256};

/// What clients of language models accept as a tool's name.
const LONGEST: usize = 64;
const HASH: usize = 8;
const SEPARATOR: &str = "__";
/// Twice what MCP advises for the name of a tool, in bytes.
const LONGEST_TOOL: usize = 256;
/// Characters of what was given as a name that are shown: all of a name, and not all of what can be none.
const SHOWN: usize = LONGEST + SEPARATOR.len() + LONGEST_TOOL;

/// 1 to 64 letters, digits, `.`, `-` and `_`. No `__` and no `_` at the end, so that the first `__`
/// of a qualified name always separates.
pub(crate) fn is_server_name(name: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    (1..=LONGEST).contains(&name.len())
        && name.chars().all(legal)
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && !name.contains(SEPARATOR)
        && !name.ends_with('_')
}

/// What is longer is no name but a burden for whoever writes it down.
pub(crate) fn is_tool_name(name: &str) -> bool {
    (1..=LONGEST_TOOL).contains(&name.len())
}

/// A name that somebody gave, for a message: what a terminal would obey is escaped, and it has an end.
pub(crate) fn shown(name: &str) -> String {
    let start: String = name.chars().take(SHOWN).collect();
    let dots = if start.len() < name.len() { "\u{2026}" } else { "" };
    format!("{}{dots}", start.escape_debug())
}

/// `server__tool`, whatever its length.
pub(crate) fn full(server: &str, tool: &str) -> String {
    format!("{server}{SEPARATOR}{tool}")
}

/// The server and the tool that a whole qualified name names.
pub(crate) fn parts(name: &str) -> Option<(&str, &str)> {
    name.split_once(SEPARATOR)
}

/// `server__tool` in at most 64 bytes: a longer one is cut and ends in a hash of the whole, so it
/// depends on nothing but the two names.
pub(crate) fn qualified(server: &str, tool: &str) -> String {
    let full = full(server, tool);
    if full.len() <= LONGEST {
        return full;
    }
    let mut end = LONGEST - HASH - 1;
    while !full.is_char_boundary(end) {
        end -= 1;
    }
    let hash = hex::encode(Sha256::digest(full.as_bytes()));
    let (head, tail) = (full.get(..end).unwrap_or_default(), hash.get(..HASH).unwrap_or_default());
    format!("{head}_{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_names_cannot_make_qualified_names_ambiguous() {
        for name in ["fs", "a_b", "a.b-c", "9", &"a".repeat(64)] {
            assert!(is_server_name(name), "{name}");
        }
        for name in ["", "a__b", "a_", "_a", "-a", "a b", "ä", "a/b", &"a".repeat(65)] {
            assert!(!is_server_name(name), "{name}");
        }
    }

    #[test]
    fn what_is_shown_of_a_name_is_obeyed_by_no_terminal_and_has_an_end() {
        assert_eq!(shown("read_file"), "read_file");
        assert_eq!(shown("a\u{1b}[2J\u{202e}\nb"), "a\\u{1b}[2J\\u{202e}\\nb");
        assert_eq!(shown(&"\u{1}".repeat(40_000)), format!("{}…", "\\u{1}".repeat(SHOWN)));
    }

    #[test]
    fn short_names_stay_and_long_ones_keep_apart() {
        assert_eq!(qualified("fs", "read_file"), "fs__read_file");
        let exact = "t".repeat(60);
        assert_eq!(qualified("fs", &exact), format!("fs__{exact}"));
        let (one, two) = (format!("{exact}1"), format!("{exact}2"));
        assert_eq!(qualified("fs", &one).len(), 64);
        assert_ne!(qualified("fs", &one), qualified("fs", &two));
        assert_eq!(qualified("fs", &one), qualified("fs", &one));
        let wide = "ä".repeat(40);
        assert!(qualified("fs", &wide).len() <= 64);
    }
}
