//! Accounts over HTTP: who may create, see, change and delete which.

use mcp_auth::roles::Role;
use serde_json::{Value, json};

use crate::client::{Answer, Ask};
use crate::server::{PASSWORD, Server};

const USERS: &str = "/api/v1/auth/users";

fn create(server: &Server, token: &str, name: &str, role: &str) -> Answer {
    let new = json!({ "username": name, "password": PASSWORD, "role": role });
    server.ask(&Ask::post(USERS).bearer(token).json(&new))
}

fn change(server: &Server, token: &str, name: &str, what: &Value) -> Answer {
    server.ask(&Ask::new("PATCH", &format!("{USERS}/{name}")).bearer(token).json(what))
}

fn delete(server: &Server, token: &str, name: &str) -> Answer {
    server.ask(&Ask::new("DELETE", &format!("{USERS}/{name}")).bearer(token))
}

#[test]
fn an_admin_creates_lists_changes_and_deletes_users() {
    let server = Server::start();
    let (admin, _) = server.admin();
    let made = create(&server, &admin, "al ice", "user");
    assert_eq!((made.status, made.text("role")), (201, "user".into()), "{made:?}");
    let location = made.header("location").unwrap();
    assert_eq!(location, "/api/v1/auth/users/al%20ice");
    let found = server.ask(&Ask::get(location).bearer(&admin));
    assert_eq!((found.status, found.text("user_id")), (200, "al ice".into()));
    assert_eq!(create(&server, &admin, "al ice", "user").refusal(), (409, "conflict".into()));

    let page = server.ask(&Ask::get("/api/v1/auth/users?limit=1").bearer(&admin)).json();
    assert_eq!((page["users"].as_array().unwrap().len(), &page["next"]), (1, &json!("admin")));
    let page =
        server.ask(&Ask::get("/api/v1/auth/users?limit=5&after=admin").bearer(&admin)).json();
    assert_eq!((&page["users"][0]["user_id"], &page["next"]), (&json!("al ice"), &Value::Null));

    let token = server.sign_in("al ice", PASSWORD).text("access_token");
    let all = json!({ "password": "another password", "role": "ci", "active": true });
    let changed = change(&server, &admin, "al%20ice", &all);
    assert_eq!((changed.status, changed.text("role")), (200, "ci".into()), "{changed:?}");
    let me = server.ask(&Ask::get("/api/v1/auth/me").bearer(&token));
    assert_eq!(me.refusal(), (401, "token_revoked".into()));
    assert_eq!(server.sign_in("al ice", PASSWORD).status, 401);
    assert_eq!(server.sign_in("al ice", "another password").status, 200);

    assert_eq!(delete(&server, &admin, "al%20ice").status, 204);
    assert_eq!(delete(&server, &admin, "al%20ice").refusal(), (404, "not_found".into()));
    let audit = server.audit();
    for event in ["account_created", "account_changed", "account_deleted"] {
        assert!(audit.contains(event), "{event}");
    }
}

#[test]
fn nobody_reaches_above_himself() {
    let server = Server::start();
    let (admin, _) = server.admin();
    let root = server.token_of("root", Role::Superadmin);
    let denied = |answer: Answer| assert_eq!(answer.refusal(), (403, "permission_denied".into()));
    denied(create(&server, &admin, "eve", "admin"));
    denied(create(&server, &admin, "eve", "superadmin"));
    denied(create(&server, &root, "eve", "superadmin"));
    assert_eq!(create(&server, &root, "second", "admin").status, 201);
    denied(change(&server, &admin, "second", &json!({ "password": "another password" })));
    denied(change(&server, &admin, "admin", &json!({ "role": "superadmin" })));
    denied(change(&server, &admin, "admin", &json!({ "active": false })));
    denied(delete(&server, &admin, "admin"));
    denied(delete(&server, &admin, "second"));
    let own = change(&server, &admin, "admin", &json!({ "password": "another password" }));
    assert_eq!(own.status, 200, "{own:?}");
    assert_eq!(server.sign_in("admin", "another password").status, 200);
}

#[test]
fn what_does_not_fit_is_named() {
    let server = Server::start();
    let admin = server.token_of("ops", Role::Admin);
    let cases = [
        (json!({ "username": "bob" }), "`password` is missing"),
        (json!({ "username": "bob", "password": "short" }), "`password` has fewer than 8"),
        (
            json!({ "username": "bob", "password": PASSWORD, "role": "Admin" }),
            "`role` is not a legal",
        ),
        (json!({ "username": "b\u{7}", "password": PASSWORD }), "`username`"),
        (json!({ "username": 5, "password": PASSWORD }), "`username` is of the wrong type"),
    ];
    for (body, problem) in cases {
        let refused = server.ask(&Ask::post(USERS).bearer(&admin).json(&body));
        assert_eq!(refused.refusal(), (422, "unprocessable".into()), "{body}");
        assert!(refused.text("detail").contains(problem), "{refused:?}");
    }
    assert_eq!(change(&server, &admin, "admin", &json!({})).refusal().0, 422);
    let page = server.ask(&Ask::get("/api/v1/auth/users?limit=0").bearer(&admin));
    assert_eq!(page.refusal(), (422, "unprocessable".into()));
}
