//! Very many of something.

use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::thread;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;

use super::others_are_served;
use crate::attempt::attempt;
use crate::client::Ask;
use crate::process::{peak, resident, size};
use crate::server::Server;

/// Both ends of a connection are files; the test needs as many as the server.
fn raise_limit() {
    let maximum = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).unwrap();
}

/// From this address of the loopback network; one has ports for 28,000 connections only.
fn connect(to: SocketAddr) -> TcpStream {
    TcpStream::connect(to).unwrap()
}

#[test]
fn idle_connections_cost_little() {
    idle(size(1_000, 10_000), size(100, 300));
}

fn idle(many: usize, most: usize) {
    raise_limit();
    let server = Server::start();
    others_are_served(&server, "alone");
    let before = resident(&server);
    let mut crowd = Vec::new();
    for at in 0..many {
        let mut stream = connect(server.address);
        // Half of them have been served once, the others have begun to ask.
        let bytes: &[u8] = match at % 2 {
            0 => b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n",
            _ => b"GET /health HTT",
        };
        stream.write_all(bytes).unwrap();
        crowd.push(stream);
    }
    others_are_served(&server, "a crowd of the idle");
    let after = resident(&server);
    println!("{} idle connections: {before} MiB before, {after} MiB with them", crowd.len());
    assert!(after - before < most, "{before} MiB, then {after} MiB");
    drop(crowd);
    others_are_served(&server, "the crowd has left");
}

#[test]
fn large_bodies_that_never_end_take_bounded_memory() {
    bodies(size(300, 4_000), 200);
}

/// Each sends nearly as much as it may, and waits.
fn bodies(many: usize, most: usize) {
    raise_limit();
    let server = Server::start();
    others_are_served(&server, "alone");
    let before = resident(&server);
    let head = "POST /api/v1/auth/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
        Content-Length: 1048576\r\n\r\n";
    let body = vec![b' '; 1_000_000];
    let crowd: Vec<TcpStream> = (0..many)
        .map(|_| {
            let mut stream = connect(server.address);
            stream.write_all(head.as_bytes()).unwrap();
            // A server that has had enough does not read all.
            stream.set_write_timeout(Some(std::time::Duration::from_millis(200))).unwrap();
            let _ = stream.write_all(&body);
            stream
        })
        .collect();
    others_are_served(&server, "large bodies");
    let sign_in = json!({ "username": "admin", "password": crate::server::PASSWORD });
    let answer = server.ask(&Ask::post("/api/v1/auth/token").json(&sign_in));
    assert_eq!(answer.status, 200, "{answer:?}");
    let highest = peak(&server);
    println!(
        "{} unfinished bodies of 1 MB: {before} MiB before, {highest} MiB at most",
        crowd.len()
    );
    assert!(highest - before < most, "{before} MiB, then {highest} MiB");
}

#[test]
fn many_addresses_and_names_take_bounded_memory() {
    keys(size(300, 10_000), 100);
}

/// Sign-ins from so many addresses with so many names. Each address has a window of its limit, each name and address
/// that gets a place in the queue of passwords has a count of its failures.
fn keys(many: usize, most: usize) {
    const CLIENTS: usize = 8;
    let server = Server::with(&[("MCP_TRUSTED_PROXIES", "127.0.0.1"), ("LOG_LEVEL", "ERROR")]);
    others_are_served(&server, "alone");
    let (before, address) = (resident(&server), server.address);
    let flood = |from: usize| {
        for at in (from..many).step_by(CLIENTS) {
            let who = json!({ "username": format!("nobody-{at}"), "password": "wrong" });
            let from = format!("10.{}.{}.{}", at >> 16 & 255, at >> 8 & 255, at & 255);
            let ask = Ask::post("/api/v1/auth/token").header("X-Forwarded-For", from);
            let answer = attempt(&ask.json(&who), address).unwrap();
            assert!(matches!(answer.status, 401 | 429 | 503), "{answer:?}");
        }
    };
    thread::scope(|scope| {
        (0..CLIENTS).for_each(|from| drop(scope.spawn(move || flood(from))));
        others_are_served(&server, "a flood of names");
    });
    let highest = peak(&server);
    println!("{many} addresses and names: {before} MiB before, {highest} MiB at most");
    assert!(highest - before < most, "{before} MiB, then {highest} MiB");
}
