//! A test that is killed leaves neither engine nor network behind.

use std::io::{BufRead, BufReader, Read};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::ensure;
use mcp_auth_rig::{Engine, Namespaces, Node, Options, Resp, until};

use crate::each_engine;

const NAME: &str = "orphan::what_a_test_started_ends_with_its_process";
const PARENT: &str = "RIG_TEST_IS_THE_PARENT_OF";
const SOON: Duration = Duration::from_secs(5);

#[test]
fn what_a_test_started_ends_with_its_process() {
    if let Some(engine) = engine_to_own() {
        return own(&engine);
    }
    each_engine(|engine| {
        let folder = tempfile::tempdir().unwrap();
        let mut parent = Command::new(std::env::current_exe().unwrap());
        parent.args(["--exact", NAME, "--nocapture"]);
        parent.env(PARENT, engine.name()).env("TMPDIR", folder.path());
        let mut parent = parent.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let told = BufReader::new(parent.stdout.take().unwrap());
        let engines: Vec<SocketAddr> = told
            .lines()
            .map(Result::unwrap)
            .take_while(|line| line != "that is all")
            .filter_map(|line| Some(line.strip_prefix("engine ")?.parse().unwrap()))
            .collect();
        assert!(!engines.is_empty() && engines.iter().all(|at| answers(*at)));
        parent.kill().unwrap();
        parent.wait().unwrap();
        for at in engines {
            until("the engine to end", SOON, || {
                ensure!(!answers(at), "{at} is there");
                Ok(())
            })
            .unwrap();
        }
    });
}

#[test]
fn a_network_ends_with_its_value() {
    if Namespaces::available().is_ok() {
        let hosts = Namespaces::start(&["a"]).unwrap();
        let ours = hosts.host(Namespaces::OUTSIDE).unwrap().address();
        assert!(is_ours(ours.into()));
        drop(hosts);
        assert!(!is_ours(ours.into()));
    }
}

fn answers(engine: SocketAddr) -> bool {
    // A gateway may accept connections to networks that are not there.
    let connection = Resp::connect_within(engine, Duration::from_millis(500));
    connection.is_ok_and(|mut connection| connection.ask(&["PING"]).is_ok())
}

/// Whether an interface of this machine has the address.
fn is_ours(address: IpAddr) -> bool {
    UdpSocket::bind((address, 0)).is_ok()
}

/// Owns engines until the process is killed, or the one that started it ends.
fn own(engine: &Engine) {
    let tell = |node: &Node| println!("\nengine {}", node.address());
    let near = Options::new(engine).start().unwrap();
    tell(&near);
    let hosts = Namespaces::available().is_ok().then(|| Namespaces::start(&["a"]).unwrap());
    let far = hosts.as_ref().map(|hosts| {
        let node = Options::new(engine).on(&hosts.host("a").unwrap()).start().unwrap();
        tell(&node);
        node
    });
    println!("that is all");
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
    drop((near, far));
}

#[expect(clippy::disallowed_methods, reason = "a test that runs itself tells itself so")]
fn engine_to_own() -> Option<Engine> {
    let name = std::env::var(PARENT).ok()?;
    Engine::all().into_iter().find(|engine| engine.name() == name)
}
