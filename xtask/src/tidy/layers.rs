//! Dependencies between our crates point down, along the edges of this table. A crate that is not in
//! it has no place yet: give it one, and say in docs/ why it lies there.

use cargo_metadata::{Dependency, DependencyKind, Metadata, Package};

use super::Mistake;

struct Place {
    name: &'static str,
    /// Tests may use anything of a lower layer.
    layer: u8,
    /// What the crate itself may use.
    uses: &'static [&'static str],
}

const fn place(name: &'static str, layer: u8, uses: &'static [&'static str]) -> Place {
    Place { name, layer, uses }
}

const PLACES: &[Place] = &[
    place("mcp-auth", 0, &[]),
    place("mcp-gateway", 0, &[]),
    place("mcp-auth-history", 0, &[]),
    place("demo-server", 0, &[]),
    place("mcp-auth-rig", 0, &[]),
    place("mcp-auth-cli", 1, &["mcp-auth"]),
    place("mcp-auth-tower", 1, &["mcp-auth"]),
    place("mcp-auth-audit", 1, &["mcp-auth"]),
    place("mcp-auth-sessions", 1, &["mcp-auth"]),
    place("mcp-auth-sqlite", 2, &["mcp-auth", "mcp-auth-sessions"]),
    place("mcp-auth-redis", 2, &["mcp-auth", "mcp-auth-sessions"]),
    place("mcp-token-gen", 3, &["mcp-auth", "mcp-auth-cli"]),
    place("mcp-token-validate", 3, &["mcp-auth", "mcp-auth-cli"]),
    place("mcp-auth-server", 3, SERVER),
    place("embed-axum", 4, &["mcp-auth", "mcp-auth-tower"]),
    place("embed-rmcp", 4, &["mcp-auth", "mcp-auth-tower"]),
    place("mcp-auth-bench", 4, BENCH),
    place("xtask", 4, &[]),
];

/// The server wires everything together, so it alone may use everything below.
const SERVER: &[&str] = &[
    "mcp-auth",
    "mcp-auth-audit",
    "mcp-auth-cli",
    "mcp-auth-redis",
    "mcp-auth-sessions",
    "mcp-auth-sqlite",
    "mcp-auth-tower",
    "mcp-gateway",
];

/// What is measured in the benchmark's own process.
const BENCH: &[&str] = &[
    "mcp-auth",
    "mcp-auth-audit",
    "mcp-auth-redis",
    "mcp-auth-rig",
    "mcp-auth-sessions",
    "mcp-auth-sqlite",
    "mcp-auth-tower",
];

/// Crates of others that only some of ours may name, in whatever role.
const RESERVED: &[(&str, &[&str])] = &[("jsonwebtoken", &["mcp-auth", "mcp-auth-bench"])];

pub(super) fn check(metadata: &Metadata) -> Vec<Mistake> {
    let packages = metadata.workspace_packages();
    packages.into_iter().flat_map(check_package).collect()
}

fn check_package(package: &Package) -> Vec<Mistake> {
    let Some(place) = find(&package.name) else {
        let remedy = "add it to PLACES in xtask/src/tidy/layers.rs";
        return vec![Mistake::new(package.name.as_str(), "has no place among the layers", remedy)];
    };
    package.dependencies.iter().filter_map(|dependency| check_edge(place, dependency)).collect()
}

fn check_edge(place: &Place, dependency: &Dependency) -> Option<Mistake> {
    let problem = problem(place, &dependency.name, dependency.kind == DependencyKind::Development)?;
    let remedy = "move the code to where it may be used; the table is xtask/src/tidy/layers.rs";
    Some(Mistake::new(place.name, problem, remedy))
}

fn problem(place: &Place, name: &str, in_tests: bool) -> Option<String> {
    if let Some((_, users)) = RESERVED.iter().find(|(reserved, _)| *reserved == name) {
        let reserved = format!("names `{name}`, which only {} may", users.join(" and "));
        return (!users.contains(&place.name)).then_some(reserved);
    }
    let lower = find(name)?;
    // A package may name itself to switch on a feature for its own tests.
    let is_down = in_tests && (lower.layer < place.layer || name == place.name);
    (!is_down && !place.uses.contains(&name)).then(|| format!("may not depend on `{name}`"))
}

fn find(name: &str) -> Option<&'static Place> {
    PLACES.iter().find(|place| place.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem_of(package: &str, used: &str, in_tests: bool) -> Option<String> {
        problem(find(package).unwrap(), used, in_tests)
    }

    #[test]
    fn the_table_itself_points_down() {
        for place in PLACES {
            for used in place.uses {
                let used = find(used).unwrap();
                assert!(used.layer < place.layer, "{} uses {}", place.name, used.name);
            }
        }
    }

    #[test]
    fn edges_outside_the_table_are_mistakes() {
        assert_eq!(problem_of("mcp-token-gen", "mcp-auth-cli", false), None);
        assert_eq!(problem_of("mcp-auth", "serde", false), None);
        for (user, used) in [("mcp-auth", "mcp-auth-cli"), ("mcp-gateway", "mcp-auth")] {
            let wanted = Some(format!("may not depend on `{used}`"));
            assert_eq!(problem_of(user, used, false), wanted);
            assert_eq!(problem_of(user, used, true), wanted, "nor in tests");
        }
    }

    #[test]
    fn tests_may_use_what_is_lower_and_the_package_itself() {
        assert!(problem_of("mcp-auth-sqlite", "mcp-auth-audit", false).is_some());
        assert_eq!(problem_of("mcp-auth-sqlite", "mcp-auth-audit", true), None);
        assert_eq!(problem_of("mcp-auth", "mcp-auth", true), None);
        assert!(problem_of("mcp-auth", "mcp-auth", false).is_some());
    }

    #[test]
    fn one_crate_signs() {
        assert_eq!(problem_of("mcp-auth", "jsonwebtoken", false), None);
        let problem = problem_of("mcp-token-gen", "jsonwebtoken", true).unwrap();
        assert_eq!(problem, "names `jsonwebtoken`, which only mcp-auth and mcp-auth-bench may");
    }
}
