//! The store: does it open, is it sound, can anybody administer it.

use mcp_auth::clock::{Clock, SystemClock};
use mcp_auth::roles::Role;
use mcp_auth::store::StoreError;
use mcp_auth_sessions::account::{Account, AccountStore as _};
use mcp_auth_sqlite::{SqliteOptions, SqliteStore};
use std::sync::Arc;
use tokio::runtime::Builder;

use super::finding::Findings;
use crate::house::with_causes;
use crate::settings::ServerSettings;

const CHECK: &str = "store";

/// As many accounts as are looked at.
const MANY: usize = 10_000;

pub(super) fn check(settings: &ServerSettings, findings: &mut Findings) {
    // A missing file is told with the others; opening would create it.
    if !settings.data_dir.database().exists() {
        return;
    }
    match accounts(settings) {
        Ok(accounts) => judge(&accounts, findings),
        Err(error) => findings.problem(CHECK, with_causes(&error), ""),
    }
}

fn accounts(settings: &ServerSettings) -> Result<Vec<Account>, StoreError> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let store = SqliteStore::open(settings.data_dir.database(), &SqliteOptions::new(clock))?;
    let runtime = Builder::new_current_thread().build();
    let runtime =
        runtime.map_err(|error| StoreError::new(format!("cannot start a runtime: {error}")))?;
    runtime.block_on(async {
        store.check_integrity().await?;
        store.list(None, MANY).await
    })
}

fn judge(accounts: &[Account], findings: &mut Findings) {
    if accounts.is_empty() {
        findings.problem(
            CHECK,
            "it has no account, so nobody can sign in",
            "run `mcp-auth-server init` again: it adds `admin`",
        );
    } else if !accounts.iter().any(|account| account.active && account.role.includes(&Role::Admin))
    {
        let what =
            "no active account has role admin or superadmin: nobody can manage users over HTTP";
        findings.note(
            CHECK,
            what,
            "give one with `mcp-auth-server user role NAME admin` or `user enable NAME`",
        );
    }
    findings.add_good(CHECK, || {
        let active = accounts.iter().filter(|account| account.active).count();
        format!("opens and is sound; accounts: {}, active: {active}", accounts.len())
    });
}
