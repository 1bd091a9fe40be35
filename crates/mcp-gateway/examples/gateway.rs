//! Connects the servers of a configuration file, lists their tools, and stays until its standard
//! input ends:
//!
//! ```sh
//! cargo run --example gateway -- .mcp/config.json
//! ```
//!
//! The first lines of `main` are what a program needs that embeds the gateway: one of its commands is
//! the guardian.

use std::env;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use mcp_gateway::guardian::{self, GuardianCommand};
use mcp_gateway::{Config, Gateway, Options};
use tokio::io::AsyncReadExt;

const GUARD: &str = "guard";

fn main() -> ExitCode {
    let mut args = env::args_os().skip(1);
    match args.next() {
        Some(word) if word == GUARD => guardian::run(args),
        Some(path) => match show(Path::new(&path)) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                let _ = writeln!(std::io::stderr(), "error: {error}");
                ExitCode::FAILURE
            }
        },
        None => ExitCode::from(2),
    }
}

#[expect(clippy::disallowed_methods, reason = "a program supplies the real environment and clock")]
fn options() -> Options {
    let guardian = GuardianCommand { program: "/proc/self/exe".into(), args: vec![GUARD.into()] };
    Options::new(Arc::new(|name| env::var(name).ok()), Arc::new(std::time::SystemTime::now))
        .guardian(guardian)
}

fn show(path: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let options = options();
    let config = Config::read(path, |name| (options.environment)(name))?;
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let gateway = Gateway::start(&config, options);
        gateway.settled().await;
        let mut out = std::io::stdout().lock();
        for server in gateway.servers() {
            let error = server.error.unwrap_or_default();
            writeln!(out, "{}: {} {error}", server.name, server.status.as_str())?;
            for tool in server.tools {
                writeln!(out, "  {tool}")?;
            }
        }
        out.flush()?;
        tokio::io::stdin().read_to_end(&mut Vec::new()).await?;
        gateway.shutdown().await;
        Ok(())
    })
}
