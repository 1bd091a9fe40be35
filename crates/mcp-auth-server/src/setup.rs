//! From the command line and the environment to the settings.

use std::ffi::OsString;

use mcp_auth_cli::environment::Environment;
use mcp_auth_cli::{Failure, configuration_failure, output};

use crate::args::Common;
use crate::settings::ServerSettings;

/// What every command begins with: the environment, with what the command line says on top.
#[derive(Debug)]
pub(crate) struct Setup {
    pub(crate) environment: Environment,
    overrides: Vec<(&'static str, OsString)>,
}

impl Setup {
    /// Reads the environment and its files.
    ///
    /// # Errors
    /// [`exit::CONFIGURATION`](mcp_auth_cli::exit::CONFIGURATION) when a file cannot be read or understood.
    pub(crate) fn load(common: &Common) -> Result<Self, Failure> {
        let environment = Environment::load()?;
        let setup = Self { environment, overrides: Vec::new() };
        let data_dir = common.data_dir.as_ref().map(|path| path.clone().into_os_string());
        Ok(setup.with("MCP_DATA_DIR", data_dir))
    }

    /// What the command line says of a variable, if anything.
    pub(crate) fn with(mut self, variable: &'static str, value: Option<OsString>) -> Self {
        self.overrides.extend(value.map(|value| (variable, value)));
        self
    }

    /// The value of a variable.
    pub(crate) fn get(&self, name: &str) -> Option<OsString> {
        let said = self.overrides.iter().find(|(variable, _)| *variable == name);
        said.map(|(_, value)| value.clone()).or_else(|| self.environment.get(name))
    }

    /// The settings; their warnings go to stderr.
    ///
    /// # Errors
    /// [`exit::CONFIGURATION`](mcp_auth_cli::exit::CONFIGURATION) with all mistakes.
    pub(crate) fn settings(&self) -> Result<ServerSettings, Failure> {
        let settings = self.settings_quietly()?;
        for warning in &settings.warnings {
            output::print_warning(&warning.to_string());
        }
        Ok(settings)
    }

    /// [`settings`](Self::settings) without the warnings.
    ///
    /// # Errors
    /// As [`settings`](Self::settings).
    pub(crate) fn settings_quietly(&self) -> Result<ServerSettings, Failure> {
        ServerSettings::load(|name| self.get(name)).map_err(|all| configuration_failure(&all))
    }
}
