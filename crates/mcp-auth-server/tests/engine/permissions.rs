//! A user of the engine who may do what is needed, and nothing else.

use mcp_auth_redis::StoreUrl;
use mcp_auth_rig::{Engine, Options};
use serde_json::json;

use crate::client::Ask;
use crate::house::{SECRET, command, serve};
use crate::server::Server;

const GUIDE: &str = include_str!("../../../../docs/guides/several-machines.md");

fn rules(url: &str) -> String {
    url.parse::<StoreUrl>().unwrap().needed_rules()
}

fn doctor(server: &Server, url: &str) -> (i32, String) {
    let variables = [("MCP_STORE_URL", url), ("MCP_JWT_SECRET", SECRET)];
    let told = command(server.directory.path(), &variables, &["doctor"]).output().unwrap();
    (told.status.code().unwrap(), String::from_utf8(told.stdout).unwrap())
}

#[test]
fn what_doctor_lists_is_enough_and_no_less_is() {
    for engine in Engine::all() {
        let needed = rules("redis://app:pw@h");
        let options = Options::new(&engine).user("app", "pw", &needed);
        let less = needed.replace(" +@write", "");
        let node = options.user("reader", "pw", &less).start().unwrap();
        let server = serve(&node.url_for("app", "pw"), &[]);
        let (access, _) = server.admin();
        let ask = Ask::post("/api/v1/auth/revoke").bearer(&access);
        let revoked = server.ask(&ask.json(&json!({ "token": access })));
        assert_eq!((revoked.status, revoked.text("durability")), (200, "all".to_owned()));
        let (exit, told) = doctor(&server, &node.url_for("app", "pw"));
        assert!(exit == 0 && !told.contains("CONFIG GET"), "{told}");
        let (exit, told) = doctor(&server, &node.url_for("reader", "pw"));
        assert!(exit == 1 && told.contains(&needed), "{told}");
    }
}

#[test]
fn a_wrong_password_is_a_mistake_of_the_configuration() {
    for engine in Engine::all() {
        let rules = rules("redis://app:pw@h");
        let node = Options::new(&engine).user("app", "pw", &rules).start().unwrap();
        let server = serve(&node.url_for("app", "pw"), &[]);
        let url = node.url_for("app", "wrong");
        let variables = [("MCP_STORE_URL", url.as_str()), ("MCP_JWT_SECRET", SECRET)];
        let told =
            command(server.directory.path(), &variables, &["user", "list"]).output().unwrap();
        assert_eq!(told.status.code(), Some(8), "{told:?}");
    }
}

#[test]
fn the_guide_has_the_same_list() {
    let guide = GUIDE.split_whitespace().collect::<Vec<_>>().join(" ");
    for rule in rules("redis+cluster://h").split(' ') {
        assert!(guide.contains(rule.trim_start_matches('~')), "{rule}");
    }
}
