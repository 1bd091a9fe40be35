//! A small MCP server over standard input and output. Its tools answer, fail, refuse, take long and crash, so that one
//! can see what a gateway makes of each.

use std::time::Duration;

use anyhow::{Context as _, Result};
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{Implementation, ServerCapabilities, ServerConfig};
use rmcp::transport::io::stdio;
use rmcp::{ErrorData, ServerHandler, ServiceExt as _, tool, tool_handler, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;

/// The notes that can be read.
const NOTES: &[(&str, &str)] =
    &[("welcome", "Every call of this tool is on the audit."), ("todo", "Rotate the secret.")];

/// The server. It keeps nothing.
#[derive(Debug, Clone, Copy)]
pub struct Demo;

#[derive(Deserialize, JsonSchema)]
struct Note {
    /// `welcome` or `todo`.
    name: String,
}

#[derive(Deserialize, JsonSchema)]
struct Sum {
    a: i64,
    b: i64,
}

#[derive(Deserialize, JsonSchema)]
struct Nap {
    /// How long, 600 at most.
    seconds: f64,
}

#[tool_router]
impl Demo {
    #[tool(description = "Reads a note")]
    fn read_note(Parameters(note): Parameters<Note>) -> Result<String, ErrorData> {
        let found = NOTES.iter().find(|(name, _)| *name == note.name);
        let unknown = || ErrorData::invalid_params("there is no such note", None);
        found.map(|(_, text)| (*text).to_owned()).ok_or_else(unknown)
    }

    #[tool(description = "Adds two whole numbers")]
    fn add(Parameters(sum): Parameters<Sum>) -> Result<String, String> {
        sum.a.checked_add(sum.b).map(|sum| sum.to_string()).ok_or("the sum is too large".to_owned())
    }

    #[tool(description = "Fails, and says so")]
    fn fail() -> Result<String, String> {
        Err("this tool always fails".to_owned())
    }

    #[tool(description = "Answers after some seconds")]
    async fn slow(Parameters(nap): Parameters<Nap>) -> Result<String, String> {
        let nap = Duration::try_from_secs_f64(nap.seconds).map_err(|error| error.to_string())?;
        tokio::time::sleep(nap.min(Duration::from_mins(10))).await;
        Ok("done".to_owned())
    }

    #[tool(description = "Ends the server in the middle of the call")]
    #[expect(clippy::disallowed_methods, reason = "that is what this tool is for")]
    fn crash() -> String {
        std::process::exit(3)
    }
}

#[tool_handler]
impl ServerHandler for Demo {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("demo-server", env!("CARGO_PKG_VERSION")))
    }
}

/// Serves until the input ends.
///
/// # Errors
/// When the other side does not speak MCP.
pub fn run() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.context("cannot start a runtime")?.block_on(async {
        let serving = Demo.serve(stdio()).await.context("the client did not begin")?;
        serving.waiting().await.context("serving ended early")?;
        Ok(())
    })
}
