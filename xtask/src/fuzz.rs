//! `cargo xtask fuzz`: libFuzzer on the stable compiler.
//!
//! The flags are those of `cargo fuzz` without the address sanitizer, which needs a nightly compiler
//! and finds nothing in code that forbids `unsafe`. What libFuzzer needs is the coverage counters.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use cargo_metadata::MetadataCommand;

use crate::project;
use crate::run::{self, Steps};

const FOLDER: &str = "crates/mcp-auth/fuzz";

const FLAGS: &[&str] = &[
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "--cfg=fuzzing",
    "-Cdebug-assertions",
    "-Ccodegen-units=1",
];

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A fuzz target, or `all`
    #[arg(default_value = "all")]
    target: String,
    /// How long to run each target
    #[arg(long, default_value_t = 60)]
    seconds: u32,
}

impl Args {
    /// Long enough to notice a target that fails at once, and no longer.
    pub(crate) fn smoke() -> Self {
        Self { target: "all".into(), seconds: 20 }
    }
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let chosen = choose(&args.target, targets()?)?;
    let mut steps = Steps::new(1 + chosen.len());
    let programs = steps.step("build the fuzz targets", build)?;
    for target in &chosen {
        let what = format!("fuzz {target} for {} s", args.seconds);
        steps.step(&what, || fuzz(&programs, target, args.seconds))?;
    }
    Ok(())
}

fn targets() -> Result<Vec<String>> {
    let manifest = project::root().join(FOLDER).join("Cargo.toml");
    let metadata = MetadataCommand::new()
        .manifest_path(&manifest)
        .no_deps()
        .exec()
        .with_context(|| format!("the fuzz targets of {FOLDER}/Cargo.toml cannot be read"))?;
    let targets = metadata.packages.iter().flat_map(|package| &package.targets);
    Ok(targets.filter(|target| target.is_bin()).map(|target| target.name.clone()).collect())
}

fn choose(wanted: &str, targets: Vec<String>) -> Result<Vec<String>> {
    ensure!(!targets.is_empty(), "{FOLDER}/Cargo.toml has no [[bin]], so there is nothing to run");
    if wanted == "all" {
        return Ok(targets);
    }
    if targets.iter().any(|target| target == wanted) {
        return Ok(vec![wanted.into()]);
    }
    bail!("no fuzz target `{wanted}`; there are: {}, or `all`", targets.join(", "))
}

/// With an explicit target triple, cargo keeps the flags from build scripts and macros.
fn build() -> Result<PathBuf> {
    let host = host()?;
    let target = project::root().join(FOLDER).join("target");
    let mut build = run::cargo(&["build", "--release", "--bins", "--target", &host]);
    build.arg("--manifest-path").arg(project::root().join(FOLDER).join("Cargo.toml"));
    build.arg("--target-dir").arg(&target);
    build.env_remove("RUSTFLAGS").env("CARGO_ENCODED_RUSTFLAGS", FLAGS.join("\u{1f}"));
    run::stream(&mut build)?;
    Ok(target.join(host).join("release"))
}

fn host() -> Result<String> {
    let version = run::capture(&mut run::program("rustc", &["-vV"]))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("`rustc -vV` names no host")?.to_owned())
}

fn fuzz(programs: &Path, target: &str, seconds: u32) -> Result<()> {
    let folder = project::root().join(FOLDER);
    let corpus = folder.join("corpus").join(target);
    let artifacts = folder.join("artifacts").join(target);
    fs::create_dir_all(&corpus)?;
    fs::create_dir_all(&artifacts)?;
    seed(&folder.join("seeds").join(target), &corpus)?;
    let mut fuzz = run::program(programs.join(target), &[]);
    fuzz.arg(&corpus).arg(format!("-max_total_time={seconds}"));
    fuzz.args(["-timeout=10", "-max_len=16384", "-print_final_stats=1"]);
    fuzz.arg(format!("-artifact_prefix={}/", artifacts.display()));
    run::stream(&mut fuzz).with_context(|| {
        format!(
            "{target} failed; an input that makes it fail is in {FOLDER}/artifacts/{target}, \
             and the program, given it as the only argument, fails again"
        )
    })
}

/// Seeds join the corpus; what the fuzzer found itself stays.
fn seed(seeds: &Path, corpus: &Path) -> Result<()> {
    if !seeds.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(seeds)? {
        let entry = entry?;
        fs::copy(entry.path(), corpus.join(entry.file_name()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_target_is_answered_with_the_known_ones() {
        let known = || vec!["extract".to_owned(), "parse".to_owned()];
        assert_eq!(choose("all", known()).unwrap(), known());
        assert_eq!(choose("parse", known()).unwrap(), ["parse"]);
        let error = choose("prase", known()).unwrap_err().to_string();
        assert_eq!(error, "no fuzz target `prase`; there are: extract, parse, or `all`");
        assert!(choose("all", Vec::new()).is_err());
    }
}
