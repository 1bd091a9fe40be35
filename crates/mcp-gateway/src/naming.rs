//! Names of servers and tools. `server__tool` names every tool, whatever else is configured.

use sha2::{Digest, Sha256};

/// What clients of language models accept as a tool's name.
const LONGEST: usize = 64;
const HASH: usize = 8;
const SEPARATOR: &str = "__";

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

/// `server__tool`, whatever its length.
pub(crate) fn full(server: &str, tool: &str) -> String {
    format!("{server}{SEPARATOR}{tool}")
}

/// The server that a qualified name names.
pub(crate) fn server_in(name: &str) -> Option<&str> {
    name.split_once(SEPARATOR).map(|(server, _)| server)
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
