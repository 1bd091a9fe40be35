//! The contracts of accounts, grants, records, throttles and exports, on every engine.

use std::sync::Arc;

use mcp_auth_sessions::account::AccountStore;
use mcp_auth_sessions::export::ExportStore;
use mcp_auth_sessions::grant::GrantStore;
use mcp_auth_sessions::issued::IssuedStore;
use mcp_auth_sessions::testing::{
    account_contract, export_contract, grant_contract, issued_contract, throttle_contract,
};
use mcp_auth_sessions::throttle::ThrottleStore;

use crate::common::{Place, now};

#[tokio::test]
async fn accounts_keep_the_contract() {
    for place in Place::all() {
        place.open_ahead(9);
        let store = async || Arc::new(place.fresh()) as Arc<dyn AccountStore>;
        account_contract(store, now()).await;
    }
}

#[tokio::test]
async fn grants_keep_the_contract() {
    for place in Place::all() {
        place.open_ahead(8);
        let store = async || Arc::new(place.fresh()) as Arc<dyn GrantStore>;
        grant_contract(store, now()).await;
    }
}

#[tokio::test]
async fn records_keep_the_contract() {
    for place in Place::all() {
        place.open_ahead(5);
        let store = async || Arc::new(place.fresh()) as Arc<dyn IssuedStore>;
        issued_contract(store, now()).await;
    }
}

#[tokio::test]
async fn throttles_keep_the_contract() {
    for place in Place::all() {
        place.open_ahead(8);
        let store = async || Arc::new(place.fresh()) as Arc<dyn ThrottleStore>;
        throttle_contract(store, now()).await;
    }
}

#[tokio::test]
async fn exports_keep_the_contract() {
    for place in Place::all() {
        let store = async || Arc::new(place.fresh()) as Arc<dyn ExportStore>;
        export_contract(store, now()).await;
    }
}
