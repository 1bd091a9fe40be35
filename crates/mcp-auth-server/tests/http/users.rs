//! Accounts over HTTP: who may create, see, change and delete which.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use mcp_auth::roles::Role;
use serde_json::{Value, json};

use crate::client::{Answer, Ask, read_answer};
use crate::server::{PASSWORD, Server, initialised, program};

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

/// On the host, where alone one is made.
fn add_superadmin(server: &Server, name: &str) {
    let password = server.directory.path().join("password");
    fs::write(&password, PASSWORD).unwrap();
    let mut add = program(server.directory.path(), &[]);
    add.args(["user", "add", name, "--role", "superadmin", "--password-file"]).arg(&password);
    let added = add.output().unwrap();
    assert!(added.status.success(), "{added:?}");
}

/// In a list, two of them would look like one account.
#[test]
fn names_that_deceive_or_may_be_tokens_are_refused_with_the_reason() {
    let server = Server::start();
    let (admin, _) = server.admin();
    let token = server.token_of("ci", Role::User);
    for (name, reason) in [
        ("alice ", "`username` begins or ends with white space"),
        (" ", "`username` begins or ends with white space"),
        ("alice\u{200b}", "`username` holds a character that nobody sees"),
        ("\u{202e}ecila", "`username` holds a character that nobody sees"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyX2lkIjoiYSJ9.c2ln", "`username` may be a token"),
        (&token, "`username` "),
    ] {
        let refused = create(&server, &admin, name, "user");
        assert_eq!(refused.refusal(), (422, "unprocessable".into()), "{name:?}");
        let detail = refused.text("detail");
        assert!(detail.starts_with(reason) && !detail.contains("eyJ"), "{detail}");
    }
    assert!(!server.audit().contains("eyJ"));
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

/// The head admits the request; who may do it is asked when there is something to do.
#[test]
fn a_body_sent_slowly_does_not_outlast_its_sender() {
    let server = Server::start();
    let root = server.token_of("root", Role::Superadmin);
    for (name, end) in
        [("demoted", json!({ "role": "user" })), ("disabled", json!({ "active": false }))]
    {
        assert_eq!(create(&server, &root, name, "admin").status, 201);
        let token = server.sign_in(name, PASSWORD).text("access_token");
        let victim = json!({ "username": format!("of {name}"), "password": PASSWORD });
        let ask = Ask::post(USERS).bearer(&token).header("Expect", "100-continue").json(&victim);
        let bytes = ask.bytes();
        let (head, body) = bytes.split_at(bytes.len() - victim.to_string().len());
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.write_all(head).unwrap();
        let mut interim = [0; "HTTP/1.1 100 Continue\r\n\r\n".len()];
        stream.read_exact(&mut interim).unwrap();
        assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
        assert_eq!(change(&server, &root, name, &end).status, 200);
        stream.write_all(body).unwrap();
        let refused = read_answer(&mut stream);
        assert_ne!(refused.status, 201, "{refused:?}");
        assert!(["token_revoked", "account_disabled"].contains(&&*refused.refusal().1));
        let made = format!("{USERS}/of%20{name}");
        assert_eq!(server.ask(&Ask::get(&made).bearer(&root)).status, 404);
    }
}

/// A pipeline's token of a superadmin, made with the role of an admin, stays an admin's.
#[test]
fn a_token_with_less_than_its_account_does_not_take_the_account_over() {
    let server = Server::start();
    add_superadmin(&server, "boss");
    let token = server.token_of("boss", Role::Admin);
    let refused = change(&server, &token, "boss", &json!({ "password": "another password" }));
    assert_eq!(refused.refusal(), (403, "permission_denied".into()));
    assert_eq!(server.sign_in("boss", PASSWORD).status, 200);
}

/// One superadmin takes another away, who meanwhile takes away a third: who waited for his turn is no superadmin any more.
#[test]
fn a_superadmin_who_was_taken_away_takes_nobody_away() {
    let server = Server::start();
    add_superadmin(&server, "first");
    let first = server.token_of("first", Role::Superadmin);
    let was_refused = |round| {
        let [second, third] = ["second", "third"].map(|name| format!("{name}-{round}"));
        add_superadmin(&server, &second);
        add_superadmin(&server, &third);
        let token = server.token_of(&second, Role::Superadmin);
        let demote = |token: &str, name: &str, what: Value| {
            let ask = Ask::new("PATCH", &format!("{USERS}/{name}")).bearer(token).json(&what);
            let mut stream = TcpStream::connect(server.address).unwrap();
            stream.write_all(&ask.bytes()).unwrap();
            stream
        };
        // The password takes its time, and the other comes in that.
        let slow = json!({ "role": "user", "password": "another password" });
        let mut streams =
            [demote(&first, &second, slow), demote(&token, &third, json!({ "role": "user" }))];
        let [slow, quick] = streams.each_mut().map(read_answer);
        assert_eq!(slow.status, 200, "{slow:?}");
        if quick.status != 200 {
            assert_eq!(quick.refusal(), (401, "token_revoked".into()));
            return true;
        }
        let audit = server.audit();
        let change_of = |name| audit.find(&format!("\"target\":\"{name}\",\"reason\":\"role"));
        assert!(change_of(&third).unwrap() < change_of(&second).unwrap(), "{audit}");
        false
    };
    assert!((0..20).any(was_refused), "nobody came while another had his turn");
}

/// Who may connect one server may run programs on this machine.
#[test]
fn a_role_that_may_connect_some_servers_is_an_admins() {
    let directory = initialised();
    let rules = "[[rule]]\nname = 'ops'\neffect = 'allow'\nroles = ['ops']\nactions = ['connect']\n\
        servers = ['staging']\n[[rule]]\nname = 'admins'\neffect = 'allow'\nroles = ['admin']\n\
        actions = ['manage_users']\n[[rule]]\nname = 'root'\neffect = 'allow'\nroles = ['superadmin']\n\
        actions = ['manage_admins']\n";
    fs::write(directory.path().join("policy.toml"), rules).unwrap();
    let command = program(directory.path(), &[("MCP_POLICY_FILE", "policy.toml")]);
    let server = Server::run(directory, command);
    let (admin, _) = server.admin();
    let refused = create(&server, &admin, "eve", "ops");
    assert_eq!(refused.refusal(), (403, "permission_denied".into()));
    let root = server.token_of("root", Role::Superadmin);
    assert_eq!(create(&server, &root, "carl", "ops").status, 201);
    let taken = change(&server, &admin, "carl", &json!({ "password": "another password" }));
    assert_eq!(taken.refusal(), (403, "permission_denied".into()));
    assert_eq!(create(&server, &admin, "bob", "user").status, 201);
}
