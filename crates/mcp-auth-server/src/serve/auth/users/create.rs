//! `POST /api/v1/auth/users`: a new account.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::IntoResponse;
use mcp_auth::action::ManageUsers;
use mcp_auth::audit::AuditKind;
use mcp_auth::roles::Role;
use mcp_auth_sessions::account::check_new_name;
use mcp_auth_sessions::password::Password;
use mcp_auth_sessions::{AccountError, NewAccount};
use mcp_auth_tower::axum::Rejection;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{User, denied, refused};
use crate::serve::auth::rights::require_over;
use crate::serve::body::Accepted;
use crate::serve::call::{Answer, Call};
use crate::serve::refuse;

/// An account to be.
#[derive(Deserialize, JsonSchema)]
pub(in crate::serve::auth) struct NewUser {
    /// The name to sign in with, and the user id for good: 256 bytes at most, without white space at its ends, and without
    /// characters that nobody sees.
    #[schemars(length(min = 1))]
    username: String,
    /// 8 to 1024 bytes.
    password: String,
    /// `user` when it is absent.
    #[schemars(regex(pattern = "^[a-z0-9_-]{1,32}$"))]
    role: Option<String>,
}

pub(in crate::serve::auth) async fn create(mut call: Call) -> Answer {
    call.authorize(ManageUsers)?;
    let asked: NewUser = call.read(Accepted::Json).await?;
    check_new_name(&asked.username)
        .map_err(|problem| refused(&call, AccountError::Name(problem)))?;
    let role = asked.role.map_or(Ok(Role::User), |name| role_named(&call, &name))?;
    require_grantable(&call, &asked.username, &role)?;
    call.require_audit()?;
    let new =
        NewAccount { username: asked.username, password: Password::new(asked.password), role };
    let account =
        call.sessions().create_account(new).await.map_err(|error| refused(&call, error))?;
    let mut event = call.event_of_caller(AuditKind::AccountCreated);
    let what = format!("role {}", account.role);
    event.target = Some(&account.user_id);
    event.reason = Some(&what);
    call.write_down(&[event]).await?;
    let id = utf8_percent_encode(&account.user_id, NON_ALPHANUMERIC);
    let location = format!("/api/v1/auth/users/{id}");
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(User::from(account))).into_response())
}

pub(super) fn role_named(call: &Call, name: &str) -> Result<Role, Rejection> {
    let illegal = |error| call.refuse(refuse::unprocessable(format!("`role` {error}")));
    name.parse().map_err(illegal)
}

/// A role is given by somebody who may manage whoever has it; the highest one on the host only.
pub(super) fn require_grantable(call: &Call, user_id: &str, role: &Role) -> Result<(), Rejection> {
    if *role == Role::Superadmin {
        let remedy = "superadmin is given on the host only: mcp-auth-server user role";
        return Err(denied(call, "give the role superadmin", remedy));
    }
    require_over(call, user_id, role)
}
