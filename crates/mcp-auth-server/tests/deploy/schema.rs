//! What the programs that take the files would say of them.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};

use crate::broken::finds;
use crate::files::{self, COMPOSE, DOCKERFILE, KUBERNETES, UNIT};
use crate::tools::{self, module, run};

/// The oldest version that has all that is used (`ReadWriteOncePod`), and the newest that the schemas are there for.
const KUBERNETES_VERSIONS: [&str; 2] = ["1.29", "1.37"];

/// Lets `check` look at a text as a file of this name.
fn as_file(name: &str, text: &str, check: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join(name);
    fs::write(&path, text)?;
    check(&path)
}

fn kubernetes(python: &Path, manifests: &Path) -> Result<()> {
    for version in KUBERNETES_VERSIONS {
        let mut validate = module(python, "kubernetes_validate", &["--strict", "-k", version]);
        let said = run(validate.arg(manifests))?;
        // A resource of a kind that has no schema is a warning there, and passes.
        let passed = said.lines().all(|line| line.contains(" passed for resource "));
        ensure!(passed && !said.is_empty(), "{said}");
    }
    Ok(())
}

#[test]
fn the_manifests_are_what_kubernetes_takes() {
    let Some(python) = tools::python() else { return };
    let check = |text: &str| as_file("a.yaml", text, |file| kubernetes(&python, file));
    let mistakes = [
        ("runAsNonRoot: true", "runAsNonRot: true"),
        ("replicas: 1", "replicas: one"),
        ("kind: StatefulSet", "kind: StatefulSets"),
        ("apiVersion: apps/v1", "apiVersion: apps/v1beta1"),
        ("failureThreshold: 60", "failureTreshold: 60"),
        ("[ReadWriteOncePod]", "ReadWriteOncePod"),
    ];
    finds(check, &files::text(KUBERNETES), &mistakes);
}

fn compose(python: &Path, file: &Path) -> Result<()> {
    let arguments = ["--builtin-schema", "vendor.compose-spec"];
    run(module(python, "check_jsonschema", &arguments).arg(file)).map(drop)
}

#[test]
fn the_compose_file_is_what_the_compose_specification_says() {
    let Some(python) = tools::python() else { return };
    let check = |text: &str| as_file("compose.yaml", text, |file| compose(&python, file));
    let mistakes = [
        ("restart: unless-stopped", "restarts: unless-stopped"),
        ("cap_drop: [ALL]", "cap_drop: ALL"),
        ("condition: service_completed_successfully", "condition: service_completed"),
        ("read_only: true", "read_only: [true]"),
        ("{file: ./secrets/admin_password.txt}", "./secrets/admin_password.txt"),
    ];
    finds(check, &files::text(COMPOSE), &mistakes);
}

/// Everything that the linter knows is a mistake here; what is meant otherwise says so in the file. It would read settings
/// of whoever runs it, and go well on settings that it cannot read.
fn hadolint(python: &Path, file: &Path) -> Result<()> {
    let (linter, directory) = (python.with_file_name("hadolint"), file.with_file_name(""));
    let mut lint = Command::new(linter);
    lint.env_clear().env("HOME", &directory).current_dir(&directory);
    let said = run(lint.arg("--no-color").arg(file))?;
    ensure!(said.is_empty(), "{said}");
    Ok(())
}

#[test]
fn the_dockerfile_is_what_docker_takes() {
    let Some(python) = tools::python() else { return };
    let check = |text: &str| as_file("Dockerfile", text, |file| hadolint(&python, file));
    let mistakes = [
        ("USER 10001:10001", "USE 10001:10001"),
        ("FROM debian:bookworm-slim", "FROM debian"),
        ("COPY --from=build", "COPY --from=builder"),
        ("WORKDIR /src", "WORKDIR src"),
        ("# hadolint ignore=DL3008\n", ""),
    ];
    finds(check, &files::text(DOCKERFILE), &mistakes);
}

/// systemd reads the unit as it would to start it. What it ignores it complains of, and ends well all the same.
fn systemd(unit: &Path) -> Result<()> {
    let said = run(Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(unit))?;
    ensure!(said.is_empty(), "{said}");
    Ok(())
}

#[test]
fn the_unit_is_what_systemd_takes() {
    if let Err(error) = run(Command::new("systemd-analyze").arg("--version")) {
        println!("SKIPPED systemd-analyze, which comes with systemd: {error:#}");
        return;
    }
    // It wants to see the program where the unit has it.
    let here = env!("CARGO_BIN_EXE_mcp-auth-server");
    let installed = |text: &str| text.replace("/usr/local/bin/mcp-auth-server", here);
    let check = |text: &str| as_file("mcp-auth.service", &installed(text), systemd);
    let mistakes = [
        ("StateDirectoryMode=", "StateDirectoryMod="),
        ("Restart=on-failure", "Restart=sometimes"),
        ("ExecReload=/bin/kill", "ExecReload=/bin/no-such-program"),
        ("ExecStart=/usr/local/bin/mcp-auth-server", "ExecStart=/usr/local/bin/mcp-auth"),
        ("[Service]\n", "[Servise]\n"),
    ];
    finds(check, &files::text(UNIT), &mistakes);
}
