//! Knows MCP servers: configures, connects, supervises, lists and calls them. Knows no HTTP API and
//! no tokens; who may call what is decided by who embeds it.
//!
//! - [`Config`] reads `.mcp/config.json`; a [`ServerConfig`] is one entry of it, or made by hand.
//! - [`Gateway`] holds the servers. [`Gateway::resolve`] finds a tool, [`Gateway::call`] calls it, and
//!   a [`CallError`] tells refused arguments, protocol errors, timeouts and dead servers apart.
//! - [`ServerStatus`] and [`ServerHealth`] say how the servers are.
//! - [`Options`] are the surroundings and the limits; [`RestartPolicy`] is when a server is restarted.
//! - [`guardian`] is the process that lets no server outlive the gateway. The embedding program must
//!   offer it as a command of its own.
//!
//! Servers are not trusted: what they write is bounded, what they hold up is theirs alone.
//!
//! ```no_run
//! # use std::{path::Path, sync::Arc};
//! # use mcp_gateway::{Config, Content, Gateway, Options, guardian::GuardianCommand};
//! # async fn example(now: mcp_gateway::Now) -> Result<(), Box<dyn std::error::Error>> {
//! let environment = Arc::new(|name: &str| std::env::var(name).ok());
//! let config = Config::read(Path::new(".mcp/config.json"), &*environment)?;
//! // `my-program guard ..` calls `guardian::run`.
//! let guardian = GuardianCommand { program: "/proc/self/exe".into(), args: vec!["guard".into()] };
//! let gateway = Gateway::start(&config, Options::new(environment, now).guardian(guardian));
//! gateway.settled().await;
//!
//! let tool = gateway.resolve("read_file")?;
//! let answer = gateway.call(&tool, serde_json::json!({"path": "/data/a.txt"}), None).await?;
//! if let Content::Text(text) = answer.content {
//!     println!("{text}");
//! }
//! gateway.shutdown().await;
//! # Ok(())
//! # }
//! ```

mod call;
mod client;
mod config;
mod directory;
mod environment;
mod gateway;
pub mod guardian;
mod json_size;
mod limiter;
mod lines;
mod naming;
mod options;
mod process;
mod registry;
mod restart;
mod schema;
mod secrets;
mod server;
mod status;
mod stderr;
mod tool;

pub use call::{CallError, CallOutcome, Content};
pub use config::{
    Config, ConfigError, EndpointError, EntryError, ServerConfig, Transport, UnknownMember,
};
pub use directory::ResolveError;
pub use environment::Lookup;
pub use gateway::{ChangeError, Gateway, Reloaded};
pub use options::{Now, Options};
pub use restart::RestartPolicy;
pub use status::{ServerHealth, ServerStatus, Status};
pub use tool::{Tool, ToolRef};
