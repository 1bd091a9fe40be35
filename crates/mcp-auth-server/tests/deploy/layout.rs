//! A directory in which all is where a file says, and the program in it.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;
use tempfile::TempDir;

use crate::client::Ask;
use crate::deployment::{Deployment, Step};
use crate::names;
use crate::server::{PASSWORD, Server};
use crate::tools::run;

const SECRET: &str = "7d1f0c3f5a0be2a9466bbd9d3a1b1ee1c0e0f5a76c1f4d5e8f2a3b4c5d6e7f80";

/// Does all that the file says, and asks `doctor`, `config check` and the probes what they think of it.
pub(crate) fn check(deployment: &Deployment) -> Result<()> {
    let Deployment { init, serve, probes, reload } = deployment;
    ensure!(reload.as_deref().is_none_or(|signal| signal == "HUP"), "{reload:?} ends the server");
    check_names(init)?;
    check_names(serve)?;
    let layout = tempfile::tempdir()?;
    for _ in 0..2 {
        run(&mut command(&layout, init, &words(&init.arguments))?).context("init, also again")?;
    }
    let found = run(&mut command(&layout, serve, &["config", "check", "--json"])?)?;
    let found: Value = serde_json::from_str(&found)?;
    ensure!(found["warnings"] == Value::Array(Vec::new()), "{found:#}");
    run(&mut command(&layout, serve, &["doctor"])?).context("doctor")?;
    ensure!(words(&serve.arguments) == ["serve"], "it does not serve: {:?}", serve.arguments);
    let serve = command(&layout, serve, &[])?;
    check_server(Server::run(layout, serve), probes, reload.as_deref());
    Ok(())
}

fn words(arguments: &[String]) -> Vec<&str> {
    arguments.iter().map(String::as_str).collect()
}

fn check_names(step: &Step) -> Result<()> {
    let known = names::known();
    let mut names = step.variables.keys();
    match names.find(|name| !known.contains(*name)) {
        Some(name) => bail!("the server knows no variable {name}"),
        None => Ok(()),
    }
}

/// It answers, goes on after a signal to read its files again, and ends when it is told to.
fn check_server(mut server: Server, probes: &[String], reload: Option<&str>) {
    let answers = |server: &Server| {
        for probe in probes {
            assert_eq!(server.ask(&Ask::get(probe)).status, 200, "{probe}");
        }
    };
    answers(&server);
    if let Some(signal) = reload {
        server.signal(signal);
        answers(&server);
    }
    server.signal("TERM");
    assert!(server.wait().success());
}

/// The program with nothing but what the file gives it. Every path is one that the file mounts or makes.
fn command(layout: &TempDir, step: &Step, words: &[&str]) -> Result<Command> {
    lay_out(layout.path(), step)?;
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcp-auth-server"));
    command.env_clear().current_dir(layout.path());
    for (name, value) in &step.variables {
        command.env(name, placed(layout.path(), step, value).with_context(|| name.clone())?);
    }
    for word in words {
        command.arg(placed(layout.path(), step, word)?);
    }
    Ok(command)
}

fn lay_out(layout: &Path, step: &Step) -> Result<()> {
    for (directory, mode) in &step.writable {
        let path = inside(layout, directory);
        if !path.exists() {
            fs::create_dir_all(&path)?;
            fs::set_permissions(&path, Permissions::from_mode(*mode))?;
        }
    }
    for (file, mode) in &step.secrets {
        let path = inside(layout, file);
        if !path.exists() {
            fs::create_dir_all(path.parent().context("a file at the root")?)?;
            fs::write(&path, if file.contains("password") { PASSWORD } else { SECRET })?;
            fs::set_permissions(&path, Permissions::from_mode(*mode))?;
        }
    }
    Ok(())
}

/// Where a path of the file lies in the layout; other values stay as they are.
fn placed(layout: &Path, step: &Step, value: &str) -> Result<String> {
    if !value.starts_with('/') {
        return Ok(value.to_owned());
    }
    let (path, mut directories) = (Path::new(value), step.writable.iter());
    let is_secret = step.secrets.iter().any(|(secret, _)| secret == value);
    let is_there = is_secret || directories.any(|(directory, _)| path.starts_with(directory));
    ensure!(is_there, "nothing puts {value} there");
    Ok(inside(layout, value).to_string_lossy().into_owned())
}

fn inside(layout: &Path, path: &str) -> PathBuf {
    layout.join(path.trim_start_matches('/'))
}
