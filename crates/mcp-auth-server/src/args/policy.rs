//! `policy`

use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use mcp_auth::action::ActionKind;
use mcp_auth::roles::Role;

#[derive(Debug, Subcommand)]
pub(crate) enum Policy {
    /// Look for rules that decide nothing or contradict each other, and for tools that no server has
    Check {
        /// Start no MCP server: leave out what takes their lists of tools
        #[arg(long)]
        offline: bool,
    },
    /// Say which rule decides
    Explain(Explain),
}

/// `policy explain`
#[derive(Debug, ClapArgs)]
pub(crate) struct Explain {
    /// The user id
    #[arg(long)]
    pub(crate) user: String,
    /// The role [default: what a token of this user has: admin for `admin`, else user]
    #[arg(long)]
    pub(crate) role: Option<Role>,
    /// The tool, as its server calls it
    #[arg(long)]
    pub(crate) tool: Option<String>,
    /// The MCP server [default: taken from `server__tool`, else any]
    #[arg(long)]
    pub(crate) server: Option<String>,
    /// What the user would do
    #[arg(long, value_enum, default_value_t = Action::Call)]
    pub(crate) action: Action,
}

/// The kinds of action, as rules name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum Action {
    List,
    Describe,
    Call,
    Connect,
    ManageUsers,
    ManageAdmins,
}

impl From<Action> for ActionKind {
    fn from(action: Action) -> Self {
        match action {
            Action::List => Self::List,
            Action::Describe => Self::Describe,
            Action::Call => Self::Call,
            Action::Connect => Self::Connect,
            Action::ManageUsers => Self::ManageUsers,
            Action::ManageAdmins => Self::ManageAdmins,
        }
    }
}
