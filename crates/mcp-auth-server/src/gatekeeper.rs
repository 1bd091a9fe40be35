//! The one module that touches the gateway. Whatever acts on a server takes the [`Permit`] for exactly that action, and
//! acts on the server and the tool that the permit names: a permit to list cannot call, and none can be used elsewhere.

mod config;

use std::ffi::OsString;
use std::fmt;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use mcp_auth::action::{CallTool, ConnectServer, DescribeTool, ListServer, ListTool, ReloadConfig};
use mcp_auth::clock::Clock;
use mcp_auth::validate::Permit;
use mcp_gateway::guardian::{self, GuardianCommand};
use mcp_gateway::{Gateway, Options, ToolRef};
use serde_json::Value;

pub(crate) use self::config::ServersFile;
use crate::reading::Reading;
pub(crate) use mcp_gateway::{
    CallError, CallOutcome, ChangeError, Config, Content, EntryError, Reloaded, ResolveError,
    ServerConfig, ServerHealth, ServerStatus, Status, Tool,
};

/// The argument that makes this program the guardian of one MCP server; the gateway writes it, people do not.
pub(crate) const GUARD: &str = "guard-mcp-server";

/// Watches one MCP server, so that it does not outlive the gateway. `args` are those after [`GUARD`].
pub(crate) fn guard(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    guardian::run(args)
}

/// Keeps the gate between the callers and the MCP servers.
pub(crate) struct Gatekeeper {
    gateway: Gateway,
    file: Arc<ServersFile>,
    reading: Reading,
}

/// One tool, by the names that a policy knows. It says that the tool is there and no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) server: String,
    pub(crate) tool: String,
}

impl Gatekeeper {
    /// A gatekeeper of no servers yet; [`Gatekeeper::begin`] brings them.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    pub(crate) fn new(file: ServersFile, clock: Arc<dyn Clock>) -> Self {
        let now = Arc::new(move || UNIX_EPOCH + clock.now().since_epoch());
        let options = Options::new(file.environment(), now).guardian(guardian_command());
        let gateway = Gateway::start(&Config::default(), options);
        Self { gateway, file: Arc::new(file), reading: Reading::new() }
    }

    /// Starts to connect these servers, and waits for none.
    pub(crate) async fn begin(&self, config: &Config) {
        if let Err(error) = self.gateway.reload(config).await {
            tracing::error!(%error, "no MCP server was started");
        }
    }

    /// Waits until each server has been connected or has failed once.
    pub(crate) async fn settled(&self) {
        self.gateway.settled().await;
    }

    /// Stops all servers and waits until their processes are gone.
    pub(crate) async fn shutdown(&self) {
        self.gateway.shutdown().await;
    }

    /// Which tool a name means.
    ///
    /// # Errors
    /// When it means none, or several.
    pub(crate) fn find(&self, name: &str) -> Result<Target, ResolveError> {
        let found = self.gateway.resolve(name)?;
        Ok(Target { server: found.server().to_owned(), tool: found.name().to_owned() })
    }

    /// The servers for which `permit` gives a permit. Their tools are left out: [`Gatekeeper::tools`] asks for each.
    pub(crate) fn servers(
        &self,
        permit: impl Fn(ListServer) -> Option<Permit<ListServer>>,
    ) -> Vec<ServerStatus> {
        let mut servers = self.gateway.servers();
        servers.retain(|it| permit(ListServer { server: it.name.clone() }).is_some());
        servers.into_iter().map(without_tools).collect()
    }

    /// The tools of all connected servers, or of one, for which `permit` gives a permit.
    pub(crate) fn tools(
        &self,
        server: Option<&str>,
        permit: impl Fn(ListTool) -> Option<Permit<ListTool>>,
    ) -> Vec<Tool> {
        let mut tools = self.gateway.tools(server);
        tools.retain(|it| {
            let action = ListTool { server: it.server.clone(), tool: it.own_name.clone() };
            permit(action).is_some()
        });
        tools
    }

    /// A tool with its parameters; `None` when it has gone meanwhile.
    pub(crate) fn describe(&self, permit: &Permit<DescribeTool>) -> Option<Tool> {
        let DescribeTool { server, tool } = permit.action();
        let mut tools = self.gateway.tools(Some(server)).into_iter();
        tools.find(|it| it.own_name == *tool)
    }

    /// Calls the tool. Dropping the future cancels the call, and the server is told.
    ///
    /// # Errors
    /// When it has gone meanwhile (`None`), or gave no answer.
    pub(crate) async fn call(
        &self,
        permit: &Permit<CallTool>,
        arguments: Value,
        timeout: Option<Duration>,
    ) -> Result<CallOutcome, CallError> {
        let CallTool { server, tool } = permit.action();
        let gone = || CallError::ServerFailed {
            server: server.clone(),
            reason: format!("it has no tool `{tool}` any more"),
        };
        // By what the permit says and no text made of it: names that are read are for people.
        let found = self.gateway.tool(server, tool);
        let is_permitted = |it: &ToolRef| it.server() == server && it.name() == tool;
        let tool = found.filter(is_permitted).ok_or_else(gone)?;
        self.gateway.call(&tool, arguments, timeout).await
    }

    /// Connects a server that stands in no file, in place of one of its name.
    ///
    /// # Errors
    /// When no server can have this name.
    pub(crate) async fn connect(
        &self,
        permit: &Permit<ConnectServer>,
        config: ServerConfig,
    ) -> Result<ServerStatus, ChangeError> {
        self.gateway.connect(&permit.action().server, config).await
    }

    /// Whether a server can be connected, by hand or again, for those who have something to do before.
    ///
    /// # Errors
    /// When there is none of this name, or no server can have it.
    pub(crate) fn check(
        &self,
        permit: &Permit<ConnectServer>,
        is_by_hand: bool,
    ) -> Result<(), ChangeError> {
        let name = &permit.action().server;
        if is_by_hand {
            self.gateway.check_connect(name)
        } else {
            self.gateway.check_reconnect(name)
        }
    }

    /// Connects a known server again.
    ///
    /// # Errors
    /// When there is none of this name.
    pub(crate) async fn reconnect(
        &self,
        permit: &Permit<ConnectServer>,
    ) -> Result<ServerStatus, ChangeError> {
        self.gateway.reconnect(&permit.action().server).await
    }

    /// Stops a server; it stays listed.
    ///
    /// # Errors
    /// When there is none of this name.
    pub(crate) async fn disconnect(
        &self,
        permit: &Permit<ConnectServer>,
    ) -> Result<ServerStatus, ChangeError> {
        self.gateway.disconnect(&permit.action().server).await
    }

    /// Makes the servers those of the file as it is now.
    ///
    /// # Errors
    /// What is wrong with the file, or that the gateway is being shut down; the servers stay as they are.
    pub(crate) async fn reload(&self, _: &Permit<ReloadConfig>) -> Result<Reloaded, String> {
        let file = Arc::clone(&self.file);
        let read = self.reading.aside(move || file.read_again()).await;
        let config = read.map_err(|late| late.to_string())??;
        self.gateway.reload(&config).await.map_err(|error| error.to_string())
    }

    /// The health of the servers for which `permit` gives a permit.
    pub(crate) fn health(
        &self,
        permit: impl Fn(ListServer) -> Option<Permit<ListServer>>,
    ) -> Vec<ServerHealth> {
        let mut all = self.gateway.health();
        all.retain(|it| permit(ListServer { server: it.name.clone() }).is_some());
        all
    }

    /// The health of one server; `None` if there is none of this name.
    pub(crate) fn health_of(&self, permit: &Permit<ListServer>) -> Option<ServerHealth> {
        self.gateway.health_of(&permit.action().server)
    }

    /// Every server and tool, for a policy to be checked against on the host.
    pub(crate) fn all_targets(&self) -> (Vec<ServerStatus>, Vec<Target>) {
        let target = |it: Tool| Target { server: it.server, tool: it.own_name };
        (self.gateway.servers(), self.gateway.tools(None).into_iter().map(target).collect())
    }
}

impl fmt::Debug for Gatekeeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gatekeeper").field("gateway", &self.gateway).finish_non_exhaustive()
    }
}

fn without_tools(server: ServerStatus) -> ServerStatus {
    ServerStatus { tools: Vec::new(), tool_count: 0, ..server }
}

/// This program. The link stays right when the file is replaced by a newer version.
fn guardian_command() -> GuardianCommand {
    let program = match std::env::current_exe() {
        Ok(path) if !cfg!(target_os = "linux") => path,
        _ => "/proc/self/exe".into(),
    };
    GuardianCommand { program, args: vec![GUARD.into()] }
}
