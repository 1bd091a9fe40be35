//! What is listed, and to whom.

use mcp_auth::roles::Role;
use serde_json::json;

use crate::house::{House, demo, entry, names};

#[test]
fn servers_and_tools_have_the_shapes_of_the_guide() {
    let house = House::new();
    let servers = house.get(&house.user, "servers").json();
    let server = &servers.as_array().unwrap()[0];
    assert_eq!(server["name"], "demo");
    assert_eq!((&server["status"], &server["transport"]), (&"connected".into(), &"stdio".into()));
    assert_eq!(server["description"], "Notes and sums");
    assert_eq!(server["tool_count"], server["tools"].as_array().unwrap().len());
    assert!(server["endpoint"].as_str().unwrap().ends_with("demo_server"), "{server}");
    assert!(server["connection_time"].as_str().unwrap().ends_with('Z'), "{server}");
    assert!(server["error"].is_null(), "{server}");

    assert_eq!(house.tools(&house.user), ["add", "crash", "fail", "read_note", "slow"]);
    let tool = house.get(&house.user, "tools/add").json();
    assert_eq!((&tool["name"], &tool["server"]), (&"add".into(), &"demo".into()));
    assert_eq!(tool["description"], "Adds two whole numbers");
    assert_eq!(tool["parameters"]["required"], json!(["a", "b"]));
    assert_eq!(tool["version"], env!("CARGO_PKG_VERSION"), "all packages have one version");
    assert_eq!(house.get(&house.user, "tools/demo__add").json()["parameters"], tool["parameters"]);
    assert_eq!(house.get(&house.user, "tools/none").refusal(), (404, "not_found".into()));
}

#[test]
fn keys_of_servers_are_shown_to_nobody_who_does_not_run_them() {
    let command = format!("{} --api-key SECRET-WORD", demo());
    let house = House::with(&json!({}), None, &[]);
    let url = "http://127.0.0.1:9/mcp?api_key=SECRET-WORD";
    for (name, transport, endpoint) in [("prog", "stdio", command.as_str()), ("web", "http", url)] {
        let body = json!({ "transport": transport, "endpoint": endpoint });
        let path = format!("servers/{name}/connect");
        assert_eq!(house.post(&house.admin, &path, &body).status, 200);
    }
    let endpoints = |token: &str| {
        let servers = house.get(token, "servers").json();
        [0, 1].map(|at| servers[at]["endpoint"].as_str().unwrap().to_owned())
    };
    let to_admins = [command.as_str(), "http://127.0.0.1:9/mcp?api_key=..."];
    assert_eq!(endpoints(&house.admin), to_admins);
    assert_eq!(endpoints(&house.user), [&demo(), "http://127.0.0.1:9"]);
    let lines = house.events("server_connected", 4);
    assert!(lines[2..].iter().all(|it| !it.to_string().contains("SECRET-WORD")), "{lines:?}");
}

#[test]
fn a_name_that_several_servers_have_is_refused_with_the_choices() {
    let house = House::with(&json!({ "one": entry(), "two": entry() }), None, &[]);
    for answer in [
        house.get(&house.user, "tools/add"),
        house.call(&house.user, "add", &json!({ "a": 1, "b": 2 })),
    ] {
        assert_eq!(answer.refusal(), (409, "conflict".into()));
        assert!(answer.text("detail").ends_with("use one of one__add, two__add"), "{answer:?}");
    }
    assert_eq!(house.call(&house.user, "two__add", &json!({ "a": 1, "b": 2 })).text("result"), "3");
    let of_two = names(&house.get(&house.user, "tools?server_name=two"));
    assert_eq!(of_two.len(), 5);
    assert!(of_two.iter().all(|name| name.starts_with("two__")), "{of_two:?}");
    assert!(names(&house.get(&house.user, "tools?server_name=three")).is_empty());
}

const READERS: &str = r#"
[[rule]]
name = "all see and call"
effect = "allow"
roles = ["user"]

[[rule]]
name = "nobody crashes it"
effect = "deny"
tools = ["crash"]
servers = ["one"]

[[rule]]
name = "guests look"
effect = "allow"
roles = ["guest"]
actions = ["list", "describe"]

[[rule]]
name = "guests read"
effect = "allow"
roles = ["guest"]
tools = ["read_*"]
"#;

#[test]
fn what_one_may_not_call_one_does_not_see() {
    let house = House::with(&json!({ "one": entry(), "two": entry() }), Some(READERS), &[]);
    let guest = house.server.token_of("gast", "guest".parse().unwrap());
    assert_eq!(house.tools(&guest), ["one__read_note", "two__read_note"]);
    let seen = house.tools(&house.user);
    assert!(
        seen.contains(&"two__crash".into()) && !seen.contains(&"one__crash".into()),
        "{seen:?}"
    );
    let servers = house.get(&guest, "servers").json();
    assert_eq!(servers[0]["tools"], json!(["one__read_note"]), "{servers}");
    assert_eq!(servers[0]["tool_count"], 1);

    let denied = house.call(&guest, "one__add", &json!({ "a": 1, "b": 2 }));
    assert_eq!(denied.refusal(), (403, "permission_denied".into()));
    assert_eq!(denied.text("detail"), "User does not have permission");
    // Which rule it was is for the audit only, and so is a name that the guest may not see.
    let line = &house.events("mcp_authorization_denied", 1)[0];
    assert!(line["reason"].as_str().unwrap().contains("no rule allows it"), "{line}");
    let ambiguous = house.call(&house.user, "crash", &json!({}));
    assert_eq!(ambiguous.refusal(), (409, "conflict".into()));
    assert!(ambiguous.text("detail").ends_with("use one of two__crash"), "{ambiguous:?}");
    assert_eq!(house.call(&guest, "add", &json!({})).refusal(), (403, "permission_denied".into()));
}

#[test]
fn who_has_a_role_that_no_rule_names_sees_nothing() {
    let house = House::new();
    let other = house.server.token_of("x", "pipeline".parse().unwrap());
    assert!(house.tools(&other).is_empty());
    assert!(names(&house.get(&other, "servers")).is_empty());
    assert_eq!(house.get(&other, "tools/add").refusal(), (403, "permission_denied".into()));
    assert_eq!(house.get(&other, "servers/demo/health").refusal().0, 403);
}

#[test]
fn health_shows_standard_error_to_those_who_run_the_server_only() {
    let house = House::new();
    let odd = json!({ "transport": "stdio", "endpoint": "/nonexistent/server" });
    let connected = house.post(&house.admin, "servers/odd/connect", &odd).json();
    assert_eq!((&connected["success"], &connected["status"]), (&false.into(), &"failed".into()));
    let of_admin = house.get(&house.admin, "servers/odd/health").json();
    assert!(of_admin["stderr"].to_string().contains("cannot start"), "{of_admin}");
    let of_user = house.get(&house.user, "servers/odd/health").json();
    assert_eq!(of_user["stderr"], json!([]), "{of_user}");
    assert_eq!(house.get(&house.user, "health").json()["status"], "degraded");
    let none = house.server.token_of("y", Role::User);
    assert_eq!(house.get(&none, "servers/none/health").refusal(), (404, "not_found".into()));
}
