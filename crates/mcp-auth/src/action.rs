//! What a caller can ask for. Each action is a type of its own, so that a permit for one is no permit for another.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Something a policy decides about.
pub trait Action: fmt::Debug {
    /// The action as a policy sees it.
    fn request(&self) -> Request<'_>;
}

/// The kinds of action, as rules name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ActionKind {
    /// See that a server or tool exists.
    List,
    /// See a tool's parameters.
    Describe,
    /// Call a tool.
    Call,
    /// Connect, disconnect or reconfigure a server.
    Connect,
    /// Create and change the accounts of users.
    ManageUsers,
    /// Create and change the accounts of admins.
    ManageAdmins,
}

impl ActionKind {
    /// Whether it only looks at tools or calls them, and changes neither servers nor accounts.
    pub const fn is_for_everyday(self) -> bool {
        matches!(self, Self::List | Self::Describe | Self::Call)
    }

    /// Whether it is done to a server, or to a tool of one.
    pub(crate) const fn has_server(self) -> bool {
        !matches!(self, Self::ManageUsers | Self::ManageAdmins)
    }

    /// The name in rules and messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Describe => "describe",
            Self::Call => "call",
            Self::Connect => "connect",
            Self::ManageUsers => "manage_users",
            Self::ManageAdmins => "manage_admins",
        }
    }
}

/// One action on one object; the object is absent where the kind has none, or all are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request<'a> {
    /// The kind of action.
    pub kind: ActionKind,
    /// The MCP server.
    pub server: Option<&'a str>,
    /// The tool of that server.
    pub tool: Option<&'a str>,
}

/// For example `call filesystem/read_file`.
impl fmt::Display for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.name())?;
        match (self.server, self.tool) {
            (None, _) => Ok(()),
            (Some(server), None) => write!(f, " {server}"),
            (Some(server), Some(tool)) => write!(f, " {server}/{tool}"),
        }
    }
}

/// See that a server exists. Who lists servers asks this of each, and shows those that are allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListServer {
    /// The server.
    pub server: String,
}

/// See that a tool exists. Who lists tools asks this of each, and shows those that are allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListTool {
    /// The tool's server.
    pub server: String,
    /// The tool.
    pub tool: String,
}

/// See the parameters of a tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeTool {
    /// The tool's server.
    pub server: String,
    /// The tool.
    pub tool: String,
}

/// Call a tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallTool {
    /// The tool's server.
    pub server: String,
    /// The tool.
    pub tool: String,
}

/// Connect, disconnect or reconfigure a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectServer {
    /// The server.
    pub server: String,
}

/// Read the configuration of all servers again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReloadConfig;

/// Create and change the accounts of users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ManageUsers;

/// Create and change the accounts of admins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ManageAdmins;

impl Action for ListServer {
    fn request(&self) -> Request<'_> {
        Request { kind: ActionKind::List, server: Some(&self.server), tool: None }
    }
}

impl Action for ListTool {
    fn request(&self) -> Request<'_> {
        Request { kind: ActionKind::List, server: Some(&self.server), tool: Some(&self.tool) }
    }
}

impl Action for DescribeTool {
    fn request(&self) -> Request<'_> {
        Request { kind: ActionKind::Describe, server: Some(&self.server), tool: Some(&self.tool) }
    }
}

impl Action for CallTool {
    fn request(&self) -> Request<'_> {
        Request { kind: ActionKind::Call, server: Some(&self.server), tool: Some(&self.tool) }
    }
}

impl Action for ConnectServer {
    fn request(&self) -> Request<'_> {
        Request { kind: ActionKind::Connect, server: Some(&self.server), tool: None }
    }
}

impl Action for ReloadConfig {
    fn request(&self) -> Request<'_> {
        Request { kind: ActionKind::Connect, server: None, tool: None }
    }
}

impl Action for ManageUsers {
    fn request(&self) -> Request<'_> {
        Request { kind: ActionKind::ManageUsers, server: None, tool: None }
    }
}

impl Action for ManageAdmins {
    fn request(&self) -> Request<'_> {
        Request { kind: ActionKind::ManageAdmins, server: None, tool: None }
    }
}
