//! `PATCH /api/v1/auth/users/{user_id}`: another role, password or state.

use axum::Json;
use axum::response::IntoResponse;
use mcp_auth::action::ManageUsers;
use mcp_auth::audit::AuditKind;
use mcp_auth::roles::Role;
use mcp_auth_sessions::AccountChange;
use mcp_auth_sessions::account::Account;
use mcp_auth_sessions::password::Password;
use mcp_auth_tower::axum::Rejection;
use schemars::JsonSchema;
use serde::Deserialize;

use super::create::{require_grantable, role_named};
use super::{User, find, keep_a_superadmin, refuse_self, refused, turn};
use crate::serve::auth::rights::{Rights, require_over};
use crate::serve::body::Accepted;
use crate::serve::call::{Answer, Call};
use crate::serve::refuse;

/// What to change; one at least. Every change ends the user's tokens.
#[derive(Deserialize, JsonSchema)]
pub(in crate::serve::auth) struct ChangeRequest {
    #[schemars(regex(pattern = "^[a-z0-9_-]{1,32}$"))]
    role: Option<String>,
    /// 8 to 1024 bytes.
    password: Option<String>,
    active: Option<bool>,
}

pub(in crate::serve::auth) async fn change(mut call: Call) -> Answer {
    call.authorize(ManageUsers)?;
    let asked: ChangeRequest = call.read(Accepted::Json).await?;
    let mut account = find(&call).await?;
    let changes = changes(&call, asked)?;
    let is_taken_away =
        |it: &AccountChange| matches!(it, AccountChange::Role(_) | AccountChange::Active(false));
    let is_taken_away = changes.iter().any(is_taken_away);
    let _turn = if is_taken_away { turn(&call, &account).await? } else { None };
    judge(&call, &account, &changes).await?;
    call.require_audit()?;
    for change in changes {
        account = apply(&call, &account, change).await?;
    }
    Ok(Json(User::from(account)).into_response())
}

fn changes(call: &Call, asked: ChangeRequest) -> Result<Vec<AccountChange>, Rejection> {
    let mut changes = Vec::new();
    if let Some(text) = asked.password {
        let password = Password::new(text);
        let illegal = |error| call.refuse(refuse::unprocessable(format!("`password` {error}")));
        password.check().map_err(illegal)?;
        changes.push(AccountChange::Password(password));
    }
    if let Some(name) = asked.role {
        changes.push(AccountChange::Role(role_named(call, &name)?));
    }
    changes.extend(asked.active.map(AccountChange::Active));
    if changes.is_empty() {
        let detail = "nothing to change; send one of `role`, `password` and `active` at least";
        return Err(call.refuse(refuse::unprocessable(detail)));
    }
    Ok(changes)
}

/// All changes are allowed, or none is made.
async fn judge(call: &Call, account: &Account, changes: &[AccountChange]) -> Result<(), Rejection> {
    let only_the_password = changes.iter().all(|it| matches!(it, AccountChange::Password(_)));
    if !only_the_password {
        refuse_self(call, &account.user_id, "change the own role or state")?;
    }
    if !(only_the_password && is_own(call, account)?) {
        require_over(call, &account.user_id, &account.role)?;
    }
    for change in changes {
        match change {
            AccountChange::Role(role) if *role != account.role => {
                require_grantable(call, &account.user_id, role)?;
                keep_a_superadmin(call, account).await?;
            }
            AccountChange::Active(false) => keep_a_superadmin(call, account).await?,
            _ => {}
        }
    }
    Ok(())
}

/// A token that was made with less than the account has is not the account's owner: it must not become more by
/// setting a password and signing in with it.
fn is_own(call: &Call, account: &Account) -> Result<bool, Rejection> {
    let caller = call.caller()?;
    Ok(caller.user_id() == account.user_id && caller.role() == Some(&account.role))
}

async fn apply(
    call: &Call,
    account: &Account,
    change: AccountChange,
) -> Result<Account, Rejection> {
    let what = match &change {
        AccountChange::Role(role) => format!("role {} to {role}", account.role),
        AccountChange::Active(true) => "enabled".to_owned(),
        AccountChange::Active(false) => "disabled".to_owned(),
        AccountChange::Password(_) => "password".to_owned(),
        AccountChange::Username(_) => "username".to_owned(),
    };
    let (rights, own) = (Rights::of(call)?, is_own(call, account)?);
    let policy = call.gate().policy();
    let same = |role: &Role| *role == account.role;
    let allowed =
        |row: &Account| (own && same(&row.role)) || rights.cover(policy, &row.user_id, &row.role);
    let changed = call.sessions().change_account(&account.user_id, change, allowed).await;
    let changed = changed.map_err(|error| refused(call, error))?.account;
    let mut event = call.event_of_caller(AuditKind::AccountChanged);
    event.target = Some(&changed.user_id);
    event.reason = Some(&what);
    call.write_down(&[event]).await?;
    Ok(changed)
}
