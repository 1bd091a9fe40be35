//! `RequireRole` and `RequireAction`: who may.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use mcp_auth::action::{CallTool, ConnectServer};
use mcp_auth::refusal::{Reason, RefusalCode};
use mcp_auth::roles::Role;
use mcp_auth::validate::Permit;
use mcp_auth_tower::{RequireAction, RequireRole};
use tower::{Layer, service_fn};

use crate::house::{House, get, of, send, show, token};

#[tokio::test]
async fn a_role_that_is_too_low_is_refused_and_the_reason_is_on_the_audit() {
    let house = House::new();
    let admins = RequireRole::at_least(house.gate.clone(), Role::Admin);
    let service = house.auth().layer(admins.layer(show()));
    let answer = send(service.clone(), of(&token("alice", "user"))).await;
    assert_eq!((answer.status, answer.code()), (StatusCode::FORBIDDEN, "permission_denied".into()));
    assert_eq!(answer.json()["detail"], "User does not have permission");
    let event = house.event();
    assert_eq!(event["event"], "mcp_authorization_denied");
    assert_eq!((&event["user_id"], &event["role"]), (&"alice".into(), &"user".into()));
    assert_eq!(
        event["reason"],
        "GET / is not allowed for role user: the route requires the role admin"
    );
    assert_eq!(event["error_id"], answer.json()["error_id"]);
    for role in ["admin", "superadmin"] {
        assert_eq!(send(service.clone(), of(&token("bob", role))).await.status, StatusCode::OK);
    }
    assert_eq!(send(service, of(&token("ci", "ci"))).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn layers_in_the_wrong_order_refuse_and_say_so_on_the_audit() {
    let house = House::new();
    let users = RequireRole::at_least(house.gate.clone(), Role::User);
    let tool = RequireAction::always(house.gate.clone(), read_file());
    let outside = users.layer(house.auth().layer(show()));
    let answers = [
        send(outside, of(&token("root", "superadmin"))).await,
        send(tool.layer(show()), of(&token("root", "superadmin"))).await,
    ];
    for answer in answers {
        assert_eq!((answer.status.as_u16(), answer.code()), (500, "internal".into()));
        assert_eq!(answer.json()["detail"], "Internal Server Error");
    }
    for event in house.audit.events() {
        assert_eq!(event["event"], "request_refused");
        let reason = event["reason"].as_str().unwrap();
        assert!(reason.contains("AuthLayer must run before"), "{reason}");
    }
}

#[tokio::test]
async fn a_permit_for_the_action_reaches_the_service() {
    let house = House::new();
    let layer = RequireAction::always(house.gate.clone(), read_file());
    let service = house.auth().layer(layer.layer(service_fn(show_permit)));
    let answer = send(service, of(&token("alice", "user"))).await;
    assert_eq!(answer.body, "alice may call filesystem/read_file");
}

#[tokio::test]
async fn what_the_policy_forbids_is_refused() {
    let house = House::new();
    let connect = ConnectServer { server: "filesystem".into() };
    let layer = RequireAction::always(house.gate.clone(), connect);
    let service = house.auth().layer(layer.layer(show()));
    let answer = send(service.clone(), of(&token("alice", "user"))).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (403, "permission_denied".into()));
    assert_eq!(send(service, of(&token("bob", "admin"))).await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_action_is_read_from_the_request_or_the_request_is_refused() {
    let house = House::new();
    let layer = RequireAction::new(house.gate.clone(), |request: &http::request::Parts| {
        let tool = request.uri.path().strip_prefix("/tools/").ok_or_else(|| Reason::Request {
            code: RefusalCode::NotFound,
            detail: "The path names no tool".into(),
        })?;
        Ok(CallTool { server: "filesystem".into(), tool: tool.into() })
    });
    let service = house.auth().layer(layer.layer(service_fn(show_permit)));
    let ask = |uri: &str| get(uri).header("Authorization", token("alice", "user").authorization());
    let answer = send(service.clone(), ask("/tools/stat")).await;
    assert_eq!(answer.body, "alice may call filesystem/stat");
    let answer = send(service, ask("/other")).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (404, "not_found".into()));
    let event = house.event();
    assert_eq!((&event["event"], &event["user_id"]), (&"request_refused".into(), &"alice".into()));
}

fn read_file() -> CallTool {
    CallTool { server: "filesystem".into(), tool: "read_file".into() }
}

async fn show_permit(request: Request<Full<Bytes>>) -> Result<Response<Full<Bytes>>, Infallible> {
    let permit = request.extensions().get::<Arc<Permit<CallTool>>>().unwrap();
    let CallTool { server, tool } = permit.action();
    let text = format!("{} may call {server}/{tool}", permit.caller().user_id());
    Ok(Response::new(text.into()))
}
