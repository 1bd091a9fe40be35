//! The other implementations that our tests talk to: Python libraries in a virtual environment.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::{project, run};

const REQUIREMENTS: &str = "crates/mcp-auth/tests/interop/requirements.txt";

/// The variable by which tests and benchmarks learn where the interpreter is.
pub(crate) const VARIABLE: &str = "MCP_AUTH_INTEROP_PYTHON";

/// The interpreter of an environment that holds exactly what the requirements ask for.
pub(crate) fn interpreter() -> Result<PathBuf> {
    let wanted = fs::read_to_string(project::root().join(REQUIREMENTS))
        .with_context(|| format!("{REQUIREMENTS} cannot be read"))?;
    let folder = project::target_directory()?.join("interop-venv");
    if !is_current(&folder, &wanted) {
        create(&folder)?;
        fs::write(stamp(&folder), wanted)?;
    }
    Ok(python(&folder))
}

/// What a person types to bring what is missing.
pub(crate) fn remedy() -> String {
    format!(
        "apt-get install python3-venv && python3 -m venv target/interop-venv && \
         target/interop-venv/bin/pip install -r {REQUIREMENTS}"
    )
}

fn create(folder: &Path) -> Result<()> {
    let shown = folder.to_string_lossy();
    run::stream(&mut run::program("python3", &["-m", "venv", "--clear", &shown]))?;
    let python = python(folder);
    ensure!(python.exists(), "python3 -m venv left no {}", python.display());
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    let mut install = run::program(&python, &install);
    run::stream(install.args(["--requirement", REQUIREMENTS]))
}

/// The stamp is the text of the requirements; it is written last, so half an environment has none.
fn is_current(folder: &Path, wanted: &str) -> bool {
    python(folder).exists()
        && fs::read_to_string(stamp(folder)).is_ok_and(|installed| installed == wanted)
}

fn stamp(folder: &Path) -> PathBuf {
    folder.join("installed-requirements.txt")
}

fn python(folder: &Path) -> PathBuf {
    folder.join("bin/python")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_is_current_only_for_the_requirements_it_was_made_from() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        assert!(!is_current(folder, "pyjwt==2"), "nothing there");
        fs::create_dir(folder.join("bin")).unwrap();
        fs::write(python(folder), "").unwrap();
        assert!(!is_current(folder, "pyjwt==2"), "no stamp: pip never finished");
        fs::write(stamp(folder), "pyjwt==2").unwrap();
        assert!(is_current(folder, "pyjwt==2"));
        assert!(!is_current(folder, "pyjwt==3"));
    }
}
