//! Variables: each one that the files name is one that the server knows.

use std::collections::HashSet;
use std::process::Command;

use anyhow::{Result, ensure};
use serde_json::Value;

use crate::broken::finds;
use crate::files;
use crate::tools::run;

/// What the names of the server's variables begin with.
const PREFIXES: [&str; 4] = ["MCP_", "API_", "LOG_", "REDIS_"];

/// All variables that the server reads, as it says itself.
pub(crate) fn known() -> HashSet<String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcp-auth-server"));
    let table = run(command.env_clear().args(["config", "variables", "--json"])).unwrap();
    let table: Vec<Value> = serde_json::from_str(&table).unwrap();
    let names = table.iter().flat_map(|variable| {
        let name = variable["name"].as_str().unwrap().to_owned();
        let file = (variable["or_file"] == true).then(|| format!("{name}_FILE"));
        file.into_iter().chain([name])
    });
    names.collect()
}

/// Also those that only a comment names, which somebody is to set.
fn check(text: &str) -> Result<()> {
    let known = known();
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let names = words.filter(|word| PREFIXES.iter().any(|prefix| word.starts_with(prefix)));
    for name in names.filter(|name| !name.ends_with('_')) {
        ensure!(known.contains(name), "the server knows no variable {name}");
    }
    Ok(())
}

#[test]
fn every_variable_is_one_of_the_servers() {
    for name in files::ALL {
        finds(check, &files::text(name), &[("API_HOST", "API_HOTS")]);
    }
    let compose = files::text(files::COMPOSE);
    finds(check, &compose, &[("MCP_JWT_SECRET_FILE", "MCP_SECRET_FILE")]);
}
