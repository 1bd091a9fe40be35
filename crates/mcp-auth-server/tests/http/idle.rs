//! Clients that connect and say nothing, or little and slowly.

use std::io::Write as _;
use std::net::TcpStream;
use std::process::Command;

use crate::client::Ask;
use crate::server::{Server, initialised, program};

/// A server that may open so few files that it can hold 72 connections.
fn small() -> Server {
    let directory = initialised();
    let real = program(directory.path(), &[]);
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -n 200; exec \"$0\" \"$@\""]).arg(real.get_program());
    shell.env_clear().current_dir(directory.path());
    shell.envs(real.get_envs().filter_map(|(name, value)| Some((name, value?))));
    Server::run(directory, shell)
}

#[test]
fn idle_connections_make_room_for_others() {
    let server = small();
    let mut idle: Vec<TcpStream> = Vec::new();
    for at in 0..300 {
        let mut stream = TcpStream::connect(server.address).unwrap();
        if at % 2 == 0 {
            stream.write_all(b"GET /health HTT").unwrap();
        }
        idle.push(stream);
        if at % 50 == 49 {
            assert_eq!(server.ask(&Ask::get("/health")).status, 200, "with {} idle", at + 1);
        }
    }
    assert_eq!(idle.len(), 300);
    assert_eq!(server.ask(&Ask::get("/ready")).status, 200);
}
