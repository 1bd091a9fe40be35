//! What a visitor sees first is the top level. It stays short.

use std::collections::BTreeSet;

use super::{File, Mistake};

const TOP: &[&str] =
    &["Cargo.lock", "Cargo.toml", "LICENSE", "README.md", "crates", "docs", "examples", "xtask"];

pub(super) fn check(files: &[File]) -> Vec<Mistake> {
    let first = |file: &File| file.path.split('/').next().unwrap_or_default().to_owned();
    let entries: BTreeSet<String> = files.iter().map(first).collect();
    let strangers = entries.iter().filter(|entry| !is_welcome(entry));
    strangers.map(|entry| Mistake::new(entry, "is at the top level", REMEDY)).collect()
}

const REMEDY: &str =
    "move it under crates, docs, examples or xtask; tool configuration is a dotfile";

fn is_welcome(entry: &str) -> bool {
    entry.starts_with('.') || TOP.contains(&entry)
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn only_known_names_and_dotfiles_are_at_the_top() {
        let files = ["Cargo.toml", ".ci/run", "docs/a.md", "deny.toml", "src/a.rs", "src/b.rs"];
        let mistakes = check(&files.map(|path| file(path, "")));
        let places: Vec<_> = mistakes.iter().map(|mistake| mistake.place.as_str()).collect();
        assert_eq!(places, ["deny.toml", "src"]);
    }
}
