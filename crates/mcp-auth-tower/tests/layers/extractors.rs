//! The extractors for axum, and the layers on its router.

use std::net::SocketAddr;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, FromRef, Path};
use axum::routing::get;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use mcp_auth::action::{CallTool, ReloadConfig};
use mcp_auth::refusal::{Reason, RefusalCode};
use mcp_auth_tower::axum::{Authenticated, Permitted, Rejection};
use mcp_auth_tower::{ClientAddressLayer, RequireAction, SharedGate};
use serde_json::Value;
use tower::ServiceExt;

use crate::house::{House, token};

#[derive(Clone)]
struct State {
    gate: SharedGate,
}

impl FromRef<State> for SharedGate {
    fn from_ref(state: &State) -> Self {
        state.gate.clone()
    }
}

async fn me(caller: Authenticated) -> String {
    caller.user_id().to_owned()
}

async fn call(caller: Authenticated, Path(tool): Path<String>) -> Result<String, Rejection> {
    let permit = caller.authorize(CallTool { server: "filesystem".into(), tool })?;
    if permit.action().tool == "gone" {
        let detail = "No tool `gone`".to_owned();
        return Err(caller.refuse(Reason::Request { code: RefusalCode::NotFound, detail }));
    }
    Ok(format!("{} calls {}", permit.caller().user_id(), permit.action().tool))
}

async fn reload(permit: Permitted<ReloadConfig>) -> String {
    permit.caller().user_id().to_owned()
}

fn router(house: &House) -> Router {
    let may_reload = RequireAction::always(house.gate.clone(), ReloadConfig);
    Router::new()
        .route("/me", get(me))
        .route("/tools/{tool}", get(call))
        .route("/reload", get(reload).layer(may_reload))
        .route("/reload-without-layer", get(reload))
        .layer(house.auth())
        .layer(ClientAddressLayer::default())
        .route("/me-without-layer", get(me))
        .with_state(State { gate: house.gate.clone() })
}

async fn ask(house: &House, uri: &str, role: &str) -> (StatusCode, String) {
    let request = Request::get(uri)
        .header("Authorization", token("alice", role).authorization())
        .extension(ConnectInfo(SocketAddr::from(([203, 0, 113, 7], 4711))))
        .body(Body::empty());
    let response = router(house).oneshot(request.unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes().to_vec();
    (parts.status, String::from_utf8(body).unwrap())
}

fn code(body: &str) -> String {
    let body: Value = serde_json::from_str(body).unwrap();
    body["code"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_handler_learns_who_asks() {
    let house = House::new();
    assert_eq!(ask(&house, "/me", "user").await, (StatusCode::OK, "alice".into()));
    assert_eq!(house.event()["ip_address"], "203.0.113.7");
}

#[tokio::test]
async fn a_handler_asks_for_a_permit_or_refuses_by_itself() {
    let house = House::new();
    let (status, body) = ask(&house, "/tools/stat", "user").await;
    assert_eq!((status, body.as_str()), (StatusCode::OK, "alice calls stat"));
    let (status, body) = ask(&house, "/tools/stat", "ci").await;
    assert_eq!((status.as_u16(), code(&body)), (403, "permission_denied".into()));
    let (status, body) = ask(&house, "/tools/gone", "user").await;
    assert_eq!((status.as_u16(), code(&body)), (404, "not_found".into()));
    let event = house.event();
    assert_eq!((&event["user_id"], &event["ip_address"]), (&"alice".into(), &"203.0.113.7".into()));
}

#[tokio::test]
async fn a_permit_from_the_layer_reaches_the_handler() {
    let house = House::new();
    assert_eq!(ask(&house, "/reload", "admin").await, (StatusCode::OK, "alice".into()));
    assert_eq!(ask(&house, "/reload", "user").await.0, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_handler_without_its_layer_is_not_reached() {
    let house = House::new();
    for (uri, missing) in [
        ("/me-without-layer", "AuthLayer must run before"),
        ("/reload-without-layer", "RequireAction for this action must run before"),
    ] {
        let (status, body) = ask(&house, uri, "superadmin").await;
        assert_eq!((status.as_u16(), code(&body)), (500, "internal".into()), "{uri}");
        let event = house.event();
        let reason = event["reason"].as_str().unwrap();
        assert!(reason.contains(missing), "{reason}");
    }
}
