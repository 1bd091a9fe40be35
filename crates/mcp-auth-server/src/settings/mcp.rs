//! What the environment says about MCP servers and who may use them.

use std::path::PathBuf;

use mcp_auth::settings::Reader;
use mcp_auth_cli::{Failure, configuration_failure};
use mcp_auth_sessions::rate_limit::Limits;

use super::rate_limits::read_limits;
use super::{Listen, SERVER_VARIABLES, Source, variables as name};
use crate::data_dir::DataDir;

/// Servers, policy and limits.
#[derive(Debug)]
pub(crate) struct McpSettings {
    /// The file of servers.
    pub(crate) config_file: PathBuf,
    /// Whether somebody named it, so that it has to be there.
    pub(crate) config_file_is_named: bool,
    /// The file of the policy; `None` for the built-in one. Whoever needs it reads it: a policy that is broken must not
    /// keep new keys out.
    pub(crate) policy_file: Option<PathBuf>,
    /// How often one user may call tools, where the policy's rule does not say; `None` where rate limits are switched off.
    pub(crate) execute_limits: Option<Limits>,
    /// Whether an admin may connect a server that stands in no file.
    pub(crate) allow_adhoc: bool,
}

impl McpSettings {
    /// These alone, for commands that need no keys.
    ///
    /// # Errors
    /// [`CONFIGURATION`](mcp_auth_cli::exit::CONFIGURATION) with all mistakes.
    pub(crate) fn alone(source: &Source) -> Result<Self, Failure> {
        let lookup = |name: &str| source.get(name);
        let mut reader = Reader::new(&lookup).with_table(SERVER_VARIABLES);
        let listen = super::read_listen(&mut reader);
        let settings = Self::read(&mut reader, listen, &DataDir::at(lookup(name::DATA_DIR)));
        reader.finish().map_err(|all| configuration_failure(&all))?;
        Ok(settings)
    }

    pub(super) fn read(reader: &mut Reader<'_>, listen: Listen, data_dir: &DataDir) -> Self {
        let named = reader.text(name::CONFIG_FILE);
        Self {
            config_file_is_named: named.is_some(),
            config_file: named.map_or_else(|| data_dir.servers(), PathBuf::from),
            policy_file: reader.text(name::POLICY_FILE).map(PathBuf::from),
            execute_limits: read_limits(reader, name::EXECUTE_RATE_LIMIT, "10/minute"),
            allow_adhoc: super::flag_or(reader, name::ALLOW_ADHOC, listen.is_local()),
        }
    }
}
