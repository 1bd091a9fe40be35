//! Commands on the host beside a running server: what they change, the server knows at once.

use std::process::Stdio;
use std::sync::Arc;

use mcp_auth::clock::SystemClock;
use mcp_auth::roles::Role;
use mcp_auth_sessions::account::AccountStore as _;
use mcp_auth_sqlite::{SqliteOptions, SqliteStore};

use crate::client::{Answer, Ask};
use crate::server::{PASSWORD, Server, eventually, program};

/// Runs a command on the server's data directory: what it printed on stdout, and its exit code.
fn command(server: &Server, arguments: &str, stdin: &str) -> (i32, String) {
    let mut command = program(server.directory.path(), &[]);
    command
        .args(arguments.split(' '))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), stdin.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

#[track_caller]
fn done(server: &Server, arguments: &str, stdin: &str) -> String {
    let (exit, told) = command(server, arguments, stdin);
    assert_eq!(exit, 0, "{arguments}: {told}");
    told
}

fn me(server: &Server, token: &str) -> Answer {
    server.ask(&Ask::get("/api/v1/auth/me").bearer(token))
}

fn refused(server: &Server, token: &str, code: &str) {
    eventually("the token is refused", || me(server, token).status != 200);
    let answer = me(server, token);
    assert_eq!(answer.text("code"), code, "{answer:?}");
}

#[test]
fn accounts_and_tokens_change_under_a_running_server() {
    let server = Server::start();
    done(&server, "user add alice --password-stdin", PASSWORD);
    let token = server.sign_in("alice", PASSWORD).text("access_token");
    assert_eq!(me(&server, &token).status, 200);
    assert!(done(&server, "token list --user alice", "").contains("access"));
    done(&server, "token explain --token -", &token);

    done(&server, "user role alice superadmin", "");
    refused(&server, &token, "token_revoked");
    let token = server.sign_in("alice", PASSWORD).text("access_token");
    assert_eq!(me(&server, &token).text("role"), "superadmin");

    done(&server, "token revoke --token -", &token);
    refused(&server, &token, "token_revoked");
    let (exit, told) = command(&server, "token explain --token -", &token);
    assert!(exit == 5 && told.contains("the token was revoked"), "{told}");

    let token = server.sign_in("alice", PASSWORD).text("access_token");
    done(&server, "user disable alice", "");
    refused(&server, &token, "account_disabled");
    assert_eq!(server.sign_in("alice", PASSWORD).status, 401);
    done(&server, "user delete alice --yes", "");
    assert_eq!(server.sign_in("alice", PASSWORD).status, 401);
    assert!(done(&server, "audit verify", "").contains("ok    integrity"));
}

/// What `token list` says of each token of alice, the newest first.
fn listed(server: &Server) -> Vec<(String, String)> {
    let list = done(server, "token list --user alice --json", "");
    let list: Vec<serde_json::Value> = serde_json::from_str(&list).unwrap();
    let text = |it: &serde_json::Value, name: &str| it[name].as_str().unwrap().to_owned();
    list.iter().map(|it| (text(it, "sid"), text(it, "status"))).collect()
}

#[test]
fn the_list_of_tokens_says_which_have_ended() {
    let server = Server::start();
    done(&server, "user add alice --password-stdin", PASSWORD);
    let token = || server.sign_in("alice", PASSWORD).text("access_token");
    let (first, second, third) = (token(), token(), token());
    let count = |status: &str| listed(&server).iter().filter(|(_, it)| it == status).count();
    assert_eq!((listed(&server).len(), count("live")), (6, 6));

    let out = server.ask(&Ask::post("/api/v1/auth/logout").bearer(&first));
    assert_eq!(out.status, 200, "{out:?}");
    done(&server, "token revoke --token -", &second);
    assert_eq!((count("signed-out"), count("revoked"), count("live")), (2, 1, 3));
    let page = done(&server, "token list", "");
    assert!(page.contains("access   signed-out  alice"), "{page}");

    done(&server, "token revoke --user alice", "");
    refused(&server, &third, "token_revoked");
    assert_eq!((count("signed-out"), count("revoked"), count("outdated")), (2, 1, 3));
    token();
    assert_eq!((count("outdated"), count("live")), (3, 2));
    done(&server, "user disable alice", "");
    assert_eq!((count("live"), count("outdated")), (0, 0));
    assert_eq!((count("signed-out"), count("revoked"), count("disabled")), (2, 1, 5));
}

#[test]
fn a_rotated_secret_is_taken_without_a_restart() {
    let server = Server::start();
    let before = server.token_of("pipeline", Role::User);
    done(&server, "secret rotate", "");
    let after = server.token_of("pipeline", Role::User);
    eventually("the new secret counts", || me(&server, &after).status == 200);
    assert_eq!(me(&server, &before).status, 200, "the old one still verifies");
    done(&server, "secret rotate --drop-previous", "");
    eventually("the old secret is forgotten", || me(&server, &before).status == 401);
    assert_eq!(me(&server, &after).status, 200);
}

#[test]
fn a_refusal_is_explained_by_its_error_id() {
    let server = Server::start();
    let answer = me(&server, "eyJhbGciOiJIUzI1NiJ9.e30.c2ln");
    let id = answer.text("error_id");
    eventually("the line is on the disk", || {
        command(&server, &format!("audit explain {id}"), "").0 == 0
    });
    let told = done(&server, &format!("audit explain {id}"), "");
    assert!(told.contains("mcp_authentication_failed") && told.contains("code:"), "{told}");
}

/// What the store keeps as the account's password.
fn stored_hash(server: &Server, user_id: &str) -> String {
    let options = SqliteOptions::new(Arc::new(SystemClock));
    let store = SqliteStore::open(server.data("mcp-auth.db"), &options).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let account = runtime.block_on(store.by_user_id(user_id)).unwrap().unwrap();
    account.password.expose().to_owned()
}

#[test]
fn an_imported_user_signs_in_and_the_hash_becomes_argon2id() {
    // Of Python's bcrypt, for `PASSWORD`.
    let hash = "$2b$04$Pd8pB7B2DxdMAcPfULFweezK.KSevuGK15dpmqr1jUjEsX0lOMK5G";
    let line = format!(r#"{{"username": "alice", "user_id": "u-17", "password_hash": "{hash}"}}"#);
    let server = Server::start();
    done(&server, "user import -", &line);
    assert_eq!(stored_hash(&server, "u-17"), hash);
    assert_eq!(server.sign_in("alice", "another password").status, 401);
    let token = server.sign_in("alice", PASSWORD).text("access_token");
    assert_eq!(me(&server, &token).text("user_id"), "u-17");
    assert!(stored_hash(&server, "u-17").starts_with("$argon2id$v=19$"));
    assert_eq!(server.sign_in("alice", PASSWORD).status, 200, "the new one verifies too");
    assert_eq!(me(&server, &token).status, 200, "a better hash ends no token");
}
