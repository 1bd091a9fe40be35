//! One place for versions, edition, licence and lints: the workspace's manifest.
//!
//! `cargo metadata` shows the values and not where they come from, so this reads the text. Our
//! manifests are plain enough for that, and `xtask` does without a TOML parser.

use std::fs;

use anyhow::{Context, Result};

use super::{House, Mistake};
use crate::project;

/// What each package says word for word.
const INHERITED: &[&str] = &[
    "version.workspace = true",
    "edition.workspace = true",
    "rust-version.workspace = true",
    "license.workspace = true",
    "[lints]\nworkspace = true",
];

pub(super) fn check(house: &House) -> Result<Vec<Mistake>> {
    let mut mistakes = Vec::new();
    for package in house.metadata.workspace_packages() {
        let path = package.manifest_path.as_std_path();
        let text =
            fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        let place = path.strip_prefix(project::root()).unwrap_or(path).to_string_lossy();
        mistakes.extend(missing(&place, &text));
        mistakes.extend(own_versions(&place, &text));
    }
    Ok(mistakes)
}

fn missing(place: &str, text: &str) -> Vec<Mistake> {
    // From one line start to the next line end, so that half a key is no match.
    let text = format!("\n{text}\n");
    let absent = INHERITED.iter().filter(|wanted| !text.contains(&format!("\n{wanted}\n")));
    absent
        .map(|wanted| {
            let shown = wanted.replace('\n', " ");
            Mistake::new(place, format!("lacks `{shown}`"), "inherit it, word for word")
        })
        .collect()
}

/// Dependencies that state a version of their own, in whichever table.
fn own_versions(place: &str, text: &str) -> Vec<Mistake> {
    let mut in_dependencies = false;
    let mut mistakes = Vec::new();
    for (at, line) in (1..).zip(text.lines().map(str::trim)) {
        if line.starts_with('[') {
            in_dependencies = line.contains("dependencies");
        } else if in_dependencies && states_version(line) {
            let problem = format!("`{line}` states a version");
            let remedy = "put it into [workspace.dependencies] and say `workspace = true` here";
            mistakes.push(Mistake::new(format!("{place}:{at}"), problem, remedy));
        }
    }
    mistakes
}

/// `name = "1"`, or `version = "1"` on its own or within braces.
fn states_version(line: &str) -> bool {
    let Some((key, value)) = line.split_once('=') else {
        return false;
    };
    let (key, value) = (key.trim(), value.trim());
    let is_other = ["path", "package", "git", "branch", "tag", "rev", "registry"].contains(&key);
    let bare = value.starts_with('"') && !is_other && !line.starts_with('#');
    let members = value.trim_start_matches('{').split(',');
    let mut keys = members.filter_map(|member| member.split_once('=')).map(|(key, _)| key.trim());
    bare || value.starts_with('{') && keys.any(|key| key == "version")
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[package]\nname = \"a\"\nversion.workspace = true\n\
        edition.workspace = true\nrust-version.workspace = true\nlicense.workspace = true\n\n\
        [lints]\nworkspace = true\n\n[dependencies]\nserde.workspace = true\n\
        hex = { workspace = true, features = [\"alloc\"] }\n\n\
        [dev-dependencies]\na = { path = \".\", features = [\"testing\"] }\n";

    #[test]
    fn a_package_that_inherits_is_fine() {
        assert!(missing("a", GOOD).is_empty());
        assert!(own_versions("a", GOOD).is_empty());
    }

    #[test]
    fn what_is_not_inherited_is_named() {
        let text = GOOD.replace("edition.workspace = true", "edition = \"2021\"");
        let text = text.replace("[lints]\nworkspace = true", "");
        let mistakes: Vec<_> = missing("a", &text).into_iter().map(|m| m.problem).collect();
        assert_eq!(
            mistakes,
            ["lacks `edition.workspace = true`", "lacks `[lints] workspace = true`"]
        );
    }

    #[test]
    fn a_version_is_found_wherever_it_is_stated() {
        for line in
            ["hex = \"1\"", "hex = { version = \"1\" }", "hex = { path = \"h\", version=\"1\" }"]
        {
            let text = format!("{GOOD}{line}\n");
            assert_eq!(own_versions("a", &text).len(), 1, "{line}");
        }
        for table in ["[dependencies.hex]", "[target.'cfg(unix)'.build-dependencies.hex]"] {
            let text = format!("{GOOD}{table}\nversion = \"1\"\n");
            assert_eq!(own_versions("a", &text).len(), 1, "{table}");
        }
        assert!(own_versions("a", "[package]\nversion = \"1\"\n").is_empty());
    }
}
