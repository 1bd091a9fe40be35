//! Accounts as they are shown. Never their password, not even hashed.

use mcp_auth_sessions::account::Account;
use serde_json::{Value, json};

use crate::table::{self, Table};

/// For people.
pub(super) fn table(accounts: &[Account]) -> String {
    let mut table = Table::new(&["USER ID", "USERNAME", "ROLE", "STATE", "CREATED", "CHANGED"]);
    for account in accounts {
        table.row([
            account.user_id.as_str(),
            &account.username,
            account.role.name(),
            if account.active { "active" } else { "disabled" },
            &account.created_at.to_string(),
            &account.changed_at.to_string(),
        ]);
    }
    table.text()
}

/// For programs: an array.
pub(super) fn json_list(accounts: &[Account]) -> String {
    table::json(&accounts.iter().map(value).collect())
}

/// One of them.
pub(super) fn json(account: &Account) -> String {
    table::json(&value(account))
}

fn value(account: &Account) -> Value {
    json!({
        "user_id": account.user_id,
        "username": account.username,
        "role": account.role.name(),
        "active": account.active,
        "created_at": account.created_at.to_string(),
        "changed_at": account.changed_at.to_string(),
    })
}
