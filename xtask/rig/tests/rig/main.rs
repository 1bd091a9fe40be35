//! The rig itself, on each engine that there is.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "helpers of tests")]

mod namespaces;
mod node;
mod orphan;
mod tls;
mod topologies;

use mcp_auth_rig::{Engine, Reply};

fn text(text: &str) -> Reply {
    Reply::Text(text.to_owned())
}

fn each_engine(test: impl Fn(&Engine)) {
    for engine in Engine::all() {
        println!("{} {}", engine.name(), engine.version().unwrap());
        test(&engine);
    }
}
