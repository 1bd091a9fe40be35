//! A test that is killed leaves no engine behind.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::ensure;
use mcp_auth_rig::{Engine, Options, Resp, until};

use crate::each_engine;

const PARENT: &str = "RIG_TEST_IS_THE_PARENT_OF";

#[test]
fn an_engine_ends_with_the_process_that_started_it() {
    if let Some(engine) = engine_to_own() {
        own(&engine);
    }
    each_engine(|engine| {
        let folder = tempfile::tempdir().unwrap();
        let mut parent = Command::new(std::env::current_exe().unwrap());
        parent.args([
            "--exact",
            "orphan::an_engine_ends_with_the_process_that_started_it",
            "--nocapture",
        ]);
        parent.env(PARENT, engine.name()).env("TMPDIR", folder.path());
        let mut parent = parent.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(parent.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut told =
            lines.filter_map(|line| Some(line.strip_prefix("engine ")?.parse().unwrap()));
        let address: SocketAddr = told.next().unwrap();
        assert!(Resp::connect(address).is_ok());
        parent.kill().unwrap();
        parent.wait().unwrap();
        let gone = || {
            ensure!(Resp::connect(address).is_err(), "{address} is there");
            Ok(())
        };
        until("the orphan to end", Duration::from_secs(5), gone).unwrap();
    });
}

/// Owns an engine until the process is killed.
fn own(engine: &Engine) {
    let node = Options::new(engine).start().unwrap();
    println!("\nengine {}", node.address());
    loop {
        std::thread::park();
    }
}

#[expect(clippy::disallowed_methods, reason = "a test that runs itself tells itself so")]
fn engine_to_own() -> Option<Engine> {
    let name = std::env::var(PARENT).ok()?;
    Engine::all().into_iter().find(|engine| engine.name() == name)
}
