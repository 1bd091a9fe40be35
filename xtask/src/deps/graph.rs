//! Which packages reach a user: all that our packages need to be built, without dev-dependencies and
//! without our own tools.

use std::collections::{BTreeMap, VecDeque};

use anyhow::{Context, Result};
use cargo_metadata::{DependencyKind, Metadata, Node, NodeDep, Package, PackageId};

use crate::project::TOOLS;

#[derive(Debug)]
pub(crate) struct Shipped<'a> {
    metadata: &'a Metadata,
    /// Each shipped package and the one that brought it; ours were brought by none.
    brought_by: BTreeMap<&'a PackageId, Option<&'a PackageId>>,
}

impl<'a> Shipped<'a> {
    pub(crate) fn of(metadata: &'a Metadata) -> Result<Self> {
        let resolved = metadata.resolve.as_ref().context("`cargo metadata` resolved nothing")?;
        let nodes: BTreeMap<_, _> = resolved.nodes.iter().map(|node| (&node.id, node)).collect();
        let ours = metadata.workspace_packages().into_iter();
        let roots = ours.filter(|package| !TOOLS.contains(&package.name.as_str()));
        let mut brought_by: BTreeMap<_, _> = roots.map(|package| (&package.id, None)).collect();
        let mut next: VecDeque<_> = brought_by.keys().copied().collect();
        while let Some(id) = next.pop_front() {
            for needed in nodes.get(id).into_iter().flat_map(|node| needed_by(node)) {
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
        let shipped = Shipped::of(&metadata).unwrap();
        let names: Vec<_> = shipped.packages().map(|package| package.id.repr.as_str()).collect();
        assert_eq!(names, ["ours", "middle", "rsa@1"]);
    }
}
