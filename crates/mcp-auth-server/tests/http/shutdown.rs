//! How the server ends.

use std::io::Write as _;
use std::net::TcpStream;

use mcp_auth::roles::Role;
use serde_json::json;

use crate::client::{Ask, read_answer};
use crate::server::{PASSWORD, Server, eventually};

#[test]
fn what_runs_comes_to_its_end_and_the_audit_is_closed() {
    let mut server = Server::start();
    let body = json!({ "username": "admin", "password": PASSWORD });
    let bytes = Ask::post("/api/v1/auth/token").json(&body).bytes();
    let (head, rest) = bytes.split_at(bytes.len() - 10);
    let mut under_way = TcpStream::connect(server.address).unwrap();
    under_way.write_all(head).unwrap();
    // The answer to a later request says that the earlier one has been taken up as well.
    assert_eq!(server.ask(&Ask::get("/health")).status, 200);
    let mut idle = TcpStream::connect(server.address).unwrap();
    eventually("the request is counted", || {
        server.ask(&Ask::get("/metrics")).body.contains("mcp_auth_connections 3")
    });

    server.signal("TERM");
    eventually("nobody is let in any more", || TcpStream::connect(server.address).is_err());
    under_way.write_all(rest).unwrap();
    assert_eq!(read_answer(&mut under_way).status, 200);
    let _ = idle.write_all(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
    assert!(server.wait().success());
    assert!(!server.data("mcp-auth.db-wal").exists(), "the store is closed");
    let audit = server.audit();
    assert!(audit.contains("service_started") && audit.contains("service_stopped"), "{audit}");
    assert!(audit.lines().last().unwrap().contains("audit_checkpoint"), "{audit}");
}

#[test]
fn an_interrupt_ends_it_too() {
    let mut server = Server::start();
    let token = server.token_of("ci", Role::User);
    assert_eq!(server.ask(&Ask::get("/api/v1/auth/me").bearer(&token)).status, 200);
    server.signal("INT");
    assert!(server.wait().success());
    assert!(server.audit().contains("token_decoded"), "decisions that waited are written");
}
