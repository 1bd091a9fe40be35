//! `cargo xtask deps`: what we ship depends on nothing banned, under licences we can live with, from
//! one registry. The rules are the tables below; the facts are `cargo metadata`'s.

mod graph;
mod licence;

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use cargo_metadata::{Metadata, Package, semver::VersionReq};

use crate::project;
use graph::Shipped;

/// Crates that must not reach what we ship, each with the reason and what to use instead.
const BANNED: &[(&str, &str)] = &[
    ("native-tls", "one TLS stack only: use rustls"),
    ("openssl", "one TLS stack only: use rustls"),
    ("openssl-sys", "a C library of the system decides what it does: use aws-lc-rs"),
    ("ring", "a second crypto provider makes the choice of one ambiguous: use aws-lc-rs"),
    ("rsa", "RUSTSEC-2023-0071, timing side channel: use aws-lc-rs"),
    ("rustls-pemfile", "unmaintained: use rustls-pki-types"),
];

/// Licences that ask for no more than a notice. `CDLA-Permissive-2.0` is for data: root certificates.
const LICENCES: &[&str] = &[
    "Apache-2.0",
    "BSD-3-Clause",
    "BSL-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Zlib",
];

pub(crate) fn run() -> Result<()> {
    let metadata = project::metadata()?;
    let built = graph::built(&metadata)?;
    let shipped = Shipped::of(&metadata, |package| built.contains(&graph::label(package)))?;
    for warning in duplicates(&shipped) {
        println!("warning: {warning}");
    }
    let mut mistakes = banned(&shipped);
    mistakes.extend(licences(&shipped));
    mistakes.extend(sources(&metadata));
    mistakes.extend(wildcards(&metadata));
    if mistakes.is_empty() {
        println!("deps: {} crates shipped, all within the rules", shipped.packages().count());
        return Ok(());
    }
    bail!("{} broken dependency rules\n  {}", mistakes.len(), mistakes.join("\n  "))
}

fn banned(shipped: &Shipped<'_>) -> Vec<String> {
    let reason = |name: &str| BANNED.iter().find(|(banned, _)| *banned == name).map(|(_, why)| why);
    let found = shipped.packages().filter_map(|package| Some((package, reason(&package.name)?)));
    found
        .map(|(package, why)| {
            format!("banned: {} ({why}); it comes by {}", package.name, shipped.road_to(package))
        })
        .collect()
}

fn licences(shipped: &Shipped<'_>) -> Vec<String> {
    let refused = shipped.packages().filter_map(|package| {
        let problem = licence_problem(package.license.as_deref())?;
        let road = shipped.road_to(package);
        Some(format!(
            "licence: {} {}: {problem}; it comes by {road}",
            package.name, package.version
        ))
    });
    refused.collect()
}

fn licence_problem(expression: Option<&str>) -> Option<String> {
    let Some(expression) = expression else {
        return Some("its manifest names no licence".into());
    };
    match licence::allows(expression, LICENCES) {
        Ok(true) => None,
        Ok(false) => Some(format!("`{expression}` asks for more than {}", LICENCES.join(", "))),
        Err(error) => Some(format!("`{expression}` cannot be read: {error}")),
    }
}

/// Two versions of a crate are waste, and now and then unavoidable: a warning.
fn duplicates(shipped: &Shipped<'_>) -> Vec<String> {
    let mut versions: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for package in shipped.packages() {
        versions.entry(&package.name).or_default().push(package.version.to_string());
    }
    versions.retain(|_, versions| versions.len() > 1);
    let shown = versions.iter();
    shown.map(|(name, versions)| format!("{name} is here as {}", versions.join(" and "))).collect()
}

/// All packages, our tools' too: what is built here runs here.
fn sources(metadata: &Metadata) -> Vec<String> {
    let is_known = |package: &Package| match &package.source {
        Some(source) => source.is_crates_io(),
        None => metadata.workspace_members.contains(&package.id),
    };
    let strangers = metadata.packages.iter().filter(|package| !is_known(package));
    strangers
        .map(|package| {
            let from = package.source.as_ref().map_or("a path outside the workspace", |s| &s.repr);
            format!("source: {} comes from {from}; use a version from the registry", package.name)
        })
        .collect()
}

fn wildcards(metadata: &Metadata) -> Vec<String> {
    let ours = metadata.workspace_packages().into_iter();
    let named = ours.flat_map(|package| package.dependencies.iter().map(move |dep| (package, dep)));
    let open = named.filter(|(_, dep)| dep.path.is_none() && dep.req == VersionReq::STAR);
    open.map(|(package, dep)| {
        format!("wildcard: {} takes any `{}`; name a version", package.name, dep.name)
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_licence_outside_the_list_is_named_with_the_list() {
        assert_eq!(licence_problem(Some("MIT OR GPL-3.0-only")), None);
        assert!(licence_problem(Some("GPL-3.0-only")).unwrap().contains("asks for more than"));
        assert!(licence_problem(Some("MIT OR")).unwrap().contains("cannot be read"));
        assert!(licence_problem(None).unwrap().contains("no licence"));
    }

    #[test]
    fn every_rule_finds_its_offender() {
        let metadata = graph::tests::metadata();
        let shipped = Shipped::of(&metadata, |_| true).unwrap();
        let found = banned(&shipped);
        assert_eq!(found.len(), 1, "the copy that only a tool uses is none of ours: {found:?}");
        assert!(found.concat().contains("rsa (RUSTSEC"), "{found:?}");
        assert!(found.concat().ends_with("it comes by ours > middle > rsa"), "{found:?}");
        assert!(licences(&shipped).concat().contains("middle 1.0.0: `GPL-3.0-only`"));
        assert!(sources(&metadata).concat().contains("middle comes from git+"));
        assert!(wildcards(&metadata).concat().contains("ours takes any `middle`"));
    }
}
