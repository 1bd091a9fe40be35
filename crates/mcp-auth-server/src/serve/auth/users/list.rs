//! `GET /api/v1/auth/users`: a page of accounts.

use axum::Json;
use axum::response::IntoResponse;
use mcp_auth::action::ManageUsers;
use mcp_auth::refusal::Reason;
use mcp_auth_tower::axum::Rejection;
use schemars::JsonSchema;
use serde::Serialize;

use super::User;
use crate::serve::call::{Answer, Call};
use crate::serve::refuse;

/// Most accounts of one page.
pub(super) const MOST: usize = 1_000;

/// Accounts of a page where the caller does not say.
const USUAL: usize = 100;

/// A page of accounts, in the order of their ids.
#[derive(Serialize, JsonSchema)]
pub(in crate::serve::auth) struct Users {
    users: Vec<User>,
    /// What to send as `after` for the next page; null on the last one.
    next: Option<String>,
}

pub(in crate::serve::auth) async fn list(call: Call) -> Answer {
    call.authorize(ManageUsers)?;
    let (after, limit) = page(&call)?;
    let accounts = call.sessions().accounts(after.as_deref(), limit).await;
    let accounts = accounts.map_err(|error| call.refuse(Reason::Store(error)))?;
    let is_full = accounts.len() == limit;
    let last = accounts.last().filter(|_| is_full).map(|account| account.user_id.clone());
    let users = accounts.into_iter().map(User::from).collect();
    Ok(Json(Users { users, next: last }).into_response())
}

fn page(call: &Call) -> Result<(Option<String>, usize), Rejection> {
    let (mut after, mut limit) = (None, USUAL);
    let query = call.parts().uri.query().unwrap_or_default();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match name.as_ref() {
            "after" => after = Some(call.short_name("after", value.into_owned())?),
            "limit" => {
                let number = value.parse().ok().filter(|number| (1..=MOST).contains(number));
                let illegal = || format!("`limit` is not a number from 1 to {MOST}");
                limit = number.ok_or_else(|| call.refuse(refuse::unprocessable(illegal())))?;
            }
            _ => {}
        }
    }
    Ok((after, limit))
}
