//! What must hold after each kill, and at the end.

use std::collections::HashMap;

use mcp_auth::roles::Role;
use serde_json::Value;

use super::book::Book;
use super::load::{Growing, People, number, refresh_request, sign_in};
use crate::attempt::jti;
use crate::client::Ask;
use crate::server::{Server, program};

fn me(server: &Server, token: &str) -> (u16, String) {
    let answer = server.ask(&Ask::get("/api/v1/auth/me").bearer(token));
    if answer.status == 200 { (200, String::new()) } else { answer.refusal() }
}

fn revoked() -> (u16, String) {
    (401, "token_revoked".to_owned())
}

pub(super) fn after_restart(server: &Server, book: &Book, people: &mut People, round: usize) {
    assert_eq!(server.ask(&Ask::get("/ready")).status, 200);
    for token in book.newly_revoked() {
        assert_eq!(me(server, &token), revoked(), "round {round}: a revocation was lost");
    }
    let fresh = server.token_of("nobody-revoked", Role::User);
    assert_eq!(me(server, &fresh).0, 200);
    rotations(server, book, people, round);
    accounts(server, people, round);
}

/// The last successor works. An ancestor before its parent does not, and ends the sign-in.
fn rotations(server: &Server, book: &Book, people: &mut People, round: usize) {
    for chain in &mut people.chains {
        let tokens = server.ask(&refresh_request(chain.last()));
        assert_eq!(tokens.status, 200, "round {round}: a rotation was lost: {tokens:?}");
        chain.advance(&tokens, book);
        assert_eq!(me(server, &chain.access).0, 200, "round {round}");
    }
    let count = people.chains.len();
    let chain = &mut people.chains[round % count];
    if let [.., ancestor, _, _] = chain.refresh.as_slice() {
        let refused = server.ask(&refresh_request(ancestor));
        assert_eq!(refused.refusal(), revoked(), "round {round}: an ancestor lives");
        assert_eq!(server.ask(&refresh_request(chain.last())).refusal(), revoked());
        book.acknowledged("refresh_reused", jti(ancestor));
        book.revoked(chain.access.clone(), jti(ancestor));
        *chain = sign_in(server);
    }
}

fn accounts(server: &Server, people: &mut People, round: usize) {
    let root = server.token_of("root", Role::Superadmin);
    let get =
        |name: &str| server.ask(&Ask::get(&format!("/api/v1/auth/users/{name}")).bearer(&root));
    for (name, growing) in [("worker", &mut people.worker), ("clerk", &mut people.clerk)] {
        let Growing { asked, acknowledged } = growing;
        let found = number(&get(name).json());
        let expected = *acknowledged..=*asked;
        assert!(expected.contains(&found), "round {round}: {name} has {found}, not {expected:?}");
    }
    if let Some((name, is_there)) = &people.guest {
        assert_eq!(get(name).status, if *is_there { 200 } else { 404 }, "round {round}: {name}");
    }
}

pub(super) fn at_the_end(server: &Server, book: &Book) {
    for token in book.all_revoked() {
        assert_eq!(me(server, &token), revoked());
    }
    audited(server, book);
    verify(server);
}

/// Each acknowledgement has a line of its own.
fn audited(server: &Server, book: &Book) {
    let mut found: HashMap<(String, String), usize> = HashMap::new();
    for line in server.audit().lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        for about in [text("target"), text("jti")] {
            *found.entry((text("event"), about)).or_default() += 1;
        }
    }
    for (event, about) in book.lines() {
        let left = found.entry((event.to_owned(), about.clone())).or_default();
        assert!(*left > 0, "no line says {event} about {about}");
        *left -= 1;
    }
}

/// The chain and its checkpoints.
pub(super) fn verify(server: &Server) {
    let mut verify = program(server.directory.path(), &[]);
    let output = verify.args(["audit", "verify"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
