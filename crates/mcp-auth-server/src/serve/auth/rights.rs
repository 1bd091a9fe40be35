//! Who may manage whom.
//!
//! Accounts of users take `manage_users`; accounts of admins, and of any role that the policy lets manage accounts or
//! servers, take `manage_admins`. So nobody can take over somebody who may more.

use mcp_auth::action::{Action, ActionKind, ManageAdmins, ManageUsers, Request};
use mcp_auth::policy::{Policy, Subject};
use mcp_auth::refusal::Reason;
use mcp_auth::roles::Role;
use mcp_auth_tower::axum::Rejection;

use crate::serve::call::Call;

/// What the caller may do to accounts, as the policy says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rights {
    users: bool,
    admins: bool,
}

impl Rights {
    /// Those of the caller; nothing is audited.
    pub(super) fn of(call: &Call) -> Result<Self, Rejection> {
        let caller = call.caller()?;
        let may = |request: Request<'_>| call.gate().would_allow(caller, &request);
        Ok(Self { users: may(ManageUsers.request()), admins: may(ManageAdmins.request()) })
    }

    /// Whether they cover an account of this role.
    pub(super) fn cover(self, policy: &Policy, user_id: &str, role: &Role) -> bool {
        if is_of_an_admin(policy, user_id, role) { self.admins } else { self.users }
    }
}

/// Refuses a caller who may not manage an account of this role.
pub(super) fn require_over(call: &Call, user_id: &str, role: &Role) -> Result<(), Rejection> {
    if is_of_an_admin(call.gate().policy(), user_id, role) {
        call.authorize(ManageAdmins).map(drop)
    } else {
        call.authorize(ManageUsers).map(drop)
    }
}

/// The same for whatever role the user's account has. Tokens of users without an account were made elsewhere.
pub(super) async fn require_over_user(call: &Call, user_id: &str) -> Result<(), Rejection> {
    call.authorize(ManageUsers)?;
    let account = call.sessions().account(user_id).await;
    match account.map_err(|error| call.refuse(Reason::Store(error)))? {
        Some(account) => require_over(call, user_id, &account.role),
        None => Ok(()),
    }
}

/// An account that may connect one server may run programs here, so it is asked about any server.
fn is_of_an_admin(policy: &Policy, user_id: &str, role: &Role) -> bool {
    let may = |kind| policy.may_anywhere(&Subject { user_id, role }, kind);
    role.includes(&Role::Admin)
        || [ActionKind::ManageUsers, ActionKind::ManageAdmins, ActionKind::Connect]
            .into_iter()
            .any(may)
}
