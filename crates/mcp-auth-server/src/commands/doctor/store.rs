//! The store: does it open, is it sound, can anybody administer it.

use mcp_auth::clock::{Clock, SystemClock};
use mcp_auth::roles::Role;
use mcp_auth::store::{StoreError, StoreErrorKind};
use mcp_auth_redis::Finding;
use mcp_auth_sessions::account::{Account, AccountStore as _};
use std::sync::Arc;
use tokio::runtime::Builder;

use super::finding::Findings;
use crate::data_dir::DataDir;
use crate::files;
use crate::house::with_causes;
use crate::settings::{RedisSettings, RevocationMode, ServerSettings, StoreSettings};
use crate::store;

const CHECK: &str = "store";

/// As many accounts as are looked at.
const MANY: usize = 10_000;

pub(super) fn check(settings: &ServerSettings, findings: &mut Findings) {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let accounts = match &settings.store {
        // A missing file is told with the others; opening would create it.
        StoreSettings::Sqlite if files::is_absent(&settings.data_dir.database()) => return,
        StoreSettings::Sqlite => wait(of_file(&settings.data_dir, &clock)),
        StoreSettings::Redis(redis) => {
            wait(of_engine(redis, &settings.data_dir, &clock)).map(|(accounts, found)| {
                tell(found, findings);
                accounts
            })
        }
    };
    match accounts {
        Ok(accounts) => judge(&accounts, findings),
        Err(error) => {
            findings.problem(CHECK, with_causes(&error), remedy(&settings.store, &error));
        }
    }
}

/// What the engine's user must be let do, where it may be that it is not; else the error says what to do. Readings that
/// fail again and again tell no more than that the knowledge is stale.
fn remedy(store: &StoreSettings, error: &StoreError) -> String {
    match (store, error.kind()) {
        (StoreSettings::Redis(redis), StoreErrorKind::Denied | StoreErrorKind::Stale) => {
            let rules = redis.url.needed_rules();
            format!("where its user has not all permissions, give it these (ACL SETUSER): {rules}")
        }
        _ => String::new(),
    }
}

fn wait<T>(work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    let runtime = Builder::new_current_thread().build();
    let runtime =
        runtime.map_err(|error| StoreError::new(format!("cannot start a runtime: {error}")))?;
    runtime.block_on(work)
}

async fn of_file(data_dir: &DataDir, clock: &Arc<dyn Clock>) -> Result<Vec<Account>, StoreError> {
    let store = store::open_file(data_dir, clock)?;
    store.check_integrity().await?;
    store.list(None, MANY).await
}

async fn of_engine(
    settings: &RedisSettings,
    data_dir: &DataDir,
    clock: &Arc<dyn Clock>,
) -> Result<(Vec<Account>, Vec<Finding>), StoreError> {
    let store = store::open_engine(settings, data_dir, clock)?;
    let mut found = store.examine().await?;
    if settings.mode == RevocationMode::Replicated {
        found.extend(Finding::of_foreign_blacklist(store.count_foreign_blacklist().await?));
    }
    store.check_writable().await?;
    let accounts = store.list(None, MANY).await?;
    store.close().await;
    Ok((accounts, found))
}

fn tell(found: Vec<Finding>, findings: &mut Findings) {
    for Finding { what, remedy, is_problem, .. } in found {
        if is_problem {
            findings.problem(CHECK, what, remedy);
        } else {
            findings.note(CHECK, what, remedy);
        }
    }
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
