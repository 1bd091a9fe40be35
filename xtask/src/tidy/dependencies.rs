//! What a page tells its reader to depend on is what the program on that page is built with.

use cargo_metadata::{Dependency, DependencyKind, Metadata, Package};

use super::{File, House, Mistake};

/// Each page, and the package whose code is on it.
const PAGES: &[(&str, &str)] =
    &[("docs/guides/embed-axum.md", "embed-axum"), ("docs/guides/embed-rmcp.md", "embed-rmcp")];

pub(super) fn check(house: &House) -> Vec<Mistake> {
    PAGES
        .iter()
        .filter_map(|(page, package)| problem(&house.files, &house.metadata, page, package))
        .collect()
}

fn problem(files: &[File], metadata: &Metadata, page: &str, package: &str) -> Option<Mistake> {
    let packages = metadata.workspace_packages();
    let Some(package) = packages.into_iter().find(|found| found.name.as_str() == package) else {
        return Some(Mistake::new(page, format!("there is no package {package}"), "name another"));
    };
    let block = block(package, metadata.workspace_root.as_str());
    let text = files.iter().find(|file| file.path == page).map_or("", |file| &*file.text);
    let remedy = format!("let the page say\n{block}");
    let problem = format!("it does not tell the dependencies of {}", package.name);
    (!text.contains(&block)).then(|| Mistake::new(page, problem, remedy))
}

/// The page's block, for a crate that lies beside a copy of this repository.
fn block(package: &Package, root: &str) -> String {
    let dependencies = package.dependencies.iter();
    let dependencies = dependencies.filter(|it| it.kind == DependencyKind::Normal);
    let mut lines: Vec<_> = dependencies.map(|it| line(it, root)).collect();
    lines.sort();
    format!("```toml\n[dependencies]\n{}\n```\n", lines.join("\n"))
}

fn line(dependency: &Dependency, root: &str) -> String {
    let version = dependency.req.to_string();
    let version = format!("\"{}\"", version.trim_start_matches('^'));
    let path = dependency.path.as_ref().and_then(|path| path.as_str().strip_prefix(root));
    let path = path.map(|path| format!("path = \"../mcp-auth{path}\""));
    let is_plain = path.is_none() && dependency.uses_default_features;
    if is_plain && dependency.features.is_empty() {
        return format!("{} = {version}", dependency.name);
    }
    let mut members = vec![path.unwrap_or_else(|| format!("version = {version}"))];
    if !dependency.uses_default_features {
        members.push("default-features = false".to_owned());
    }
    if !dependency.features.is_empty() {
        members.push(format!("features = {:?}", dependency.features));
    }
    format!("{} = {{ {} }}", dependency.name, members.join(", "))
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;
    use crate::project;

    #[test]
    fn a_page_without_one_of_the_dependencies_is_told_all_of_them() {
        let metadata = project::metadata().unwrap();
        let (page, package) = PAGES[0];
        let told = |text: &str| problem(&[file(page, text)], &metadata, page, package);
        let remedy = told("").unwrap().remedy;
        let block = remedy.strip_prefix("let the page say\n").unwrap();
        for line in [
            "mcp-auth = { path = \"../mcp-auth/crates/mcp-auth\" }",
            "tokio = { version = \"1.54\", default-features = false, features = [\"macros\", \"net\", \"rt\"] }",
            "serde_json = \"1\"",
        ] {
            assert!(block.lines().any(|found| found == line), "{block}");
        }
        assert!(told(&format!("Depend on it:\n\n{block}\nGo on.\n")).is_none());
        assert!(told(&block.replace("serde_json = \"1\"\n", "")).is_some());
    }
}
