//! The names of a crate's public types, for tests that look at each of them.

use std::collections::BTreeSet;
use std::path::Path;

/// The public structs and enums that the sources in a directory declare. A test compares them with its list of those
/// that it looks at and those that it need not look at, so that a new type is not forgotten.
pub fn public_types(sources: impl AsRef<Path>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect(sources.as_ref(), &mut found);
    found
}

fn collect(directory: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            found.extend(text.lines().filter_map(type_name).map(str::to_owned));
        }
    }
}

fn type_name(line: &str) -> Option<&str> {
    let declaration = line.trim_start();
    let rest = declaration
        .strip_prefix("pub struct ")
        .or_else(|| declaration.strip_prefix("pub enum "))?;
    rest.split(|c: char| !c.is_alphanumeric() && c != '_').next()
}
