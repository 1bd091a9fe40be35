//! Which packages reach a user: all that our packages need to be built, without dev-dependencies and
//! without our own tools.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use anyhow::{Context, Result};
use cargo_metadata::{DependencyKind, Metadata, Node, NodeDep, Package, PackageId};

use crate::project::TOOLS;
use crate::run;

#[derive(Debug)]
pub(crate) struct Shipped<'a> {
    metadata: &'a Metadata,
    /// Each shipped package and the one that brought it; ours were brought by none.
    brought_by: BTreeMap<&'a PackageId, Option<&'a PackageId>>,
}

impl<'a> Shipped<'a> {
    /// `is_built` leaves out what only a feature brings that our tools switch on: `cargo metadata` resolves the
    /// features of the whole workspace together.
    pub(crate) fn of(metadata: &'a Metadata, is_built: impl Fn(&Package) -> bool) -> Result<Self> {
        let resolved = metadata.resolve.as_ref().context("`cargo metadata` resolved nothing")?;
        let nodes: BTreeMap<_, _> = resolved.nodes.iter().map(|node| (&node.id, node)).collect();
        let ours = metadata.workspace_packages().into_iter();
        let roots = ours.filter(|package| !TOOLS.contains(&package.name.as_str()));
        let mut brought_by: BTreeMap<_, _> = roots.map(|package| (&package.id, None)).collect();
        let mut next: VecDeque<_> = brought_by.keys().copied().collect();
        while let Some(id) = next.pop_front() {
            let needed = nodes.get(id).into_iter().flat_map(|node| needed_by(node));
            for needed in needed.filter(|id| is_built(&metadata[*id])) {
                brought_by.entry(needed).or_insert_with(|| {
                    next.push_back(needed);
                    Some(id)
                });
            }
        }
        Ok(Self { metadata, brought_by })
    }

    pub(crate) fn packages(&self) -> impl Iterator<Item = &'a Package> {
        let all = self.metadata.packages.iter();
        all.filter(|package| self.brought_by.contains_key(&package.id))
    }

    /// `ours > theirs > package`: the shortest of the ways it comes in.
    pub(crate) fn road_to(&self, package: &Package) -> String {
        let mut names = vec![package.name.as_str()];
        let mut at = &package.id;
        while let Some(Some(parent)) = self.brought_by.get(at) {
            names.push(self.metadata[parent].name.as_str());
            at = parent;
        }
        names.reverse();
        names.join(" > ")
    }
}

/// The packages that are built for what we ship alone, as `name version`.
pub(super) fn built(metadata: &Metadata) -> Result<BTreeSet<String>> {
    let ours = metadata.workspace_packages().into_iter();
    let shipped = ours.filter(|package| !TOOLS.contains(&package.name.as_str()));
    let mut tree = run::cargo(&["tree", "--edges", "normal,build", "--prefix", "none"]);
    tree.args(["--all-features", "--target", "all", "--format", "{p}"]);
    for package in shipped {
        tree.args(["--package", package.name.as_str()]);
    }
    // A line is `name v1.2.3`, and more for packages from a path.
    let line = |line: &str| {
        let mut words = line.split_whitespace();
        Some(format!("{} {}", words.next()?, words.next()?.strip_prefix('v')?))
    };
    Ok(run::capture(&mut tree)?.lines().filter_map(line).collect())
}

pub(super) fn label(package: &Package) -> String {
    format!("{} {}", package.name, package.version)
}

fn needed_by(node: &Node) -> impl Iterator<Item = &PackageId> {
    let kept = |dep: &&NodeDep| dep.dep_kinds.iter().any(|k| k.kind != DependencyKind::Development);
    node.deps.iter().filter(kept).map(|dep| &dep.pkg)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// `ours` needs `middle` needs `rsa`; `ours` tests with `helper`; `xtask` needs another `rsa`.
    pub(crate) fn metadata() -> Metadata {
        cargo_metadata::MetadataCommand::parse(include_str!("testdata.json")).unwrap()
    }

    #[test]
    fn tools_and_dev_dependencies_are_not_shipped() {
        let metadata = metadata();
        let shipped = Shipped::of(&metadata, |_| true).unwrap();
        let names: Vec<_> = shipped.packages().map(|package| package.id.repr.as_str()).collect();
        assert_eq!(names, ["ours", "middle", "rsa@1"]);
    }
}
