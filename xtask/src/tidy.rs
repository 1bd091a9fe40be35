//! `cargo xtask tidy`: the rules of the house that the compiler does not know. Every check runs, and
//! all mistakes are reported together, each with its remedy.

mod copies;
mod dependencies;
mod layers;
mod layout;
mod links;
mod manifests;
mod sources;

use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use cargo_metadata::Metadata;

use crate::project;

/// What the checks look at.
#[derive(Debug)]
struct House {
    metadata: Metadata,
    files: Vec<File>,
}

#[derive(Debug)]
struct File {
    /// From the top of the project.
    path: String,
    /// Empty for what is no text.
    text: String,
}

impl File {
    fn has_extension(&self, extension: &str) -> bool {
        Path::new(&self.path).extension().is_some_and(|found| found == extension)
    }
}

#[derive(Debug)]
struct Mistake {
    place: String,
    problem: String,
    remedy: String,
}

impl Mistake {
    fn new(
        place: impl Into<String>,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { place: place.into(), problem: problem.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}\n      remedy: {}", self.place, self.problem, self.remedy)
    }
}

type Check = fn(&House) -> Result<Vec<Mistake>>;

const CHECKS: &[(&str, Check)] = &[
    ("layers: dependencies point down", |house| Ok(layers::check(&house.metadata))),
    ("layout: the top level holds what it should", |house| Ok(layout::check(&house.files))),
    ("manifests: packages inherit from the workspace", manifests::check),
    ("sources: no loose ends, no long files", |house| Ok(sources::check(&house.files))),
    ("paths: nobody's machine is named", |house| Ok(sources::machine_paths(&house.files))),
    ("links: relative links lead somewhere", |house| Ok(links::check(&house.files))),
    ("copies: code on pages is compiled elsewhere", |house| Ok(copies::check(&house.files))),
    ("dependencies: pages name all of them", |house| Ok(dependencies::check(house))),
];

pub(crate) fn run() -> Result<()> {
    let house = House { metadata: project::metadata()?, files: files()? };
    let mut count = 0;
    for (name, check) in CHECKS {
        let mistakes =
            check(&house).with_context(|| format!("the check `{name}` could not run"))?;
        let verdict = if mistakes.is_empty() { "ok" } else { "FAILED" };
        println!("{verdict:<7}{name}");
        for mistake in &mistakes {
            println!("    {mistake}");
        }
        count += mistakes.len();
    }
    match count {
        0 => Ok(()),
        1 => bail!("tidy found 1 mistake, see above"),
        _ => bail!("tidy found {count} mistakes, see above"),
    }
}

fn files() -> Result<Vec<File>> {
    let read = |path: String| {
        let bytes =
            fs::read(project::root().join(&path)).with_context(|| format!("reading {path}"))?;
        Ok(File { path, text: String::from_utf8(bytes).unwrap_or_default() })
    };
    project::files()?.into_iter().map(read).collect()
}

#[cfg(test)]
fn file(path: &str, text: &str) -> File {
    File { path: path.into(), text: text.into() }
}
