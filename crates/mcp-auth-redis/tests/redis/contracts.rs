//! The contracts of accounts, grants, records and throttles, on every engine.

use std::sync::Arc;

use mcp_auth_rig::Engine;
use mcp_auth_sessions::account::AccountStore;
use mcp_auth_sessions::grant::GrantStore;
use mcp_auth_sessions::issued::IssuedStore;
use mcp_auth_sessions::testing::{
    account_contract, grant_contract, issued_contract, throttle_contract,
};
use mcp_auth_sessions::throttle::ThrottleStore;

use crate::common::{Place, now};

#[tokio::test]
async fn accounts_keep_the_contract() {
    for engine in Engine::all() {
        let place = Place::on(&engine);
        let store = async || Arc::new(place.fresh()) as Arc<dyn AccountStore>;
        account_contract(store, now()).await;
    }
}

#[tokio::test]
async fn grants_keep_the_contract() {
    for engine in Engine::all() {
        let place = Place::on(&engine);
        let store = async || Arc::new(place.fresh()) as Arc<dyn GrantStore>;
        grant_contract(store, now()).await;
    }
}

#[tokio::test]
async fn records_keep_the_contract() {
    for engine in Engine::all() {
        let place = Place::on(&engine);
        let store = async || Arc::new(place.fresh()) as Arc<dyn IssuedStore>;
        issued_contract(store, now()).await;
    }
}

#[tokio::test]
async fn throttles_keep_the_contract() {
    for engine in Engine::all() {
        let place = Place::on(&engine);
        let store = async || Arc::new(place.fresh()) as Arc<dyn ThrottleStore>;
        throttle_contract(store, now()).await;
    }
}
