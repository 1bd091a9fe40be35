//! The Dockerfile.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::broken::finds;
use crate::comments;
use crate::deployment::{Deployment, Step, pairs};
use crate::files::{self, DOCKERFILE, path, value_of};
use crate::layout;
use crate::tools::run;

/// What follows one `FROM`.
#[derive(Debug, Default)]
struct Stage {
    base: String,
    name: Option<String>,
    instructions: Vec<(String, String)>,
}

impl Stage {
    /// The operands of all instructions of this kind.
    fn all<'a>(&'a self, keyword: &'a str) -> impl Iterator<Item = &'a str> {
        let found = self.instructions.iter().filter(move |(found, _)| found == keyword);
        found.map(|(_, operands)| operands.as_str())
    }

    /// The one instruction of this kind.
    fn one<'a>(&'a self, keyword: &'a str) -> Result<&'a str> {
        let (mut all, missing) = (self.all(keyword), || format!("there is no {keyword}"));
        let one = all.next().with_context(missing)?;
        ensure!(all.next().is_none(), "there are several {keyword}");
        Ok(one)
    }
}

/// Instructions, each on one line, by stages.
fn stages(text: &str) -> Vec<Stage> {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let joined = lines.collect::<Vec<_>>().join("\n").replace("\\\n", " ");
    let mut stages = Vec::new();
    for line in joined.lines() {
        let Some((keyword, operands)) = line.trim().split_once(' ') else { continue };
        if keyword == "FROM" {
            let (base, name) = operands.split_once(" AS ").unwrap_or((operands, ""));
            let name = Some(name.to_owned()).filter(|name| !name.is_empty());
            stages.push(Stage { base: base.to_owned(), name, ..Stage::default() });
        } else if let Some(stage) = stages.last_mut() {
            stage.instructions.push((keyword.to_owned(), operands.trim().to_owned()));
        }
    }
    stages
}

/// What a container has before anybody says more.
#[derive(Debug)]
pub(crate) struct Image {
    /// What stands behind the program's name where nothing else is said.
    command: Vec<String>,
    /// A directory that it may write to, and the variables.
    pub(crate) step: Step,
    /// The user's id.
    pub(crate) user: String,
    pub(crate) port: String,
}

impl Image {
    pub(crate) fn of(text: &str) -> Result<Self> {
        let stages = stages(text);
        let stage = stages.last().context("there is no stage")?;
        let volume = stage.one("VOLUME")?;
        let made = stage.all("RUN").find(|run| run.contains(&format!(" {volume}")));
        let made = made.with_context(|| format!("nothing makes {volume}"))?;
        let user = stage.one("USER")?.split(':').next().unwrap_or_default().to_owned();
        ensure!(made.contains(&format!("-o {user} ")), "{volume} does not belong to {user}");
        ensure!(made.contains(&format!("--uid {user} ")), "nobody has the id {user}");
        let step = Step {
            variables: pairs(stage.one("ENV")?.split_whitespace()),
            writable: vec![(volume.to_owned(), mode_of(made)?)],
            ..Step::default()
        };
        ensure!(stage.one("ENTRYPOINT")? == r#"["mcp-auth-server"]"#, "it runs something else");
        let command = serde_json::from_str(stage.one("CMD")?)?;
        Ok(Self { command, step, user, port: stage.one("EXPOSE")?.to_owned() })
    }

    pub(crate) fn of_the_project() -> Result<Self> {
        Self::of(&files::text(DOCKERFILE))
    }

    /// A run with these arguments; the image's own where there are none.
    pub(crate) fn run(&self, arguments: Vec<String>) -> Step {
        let arguments = if arguments.is_empty() { self.command.clone() } else { arguments };
        Step { arguments, ..self.step.clone() }
    }
}

fn mode_of(install: &str) -> Result<u32> {
    let mode = install.split(" -m ").nth(1).and_then(|rest| rest.split(' ').next());
    Ok(u32::from_str_radix(mode.context("no mode")?, 8)?)
}

/// What the head of the file says to type.
fn deployment(text: &str) -> Result<Deployment> {
    let image = Image::of(text)?;
    image.step.check_port(&image.port)?;
    let runs = comments::lines(text).filter_map(|line| line.strip_prefix("docker run "));
    let mut steps = runs.map(|line| {
        let (options, arguments) =
            line.split_once(" mcp-auth-server").context("it runs another image")?;
        let volume = format!("-v mcp-auth:{}", image.step.writable[0].0);
        ensure!(options.contains(&volume), "{options:?} has no {volume}");
        let mut step = image.run(arguments.split_whitespace().map(str::to_owned).collect());
        let words: Vec<_> = options.split_whitespace().collect();
        let set = words.windows(2).filter(|words| words[0] == "-e").map(|words| words[1]);
        step.variables.extend(pairs(set));
        let published = words.windows(2).filter(|words| words[0] == "-p").map(|words| words[1]);
        for mapping in published {
            step.check_port(mapping.rsplit(':').next().unwrap_or_default())?;
        }
        Ok(step)
    });
    let mut next = || steps.next().context("there is no `docker run`")?;
    let probes = vec!["/ready".to_owned()];
    Ok(Deployment { init: next()?, serve: next()?, probes, reload: None })
}

#[test]
fn a_container_stands() {
    let mistakes = [
        (" -e MCP_TRUSTED_PROXIES=172.17.0.1", ""),
        ("API_PORT=8000", "API_PORT=8001"),
        ("MCP_DATA_DIR=/var/lib/mcp-auth", "MCP_DATA_DIR=/var/lib/mcp"),
        ("CMD [\"serve\"]", "CMD [\"server\"]"),
        ("USER 10001:10001", "USER 10002:10002"),
        ("-m 0700 /var/lib/mcp-auth", "-m 0755 /var/lib/mcp-auth"),
    ];
    finds(|text| layout::check(&deployment(text)?), &files::text(DOCKERFILE), &mistakes);
}

/// The packages of the workspace and the names of their programs.
fn programs() -> Result<Vec<(String, String)>> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--no-deps", "--offline", "--format-version", "1"]);
    let metadata: Value = serde_json::from_str(&run(cargo.current_dir(path("")))?)?;
    let of_package = |package: &Value| {
        let name = package["name"].as_str().unwrap_or_default().to_owned();
        let targets = package["targets"].as_array().cloned().unwrap_or_default();
        let programs = targets.into_iter().filter(|target| target["kind"][0] == "bin");
        let pair = move |it: Value| (name.clone(), it["name"].as_str().unwrap_or_default().into());
        programs.map(pair).collect::<Vec<_>>()
    };
    Ok(metadata["packages"]
        .as_array()
        .context("no packages")?
        .iter()
        .flat_map(of_package)
        .collect())
}

/// Names of programs that the stage builds, each where Cargo puts it.
fn built(stage: &Stage) -> Result<Vec<String>> {
    let place = stage.one("WORKDIR")?;
    ensure!(stage.all("COPY").any(|copy| copy == ". ."), "the sources are not copied");
    let cargo = stage.all("RUN").find_map(|run| run.strip_prefix("cargo build "));
    let words: Vec<_> = cargo.context("nothing is built")?.split_whitespace().collect();
    ensure!(words.contains(&"--locked"), "it may build other versions than those of the lock");
    ensure!(words.contains(&"--release"), "it builds for debugging");
    let programs = programs()?;
    let packages = words.windows(2).filter(|words| words[0] == "-p").map(|words| words[1]);
    let mut all = Vec::new();
    for package in packages {
        let of_package: Vec<_> = programs.iter().filter(|(name, _)| name == package).collect();
        ensure!(!of_package.is_empty(), "there is no program in a package {package}");
        all.extend(of_package.iter().map(|(_, name)| format!("{place}/target/release/{name}")));
    }
    Ok(all)
}

/// Whatever is copied is built before, by a compiler that the project builds with.
fn check_build(text: &str) -> Result<()> {
    let stages = stages(text);
    let [builder, last] = stages.as_slice() else { anyhow::bail!("there are not two stages") };
    let manifest = files::text("Cargo.toml");
    let version = value_of(&manifest, "rust-version", '=')?;
    let base = builder.base.strip_prefix(&format!("rust:{version}-slim-")).with_context(|| {
        format!("it builds with {}, and the project needs {version}", builder.base)
    })?;
    ensure!(last.base == format!("debian:{base}-slim"), "{} has another C library", last.base);
    let (from, copied) = last.one("COPY")?.split_once(' ').context("it copies nothing")?;
    let stage = from.strip_prefix("--from=");
    ensure!(stage.is_some() && stage == builder.name.as_deref(), "{from} is not the stage before");
    let mut copied: Vec<_> = copied.split_whitespace().collect();
    ensure!(copied.pop() == Some("/usr/local/bin/"), "the programs are not on the path");
    let built = built(builder)?;
    let strange = copied.iter().find(|path| !built.iter().any(|built| built == *path));
    ensure!(strange.is_none(), "nothing builds {strange:?}");
    Ok(())
}

#[test]
fn what_is_copied_was_built() {
    let mistakes = [
        ("rust:1.95", "rust:1.94"),
        ("debian:bookworm-slim", "debian:trixie-slim"),
        ("COPY --from=build", "COPY --from=builder"),
        ("release/mcp-token-gen", "release/mcp-token-generate"),
        ("-p mcp-token-validate", "-p mcp-token-check"),
        ("--locked ", ""),
        ("WORKDIR /src", "WORKDIR /source"),
        ("COPY . .\n", ""),
    ];
    finds(check_build, &files::text(DOCKERFILE), &mistakes);
}

/// What is left out of the build is left out everywhere below, so no source may have such a name.
fn check_context(ignored: &str) -> Result<()> {
    let names = ignored.lines().filter(|line| !line.starts_with('#'));
    let names: Vec<_> = names.map(|line| line.trim_start_matches("**/")).collect();
    for secret in [".git", "target", ".mcp", ".env", "secrets"] {
        ensure!(names.contains(&secret), "{secret} would be in the image's layers");
    }
    for folder in ["crates", "examples", "xtask"] {
        check_folder(&path(folder), &names)?;
    }
    Ok(())
}

fn check_folder(folder: &Path, ignored: &[&str]) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let (path, kind) = entry.and_then(|it| Ok((it.path(), it.file_type()?)))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // What a build or the quickstart left there is no source.
        let is_left = name.starts_with('.') || ["target", "secrets"].contains(&&*name);
        let is_ignored = ignored.contains(&&*name);
        ensure!(is_left || !is_ignored, "{} would be missing in the build", path.display());
        if kind.is_dir() && !is_ignored {
            check_folder(&path, ignored)?;
        }
    }
    Ok(())
}

#[test]
fn the_build_has_all_sources_and_no_secrets() {
    let ignored = files::text("examples/deploy/Dockerfile.dockerignore");
    let mistakes = [("**/secrets\n", ""), ("**/.mcp\n", ""), ("**/.env\n", "**/.env\n**/src\n")];
    finds(check_context, &ignored, &mistakes);
}
