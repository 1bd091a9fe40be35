//! Strangers who guess at an account from many addresses, and its owner meanwhile.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::client::{Answer, Ask};
use crate::server::{PASSWORD, Server};

const HOME: &str = "198.18.1.1";
const NEW: &str = "198.18.2.2";

fn sign_in(server: &Server, address: &str, password: &str) -> Answer {
    let who = json!({ "username": "admin", "password": password });
    let ask = Ask::post("/api/v1/auth/token").header("X-Forwarded-For", address).json(&who);
    server.ask(&ask)
}

/// Seconds that an answer says to wait; 0 where the password was looked at.
fn told(answer: &Answer) -> u64 {
    match answer.status {
        429 => answer.header("retry-after").unwrap().parse().unwrap(),
        _ => 0,
    }
}

/// One guess from each of 12 addresses, until one is told to wait so many seconds; how many were looked at.
fn guess(server: &Server, patience: u64) -> usize {
    let guesses = (10..22).map(|last| sign_in(server, &format!("198.18.0.{last}"), "wrong"));
    guesses
        .map(|answer| told(&answer))
        .take_while(|wait| *wait < patience)
        .filter(|it| *it == 0)
        .count()
}

#[test]
fn an_owner_is_let_in_while_others_guess() {
    let variables =
        [("MCP_TRUSTED_PROXIES", "127.0.0.1"), ("MCP_LOGIN_RATE_LIMIT", "100000/minute")];
    let server = Server::with(&variables);
    assert_eq!(sign_in(&server, HOME, PASSWORD).status, 200);
    assert!(guess(&server, 3) >= 6, "the first guesses are looked at");
    let began = Instant::now();
    let waiting = sign_in(&server, NEW, PASSWORD);
    assert_eq!(waiting.refusal(), (429, "rate_limited".into()), "a new address has to wait");
    let wait = told(&waiting);
    assert!((2..=25).contains(&wait), "{wait} s");
    assert_eq!(sign_in(&server, HOME, PASSWORD).status, 200, "at home nobody has to wait");
    let mut guesses = 0;
    while began.elapsed() < Duration::from_secs(wait) {
        guesses += guess(&server, u64::MAX);
    }
    assert!(guesses <= 6, "{guesses} guesses");
    assert_eq!(sign_in(&server, NEW, PASSWORD).status, 200, "this is the turn that was told");
}
