//! A server that is killed again and again under load. Whatever it acknowledged holds, and is on the audit.

mod book;
mod check;
mod load;

use std::fs::OpenOptions;
use std::io::Write as _;
use std::time::Instant;

use serde_json::json;

use self::book::Book;
use self::load::{Load, People};
use crate::client::Ask;
use crate::process::{kill, size, start_over};
use crate::server::{Server, initialised, program};

/// Each sign-in comes from an address of its own: those that a kill cuts off count as failed ones.
const VARIABLES: &[(&str, &str)] = &[
    ("MCP_TRUSTED_PROXIES", "127.0.0.1"),
    ("LOG_LEVEL", "ERROR"),
    ("MCP_REFRESH_RATE_LIMIT", "1000000/minute"),
    ("MCP_REVOKE_RATE_LIMIT", "1000000/minute"),
];

#[test]
fn kills_lose_nothing_that_was_acknowledged() {
    killed(size(12, 250));
}

fn killed(rounds: usize) {
    let began = Instant::now();
    let mut server = start_over(initialised(), VARIABLES);
    let mut people = People::settle(&server);
    let book = Book::default();
    for round in 0..rounds {
        // Another moment each time: now at the first acknowledgement, now deep in the load.
        let patience = 1 + round * 29 % 83;
        let load = Load::new(&server, &book, round);
        server = load.until_killed(server, &mut people, patience);
        check::after_restart(&server, &book, &mut people, round);
    }
    check::at_the_end(&server, &book);
    println!("{rounds} kills in {:.0?}: {}", began.elapsed(), book.figures());
}

#[test]
fn a_torn_last_line_is_recognised_and_set_aside() {
    let directory = kill(Server::start());
    let log = directory.path().join("data/audit.log");
    let torn = br#"{"seq":8,"timestamp":"2026-01-01T00:0"#;
    OpenOptions::new().append(true).open(&log).unwrap().write_all(torn).unwrap();
    let verify = || program(directory.path(), &[]).args(["audit", "verify"]).output().unwrap();
    let before = verify();
    let said = String::from_utf8(before.stdout).unwrap();
    assert!(before.status.code() == Some(1) && said.contains("FAIL  tail"), "{said}");
    let server = start_over(directory, &[]);
    assert_eq!(
        std::fs::read(server.data("audit.log.torn")).unwrap(),
        [torn.as_slice(), b"\n"].concat()
    );
    assert!(server.audit().contains("\"event\":\"audit_recovered\""), "{}", server.audit());
    check::verify(&server);
    let wrong = json!({ "username": "admin", "password": "wrong" });
    assert_eq!(server.ask(&Ask::post("/api/v1/auth/token").json(&wrong)).status, 401);
}
