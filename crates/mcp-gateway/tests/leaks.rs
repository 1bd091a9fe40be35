//! Nothing is left behind: the only tests of their process, because they count what is open in it.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests, where a panic is a failed test"
)]

#[path = "suite/support.rs"]
mod support;

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::json;
use support::{call, example, runs, start_one, text, until};

/// One test, because two at once would count each other's.
#[tokio::test]
async fn a_hundred_restarts_leak_no_process_no_file_and_no_task() {
    let gateway = start_one().await;
    gateway.reconnect("fault").await.unwrap();
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let here = std::process::id();
    let before = (open_files(), tasks(), children_of(here).len());
    for round in 0..100 {
        if round % 2 == 0 {
            gateway.reconnect("fault").await.unwrap();
        } else {
            call(&gateway, "exit", json!({"code": 1})).await.unwrap_err();
            gateway.reconnect("fault").await.unwrap();
        }
        assert_eq!(text(&gateway, "echo", json!({"text": "x"})).await, "x");
    }
    let after = || (open_files(), tasks(), children_of(here).len());
    until("all is as before", || after() == before).await;
    gateway.shutdown().await;
    assert_eq!(children_of(here), [""; 0]);
    until("no task is left", || tasks() == 0).await;
    kill_nine_of_the_gateway_leaves_no_orphan();
}

fn kill_nine_of_the_gateway_leaves_no_orphan() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config.json");
    let server = example("fault_server");
    let well = json!({"command": server});
    let stays = json!({"command": server, "args": ["stay"]});
    let shell = json!({"command": "sh", "args": ["-c", format!("sleep 601 & setsid sleep 602 & {server}")]});
    let config = json!({"mcpServers": {"well": well, "stays": stays, "shell": shell}});
    std::fs::File::create(&path).unwrap().write_all(config.to_string().as_bytes()).unwrap();

    let mut gateway = Command::new(example("gateway"))
        .arg(&path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(gateway.stdout.take().unwrap()).lines();
    for _ in 0..3 {
        let connected =
            |line: &std::io::Result<String>| line.as_ref().unwrap().contains(": connected");
        assert!(output.by_ref().any(|line| connected(&line)));
    }
    let family = descendants(gateway.id());
    assert!(family.len() >= 8, "3 guardians, 3 servers, 2 sleepers: {family:?}");
    gateway.kill().unwrap();
    gateway.wait().unwrap();
    let mut left = family;
    for _ in 0..2000 {
        left.retain(|pid| runs(pid));
        if left.is_empty() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("orphans: {left:?}");
}

fn descendants(pid: u32) -> Vec<String> {
    let children = children_of(pid);
    let below = children.iter().flat_map(|child| descendants(child.parse().unwrap()));
    below.chain(children.clone()).collect()
}

/// The processes below one, zombies included.
fn children_of(pid: u32) -> Vec<String> {
    let parent = |entry: &str| {
        let stat = std::fs::read_to_string(format!("/proc/{entry}/stat")).ok()?;
        let (_, rest) = stat.rsplit_once(") ")?;
        rest.split_whitespace().nth(1)?.parse::<u32>().ok()
    };
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().into_string().ok());
    pids.filter(|entry| parent(entry) == Some(pid)).collect()
}

fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}
