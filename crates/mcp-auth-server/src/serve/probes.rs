//! What machines ask: is it alive, is it ready, what does it measure, what is its interface.

use std::time::Duration;

use axum::Json;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{Method, StatusCode};
use axum::response::IntoResponse;
use axum::routing::MethodFilter;
use mcp_auth::action::ManageUsers;
use mcp_auth::refusal::RefusalCode as Code;
use mcp_auth::store::Durability;
use mcp_auth_redis::Status;
use mcp_auth_tower::axum::Rejection;
use schemars::JsonSchema;
use serde::Serialize;

use super::call::{Answer, Call};
use super::routes::{Access, Content, Route, handle, schema};
use super::{openapi, refuse};

/// How long the store may take to say that it is there.
const PATIENCE: Duration = Duration::from_secs(2);

/// OpenMetrics 1.0, which Prometheus reads.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The process answers.
#[derive(Serialize, JsonSchema)]
struct Health {
    status: &'static str,
}

/// Whether requests can be answered, and what stands in the way.
#[derive(Serialize, JsonSchema)]
struct Ready {
    /// `ready` or `not_ready`.
    status: &'static str,
    checks: Checks,
    /// How revocations are followed, where the store is Redis or Valkey.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Revocations>")]
    revocations: Option<Revocations>,
}

/// How this server follows revocations.
#[derive(Serialize, JsonSchema)]
struct Revocations {
    /// Whether this server's knowledge is fresh enough to admit anybody.
    fresh: bool,
    /// How old it is.
    age_ms: Option<u64>,
    /// At this age it is no longer fresh.
    bound_ms: u64,
    /// How many are held.
    held: usize,
    /// How many orders have not arrived everywhere.
    on_their_way: usize,
    /// How far each should get.
    #[schemars(with = "String")]
    durability: Durability,
    /// Whether one that has got there is refused everywhere within the bound.
    bounded: bool,
}

impl Revocations {
    fn of(status: &Status) -> Self {
        let milliseconds = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        Self {
            fresh: status.is_fresh,
            age_ms: status.age.map(milliseconds),
            bound_ms: milliseconds(status.bound),
            held: status.revocations,
            on_their_way: status.on_their_way,
            durability: status.durability,
            bounded: status.is_bounded,
        }
    }
}

/// `ok` or what is wrong.
#[derive(Serialize, JsonSchema)]
struct Checks {
    store: &'static str,
    audit: &'static str,
    keys: &'static str,
}

pub(crate) const ROUTES: &[Route] = &[
    Route {
        method: Method::GET,
        path: "/health",
        name: "health",
        summary: "Whether the process answers",
        access: Access::Open,
        body: None,
        query: &[],
        answers: &[(StatusCode::OK, Content::Json(schema::<Health>))],
        refusals: &[],
        handler: || handle(MethodFilter::GET, health),
    },
    Route {
        method: Method::GET,
        path: "/ready",
        name: "ready",
        summary: "Whether store, audit and keys are ready",
        access: Access::Open,
        body: None,
        query: &[],
        answers: &[
            (StatusCode::OK, Content::Json(schema::<Ready>)),
            (StatusCode::SERVICE_UNAVAILABLE, Content::Json(schema::<Ready>)),
        ],
        refusals: &[],
        handler: || handle(MethodFilter::GET, ready),
    },
    Route {
        method: Method::GET,
        path: "/metrics",
        name: "metrics",
        summary: "Measurements for Prometheus; MCP_METRICS_PUBLIC says who may see them",
        access: Access::OpenOrToken,
        body: None,
        query: &[],
        answers: &[(StatusCode::OK, Content::Text)],
        refusals: &[Code::PermissionDenied],
        handler: || handle(MethodFilter::GET, metrics),
    },
    Route {
        method: Method::GET,
        path: "/openapi.json",
        name: "openapi",
        summary: "This document",
        access: Access::Open,
        body: None,
        query: &[],
        answers: &[(
            StatusCode::OK,
            Content::Json(schema::<serde_json::Map<String, serde_json::Value>>),
        )],
        refusals: &[],
        handler: || handle(MethodFilter::GET, document),
    },
];

async fn health() -> Json<Health> {
    Json(Health { status: "ok" })
}

async fn ready(call: Call) -> Answer {
    let store = store(&call).await;
    let audit = call.app.ledger.health().is_writable;
    let checks = Checks {
        store: store.unwrap_or("ok"),
        audit: if audit { "ok" } else { "cannot be written" },
        keys: "ok",
    };
    let revocations = call.app.house().store.status().as_ref().map(Revocations::of);
    let (status, word) = if store.is_none() && audit {
        (StatusCode::OK, "ready")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not_ready")
    };
    Ok((status, [(CACHE_CONTROL, "no-store")], Json(Ready { status: word, checks, revocations }))
        .into_response())
}

/// What is the matter with the store: whether it can be read, and whether it can be written.
async fn store(call: &Call) -> Option<&'static str> {
    let read = tokio::time::timeout(PATIENCE, call.sessions().accounts(None, 1)).await;
    let written = tokio::time::timeout(PATIENCE, call.app.house().store.check_writable()).await;
    match (read, written) {
        (Ok(Ok(_)), Ok(Ok(()))) => None,
        (Ok(Ok(_)), _) => Some("cannot be written"),
        _ => Some("does not answer"),
    }
}

async fn metrics(call: Call) -> Answer {
    if !call.app.settings().metrics_public {
        require_admin(&call).await?;
    }
    let (app, audit) = (&call.app, call.app.ledger.health());
    app.metrics.set_audit(audit.waiting_lines as u64, audit.is_writable, audit.lost_lines);
    let revocations = app.house().store.status();
    let text = app.metrics.text(revocations.as_ref());
    let text = text.map_err(|error| call.refuse(refuse::internal(error.to_string())))?;
    Ok(([(CONTENT_TYPE, OPEN_METRICS)], text).into_response())
}

async fn require_admin(call: &Call) -> Result<(), Rejection> {
    let caller = call.authenticate_caller().await?;
    call.gate().authorize(&caller, ManageUsers, &call.origin())?;
    Ok(())
}

async fn document() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], openapi::served())
}
