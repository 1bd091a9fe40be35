//! The rig itself, on each engine that there is.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "helpers of tests")]

mod namespaces;
mod node;
mod orphan;
mod proxy;
mod tls;
mod topologies;

use mcp_auth_rig::{Engine, Reply, faults};

fn text(text: &str) -> Reply {
    Reply::Text(text.to_owned())
}

fn each_engine(test: impl Fn(&Engine)) {
    with(&Engine::all(), test);
}

/// One engine stands for all where the network is what is tried, unless the long matrix was asked for.
fn some_engine(test: impl Fn(&Engine)) {
    let mut engines = Engine::all();
    engines.truncate(if faults() { usize::MAX } else { 1 });
    with(&engines, test);
}

fn with(engines: &[Engine], test: impl Fn(&Engine)) {
    for engine in engines {
        println!("{} {}", engine.name(), engine.version().unwrap());
        test(engine);
    }
}
