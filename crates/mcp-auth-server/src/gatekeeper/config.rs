//! The file that says which MCP servers there are.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use mcp_auth_cli::environment::Environment;
use mcp_auth_cli::{Failure, exit};
use mcp_gateway::{Config, Lookup};

use crate::data_dir::DataDir;
use crate::files;
use crate::house::with_causes;
use crate::reading::check_regular;
use crate::settings::McpSettings;

/// The shared secret, which entries of the file hand on as `${MCP_JWT_SECRET}`.
const SECRET: &str = "MCP_JWT_SECRET";

/// Where the file lies, and where `${NAME}` in it is looked up.
#[derive(Debug)]
pub(crate) struct ServersFile {
    path: PathBuf,
    /// Whether somebody named it. One that nobody named need not be there.
    is_named: bool,
    data_dir: DataDir,
    environment: Arc<Environment>,
}

impl ServersFile {
    /// The file that the settings name.
    ///
    /// # Errors
    /// When `.env` or `.env.local` cannot be read.
    pub(crate) fn of(settings: &McpSettings, data_dir: &DataDir) -> Result<Self, Failure> {
        Ok(Self {
            path: absolute(&settings.config_file),
            is_named: settings.config_file_is_named,
            data_dir: data_dir.clone(),
            environment: Arc::new(Environment::load()?),
        })
    }

    /// What it says now; `.env` and `.env.local` are read again, too.
    ///
    /// # Errors
    /// What is wrong with the file. An entry that is wrong is no error here.
    pub(crate) fn read(&self) -> Result<Config, String> {
        if !self.is_named && files::is_absent(&self.path) {
            tracing::info!(path = %self.path.display(), "there is no such file, so there are no MCP servers");
            return Ok(Config::default());
        }
        let environment = Environment::load().map_err(|failure| failure.message().to_owned())?;
        let config = Config::read(&self.path, |name| self.value(&environment, name))
            .map_err(|error| with_causes(&error))?;
        let count = config.entries().count();
        tracing::info!(path = %self.path.display(), count, "the file of MCP servers was read");
        for unknown in config.unknown_members() {
            tracing::warn!(
                unknown = unknown.to_string(),
                "a member of the file of MCP servers is not known"
            );
        }
        Ok(config)
    }

    /// The same while the server runs.
    ///
    /// # Errors
    /// As for [`ServersFile::read`], and when one of the files is no regular file.
    pub(crate) fn read_again(&self) -> Result<Config, String> {
        check_regular(&self.path).map_err(|problem| format!("MCP_CONFIG_FILE: {problem}"))?;
        Environment::paths().try_for_each(check_regular)?;
        let environment = Environment::load().map_err(|failure| failure.message().to_owned())?;
        check_regular(&self.secret(&environment))?;
        self.read()
    }

    /// The same at the start of the program.
    ///
    /// # Errors
    /// [`exit::CONFIGURATION`].
    pub(crate) fn read_first(&self) -> Result<Config, Failure> {
        self.read().map_err(|error| {
            Failure::new(exit::CONFIGURATION, error)
                .with_hint("MCP_CONFIG_FILE names the file with the MCP servers")
        })
    }

    /// What child processes find in their environment is taken from here.
    pub(super) fn environment(&self) -> Lookup {
        let environment = Arc::clone(&self.environment);
        Arc::new(move |name| text(&environment, name))
    }

    /// The secret of a data directory stands in for the variable, as it does for the server itself.
    fn value(&self, environment: &Environment, name: &str) -> Option<String> {
        let found = text(environment, name);
        if name != SECRET || found.is_some() {
            return found;
        }
        let secret = std::fs::read_to_string(self.secret(environment));
        secret.ok().map(|text| text.trim_end_matches(['\r', '\n']).to_owned())
    }

    /// The file of the secret.
    fn secret(&self, environment: &Environment) -> PathBuf {
        let named = text(environment, "MCP_JWT_SECRET_FILE").map(PathBuf::from);
        named.unwrap_or_else(|| self.data_dir.secret())
    }
}

/// Who reads the log does not know where the program was started.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn text(environment: &Environment, name: &str) -> Option<String> {
    environment.get(name)?.into_string().ok().filter(|value| !value.is_empty())
}
