//! Programs of others that read the same files.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

/// The interpreter of the environment with the schemas; `None`, said aloud, where there is none.
#[expect(clippy::disallowed_methods, reason = "the test runner says where it is")]
pub(crate) fn python() -> Option<PathBuf> {
    let python = std::env::var_os("MCP_AUTH_DEPLOY_PYTHON").filter(|python| !python.is_empty());
    if python.is_none() {
        println!(
            "SKIPPED the schemas of examples/deploy: run `cargo xtask test`, which brings them"
        );
    }
    python.map(PathBuf::from)
}

/// A module of the environment. `-B`: it leaves no compiled files behind.
pub(crate) fn module(python: &Path, name: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(python);
    command.args(["-B", "-I", "-m", name]).args(arguments);
    command
}

/// What the program said, where it is content.
pub(crate) fn run(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("{command:?}"))?;
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    let (said, complained) = (text(&output.stdout), text(&output.stderr));
    ensure!(output.status.success(), "{}: {said}{complained}", output.status);
    Ok(said + &complained)
}

/// The documents of a YAML file, as the schemas are held against them.
pub(crate) fn documents(python: &Path, yaml: &str) -> Result<Vec<Value>> {
    const READ: &str =
        "import json, sys, yaml; print(json.dumps(list(yaml.safe_load_all(sys.argv[1]))))";
    let json = run(Command::new(python).args(["-B", "-I", "-c", READ, yaml]))?;
    Ok(serde_json::from_str(&json)?)
}
