//! What is answered when tokens were ended: how far that has got.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use mcp_auth::store::Durability;
use mcp_auth_sessions::Revoked;
use schemars::JsonSchema;
use serde::Serialize;

use crate::serve::routes::{Content, schema};

/// How far the revocation has got. Answered with 202 where it has not got as far as it should: it goes on.
#[derive(Serialize, JsonSchema)]
pub(super) struct RevokeAnswer {
    message: &'static str,
    status: &'static str,
    /// `memory`, `local`, `primary`, `quorum` or `all`; absent where there was nothing left to revoke.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    durability: Option<Durability>,
    /// Milliseconds after which no process accepts what was revoked, where that can be promised.
    bound_ms: Option<u64>,
}

/// For the table of routes.
pub(super) const ANSWERS: &[(StatusCode, Content)] = &[
    (StatusCode::OK, Content::Json(schema::<RevokeAnswer>)),
    (StatusCode::ACCEPTED, Content::Json(schema::<RevokeAnswer>)),
];

/// Tokens were ended.
pub(super) fn answer(message: &'static str, revoked: &Revoked) -> Response {
    let receipt = revoked.receipt;
    let bound = receipt.bound.map(|bound| u64::try_from(bound.as_millis()).unwrap_or(u64::MAX));
    let body = RevokeAnswer {
        message,
        status: "revoked",
        durability: Some(receipt.durability),
        bound_ms: bound,
    };
    let status = if receipt.pending { StatusCode::ACCEPTED } else { StatusCode::OK };
    (status, Json(body)).into_response()
}

/// There was nothing left to end.
pub(super) fn already() -> Response {
    let message = "It was refused already; nothing is left to revoke";
    Json(RevokeAnswer { message, status: "revoked", durability: None, bound_ms: None })
        .into_response()
}
