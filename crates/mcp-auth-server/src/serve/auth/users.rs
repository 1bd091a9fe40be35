//! `/api/v1/auth/users`: accounts.

mod change;
mod create;
mod list;

use axum::Json;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use mcp_auth::action::ManageUsers;
use mcp_auth::audit::AuditKind;
use mcp_auth::refusal::{Reason, RefusalCode};
use mcp_auth::roles::Role;
use mcp_auth_sessions::AccountError;
use mcp_auth_sessions::account::Account;
use mcp_auth_tower::axum::Rejection;
use mcp_auth_tower::refuse_caller;
use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::MutexGuard;

pub(super) use self::change::{ChangeRequest, change};
pub(super) use self::create::{NewUser, create};
pub(super) use self::list::{Users, list};
use super::rights::{Rights, require_over};
use crate::serve::call::{Answer, Call};
use crate::serve::refuse;

/// An account, without its password.
#[derive(Serialize, JsonSchema)]
#[expect(clippy::struct_field_names, reason = "the names of the API")]
pub(super) struct User {
    user_id: String,
    username: String,
    role: String,
    active: bool,
    created_at: String,
    changed_at: String,
}

impl From<Account> for User {
    fn from(account: Account) -> Self {
        Self {
            role: account.role.to_string(),
            active: account.active,
            created_at: account.created_at.to_string(),
            changed_at: account.changed_at.to_string(),
            user_id: account.user_id,
            username: account.username,
        }
    }
}

pub(super) async fn get(call: Call) -> Answer {
    call.authorize(ManageUsers)?;
    let account = find(&call).await?;
    Ok(Json(User::from(account)).into_response())
}

pub(super) async fn delete(call: Call) -> Answer {
    call.authorize(ManageUsers)?;
    call.require_audit()?;
    let account = find(&call).await?;
    refuse_self(&call, &account.user_id, "delete the own account")?;
    require_over(&call, &account.user_id, &account.role)?;
    let _turn = turn(&call, &account).await?;
    keep_a_superadmin(&call, &account).await?;
    let (rights, policy) = (Rights::of(&call)?, call.gate().policy());
    let allowed = |row: &Account| rights.cover(policy, &row.user_id, &row.role);
    let deleted = call.sessions().delete_account(&account.user_id, allowed).await;
    let deleted = deleted.map_err(|error| refused(&call, error))?.account;
    let mut event = call.event_of_caller(AuditKind::AccountDeleted);
    event.target = Some(&deleted.user_id);
    call.write_down(&[event]).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The account that the path names.
async fn find(call: &Call) -> Result<Account, Rejection> {
    let account = call.sessions().account(call.parameter()?).await;
    let account = account.map_err(|error| call.refuse(Reason::Store(error)))?;
    account.ok_or_else(|| call.refuse(refuse::account(AccountError::NotFound)))
}

fn refused(call: &Call, error: AccountError) -> Rejection {
    match error {
        AccountError::Forbidden => denied(call, "change the account", "its role changed meanwhile"),
        other => call.refuse(refuse::account(other)),
    }
}

fn denied(call: &Call, action: &str, decided_by: &str) -> Rejection {
    let role = call.caller().ok().and_then(|caller| caller.role().cloned());
    call.deny(Reason::Denied {
        action: action.to_owned(),
        role: role.as_ref().map_or("none", Role::name).to_owned(),
        decided_by: decided_by.to_owned(),
    })
}

/// Nobody raises himself, and nobody locks himself out.
fn refuse_self(call: &Call, user_id: &str, action: &str) -> Result<(), Rejection> {
    if call.caller()?.user_id() == user_id {
        return Err(denied(call, action, "nobody does this to himself; another admin can"));
    }
    Ok(())
}

/// The turn to take a superadmin away, where this is one: otherwise two could each find that the other one is left. Who waited for
/// it may have lost what he had meanwhile. Several servers of one store take no turns.
async fn turn<'a>(
    call: &'a Call,
    account: &Account,
) -> Result<Option<MutexGuard<'a, ()>>, Rejection> {
    if account.role != Role::Superadmin {
        return Ok(None);
    }
    let turn = call.app.superadmins.lock().await;
    let caller = call.caller()?;
    call.still_stands(caller).await.map_err(|refusal| {
        Rejection(refuse_caller(call.gate(), caller, refusal, &call.origin()))
    })?;
    Ok(Some(turn))
}

/// `superadmin` is given on the host, so the last one is not taken over HTTP.
async fn keep_a_superadmin(call: &Call, account: &Account) -> Result<(), Rejection> {
    if account.role != Role::Superadmin || !account.active {
        return Ok(());
    }
    if has_other_superadmin(call, &account.user_id).await? {
        return Ok(());
    }
    let detail =
        "This is the last superadmin; make another on the host first: mcp-auth-server user role";
    Err(call.refuse(refuse::request(RefusalCode::Conflict, detail)))
}

async fn has_other_superadmin(call: &Call, user_id: &str) -> Result<bool, Rejection> {
    let is_other = |it: &Account| it.role == Role::Superadmin && it.active && it.user_id != user_id;
    let mut after: Option<String> = None;
    loop {
        let page = call.sessions().accounts(after.as_deref(), list::MOST).await;
        let page = page.map_err(|error| call.refuse(Reason::Store(error)))?;
        if page.iter().any(is_other) {
            return Ok(true);
        }
        match page.last() {
            Some(last) if page.len() == list::MOST => after = Some(last.user_id.clone()),
            _ => return Ok(false),
        }
    }
}
