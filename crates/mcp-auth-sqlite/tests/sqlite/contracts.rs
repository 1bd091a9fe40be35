//! The contracts of accounts, grants, records, throttles and exports.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use mcp_auth::clock::{Clock as _, Timestamp};
use mcp_auth_sessions::Stores;
use mcp_auth_sessions::account::AccountStore;
use mcp_auth_sessions::export::ExportStore;
use mcp_auth_sessions::grant::GrantStore;
use mcp_auth_sessions::issued::IssuedStore;
use mcp_auth_sessions::testing::{
    account_contract, export_contract, grant_contract, issued_contract, lasting_contract,
    throttle_contract,
};
use mcp_auth_sessions::throttle::ThrottleStore;
use mcp_auth_sqlite::{SqliteOptions, SqliteStore};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::common::{now, open, place};

/// Stores that are each empty, in directories that go away together.
#[derive(Default)]
struct Fresh(Mutex<Vec<TempDir>>);

impl Fresh {
    fn path(&self) -> PathBuf {
        let (directory, path) = place();
        self.0.lock().unwrap().push(directory);
        path
    }

    fn store(&self) -> Arc<SqliteStore> {
        Arc::new(open(&self.path()))
    }
}

#[tokio::test]
async fn accounts_keep_the_contract() {
    let fresh = Fresh::default();
    let store = async || fresh.store() as Arc<dyn AccountStore>;
    account_contract(store, now()).await;
}

#[tokio::test]
async fn grants_keep_the_contract() {
    let fresh = Fresh::default();
    let store = async || fresh.store() as Arc<dyn GrantStore>;
    grant_contract(store, now()).await;
}

#[tokio::test]
async fn records_keep_the_contract() {
    let fresh = Fresh::default();
    let store = async || fresh.store() as Arc<dyn IssuedStore>;
    issued_contract(store, now()).await;
}

#[tokio::test]
async fn throttles_keep_the_contract() {
    let fresh = Fresh::default();
    let store = async || fresh.store() as Arc<dyn ThrottleStore>;
    throttle_contract(store, now()).await;
}

#[tokio::test]
async fn exports_keep_the_contract() {
    let fresh = Fresh::default();
    let store = async || fresh.store() as Arc<dyn ExportStore>;
    export_contract(store, now()).await;
}

/// What the writer does now and then.
fn forget(path: &Path, now: Timestamp) {
    let file = Connection::open(path).unwrap();
    let expired = "DELETE FROM revocations WHERE blocked = 0 AND keep_until <= ?1";
    file.execute(expired, [i64::try_from(now.unix_seconds()).unwrap()]).unwrap();
}

#[tokio::test]
async fn revocations_outlive_tokens() {
    let (_directory, path) = place();
    lasting_contract(async |clock| {
        if path.exists() {
            forget(&path, clock.now());
        }
        let store = Arc::new(SqliteStore::open(&path, &SqliteOptions::new(clock)).unwrap());
        Stores {
            accounts: store.clone(),
            grants: store.clone(),
            issued: store.clone(),
            throttles: store.clone(),
            revocations: store,
        }
    })
    .await;
}
