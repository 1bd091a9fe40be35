//! An engine, and servers on it that have one secret.

use std::path::Path;
use std::process::{Command, Output};

use mcp_auth_rig::{Engine, Node, Options};
use tempfile::TempDir;

use crate::client::{Answer, Ask};
use crate::server::{PASSWORD, Server, program};

pub(crate) const SECRET: &str = "b1946ac92492d2347c6235b4d2611184e5a0f1c2";

/// An engine with the account `admin`.
pub(crate) struct House {
    pub(crate) node: Node,
    pub(crate) url: String,
    pub(crate) servers: Vec<Server>,
}

impl House {
    /// For each engine there is, a house with so many servers.
    pub(crate) fn all(servers: usize, variables: &[(&str, &str)]) -> impl Iterator<Item = Self> {
        Engine::all().into_iter().map(move |engine| {
            let node = Options::new(&engine).start().unwrap();
            let url = node.url();
            let servers = (0..servers).map(|_| serve(&url, variables)).collect();
            Self { node, url, servers }
        })
    }

    pub(crate) fn ask(&self, server: usize, ask: &Ask) -> Answer {
        self.servers[server].ask(ask)
    }

    /// Who this server takes the holder of a token for.
    pub(crate) fn me(&self, server: usize, token: &str) -> Answer {
        self.ask(server, &Ask::get("/api/v1/auth/me").bearer(token))
    }
}

/// A server in a directory of its own, made by `init`, which adds the account where it is the first.
pub(crate) fn serve(url: &str, variables: &[(&str, &str)]) -> Server {
    serve_in(tempfile::tempdir().unwrap(), url, variables)
}

/// The same in this directory, where its list of MCP servers may lie already.
pub(crate) fn serve_in(directory: TempDir, url: &str, variables: &[(&str, &str)]) -> Server {
    let mut all = vec![("MCP_STORE_URL", url), ("MCP_JWT_SECRET", SECRET)];
    all.extend(variables);
    init(&directory, &all);
    let command = program(directory.path(), &all);
    Server::run(directory, command)
}

pub(crate) fn init(directory: &TempDir, variables: &[(&str, &str)]) -> Output {
    let password = directory.path().join("password");
    std::fs::write(&password, PASSWORD).unwrap();
    let mut init = program(directory.path(), variables);
    let made = init.arg("init").arg("--password-file").arg(&password).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    made
}

/// A command on the host.
pub(crate) fn command(directory: &Path, variables: &[(&str, &str)], words: &[&str]) -> Command {
    let mut command = program(directory, variables);
    command.args(words);
    command
}

/// The program that is the MCP server of `examples/demo-server`, which Cargo builds beside the tests.
pub(crate) fn demo() -> String {
    let path = Path::new(env!("CARGO_BIN_EXE_mcp-auth-server")).with_file_name("examples");
    let path = path.join("demo_server");
    assert!(path.exists(), "{} is missing: cargo build --examples", path.display());
    path.to_str().unwrap().to_owned()
}
