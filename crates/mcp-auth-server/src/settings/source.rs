//! Where settings come from: the environment, with what the command line says on top.

use std::ffi::OsString;
use std::path::PathBuf;

use mcp_auth_cli::environment::Environment;
use mcp_auth_cli::{Failure, configuration_failure};

use super::variables as name;
use super::{ServerSettings, near_misses};
use crate::args::{Common, Serve};
use crate::data_dir::DataDir;

/// The variables that a command sees. They can be read again while the server runs.
#[derive(Debug)]
pub(crate) struct Source {
    environment: Environment,
    said: Vec<(&'static str, OsString)>,
}

impl Source {
    /// The environment, and the options that every command takes.
    ///
    /// # Errors
    /// When `.env` or `.env.local` cannot be read.
    pub(crate) fn of(common: &Common) -> Result<Self, Failure> {
        let data_dir = common.data_dir.as_ref().map(Into::into);
        Ok(Self { environment: Environment::load()?, said: Vec::new() }
            .saying(name::DATA_DIR, data_dir))
    }

    /// The same with the options of `serve`.
    pub(crate) fn for_serving(self, serve: &Serve) -> Self {
        self.saying(name::HOST, serve.host.as_ref().map(Into::into))
            .saying(name::PORT, serve.port.map(|port| port.to_string().into()))
    }

    fn saying(mut self, variable: &'static str, value: Option<OsString>) -> Self {
        self.said.extend(value.map(|value| (variable, value)));
        self
    }

    /// The same with the files `.env` and `.env.local` as they are now.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub(crate) fn again(&self) -> Result<Self, Failure> {
        Ok(Self { environment: Environment::load()?, said: self.said.clone() })
    }

    /// The value of a variable.
    pub(crate) fn get(&self, name: &str) -> Option<OsString> {
        let said = self.said.iter().find(|(variable, _)| *variable == name);
        said.map(|(_, value)| value.clone()).or_else(|| self.environment.get(name))
    }

    /// The environment without what the command line says.
    pub(crate) fn environment(&self) -> &Environment {
        &self.environment
    }

    /// The files that hold keys, or would if they were there: those that variables name, and those of the data directory.
    pub(crate) fn key_files(&self, data_dir: &DataDir) -> Vec<PathBuf> {
        const NAMES: [&str; 4] = [
            "MCP_JWT_SECRET_FILE",
            "MCP_JWT_PREVIOUS_SECRETS_FILE",
            "MCP_JWT_PRIVATE_KEY_FILE",
            "MCP_JWT_PUBLIC_KEY_FILE",
        ];
        let named = NAMES.iter().filter_map(|name| self.get(name)).map(PathBuf::from);
        named.chain([data_dir.secret(), data_dir.previous_secrets()]).collect()
    }

    /// The settings, with a warning for each variable whose name is nearly one of ours.
    ///
    /// # Errors
    /// [`CONFIGURATION`](mcp_auth_cli::exit::CONFIGURATION) with all mistakes together.
    pub(crate) fn settings(&self) -> Result<ServerSettings, Failure> {
        let mut settings = ServerSettings::load(|name| self.get(name))
            .map_err(|all| configuration_failure(&all))?;
        settings.warnings.extend(near_misses(self.environment.names()));
        Ok(settings)
    }
}
