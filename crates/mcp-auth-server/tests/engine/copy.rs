//! `store copy`: from the file to an engine.

use mcp_auth_rig::{Engine, Options};
use serde_json::{Value, json};

use crate::client::Ask;
use crate::house::command;
use crate::server::{PASSWORD, Server, program};

#[test]
fn everything_moves_and_is_compared() {
    for engine in Engine::all() {
        let node = Options::new(&engine).start().unwrap();
        let url = node.url();
        let mut server = Server::start();
        let (access, refresh) = server.admin();
        let second = server.sign_in("admin", PASSWORD).text("access_token");
        let ask =
            Ask::post("/api/v1/auth/revoke").bearer(&access).json(&json!({ "token": second }));
        assert_eq!(server.ask(&ask).status, 200);
        server.signal("TERM");
        server.wait();
        let directory = server.directory.path();
        let variables = [("MCP_STORE_URL", url.as_str())];
        for words in [["store", "copy", "--json"], ["store", "copy", "--json"]] {
            let copied = command(directory, &variables, &words).output().unwrap();
            assert!(copied.status.success(), "also a second time: {copied:?}");
            let told: Value = serde_json::from_slice(&copied.stdout).unwrap();
            let counts: Vec<_> =
                told["kinds"].as_array().unwrap().iter().map(|it| &it["there"]).collect();
            assert_eq!(counts, [1, 0, 2, 4, 1], "{told:#}");
            assert_eq!(told["ok"], true);
        }
        let fresh = tempfile::tempdir().unwrap();
        std::fs::create_dir(fresh.path().join("data")).unwrap();
        for name in ["jwt_secret", "audit_keys", "audit.log", "audit.checkpoints"] {
            let from = directory.join("data").join(name);
            std::fs::copy(from, fresh.path().join("data").join(name)).unwrap();
        }
        let moved = program(fresh.path(), &variables);
        let moved = Server::run(fresh, moved);
        let me = |token: &str| moved.ask(&Ask::get("/api/v1/auth/me").bearer(token)).status;
        assert_eq!((me(&access), me(&second)), (200, 401), "what was revoked stays so");
        let ask = Ask::post("/api/v1/auth/refresh").json(&json!({ "refresh_token": refresh }));
        assert_eq!(moved.ask(&ask).status, 200, "a sign-in goes on");
        assert_eq!(moved.sign_in("admin", PASSWORD).status, 200, "and so does the account");
    }
}

#[test]
fn an_engine_with_other_accounts_is_left_alone() {
    let Some(engine) = Engine::redis() else { return };
    let node = Options::new(&engine).start().unwrap();
    let url = node.url();
    let variables = [("MCP_STORE_URL", url.as_str()), ("MCP_JWT_SECRET", crate::house::SECRET)];
    let other = tempfile::tempdir().unwrap();
    crate::house::init(&other, &variables);
    let ours = crate::server::initialised();
    let copied = command(ours.path(), &variables, &["store", "copy"]).output().unwrap();
    assert_eq!(copied.status.code(), Some(7), "{copied:?}");
    let said = String::from_utf8(copied.stderr).unwrap();
    assert!(said.contains("stands there already"), "{said}");
}

#[test]
fn without_an_engine_it_says_what_to_set() {
    let ours = crate::server::initialised();
    let copied = command(ours.path(), &[], &["store", "copy"]).output().unwrap();
    assert_eq!(copied.status.code(), Some(8), "{copied:?}");
    assert!(String::from_utf8(copied.stderr).unwrap().contains("MCP_STORE_URL"));
}
