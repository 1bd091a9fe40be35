//! The contracts of accounts, grants, records, throttles and rate limits, on every engine.

use std::sync::Arc;

use mcp_auth_rig::Engine;
use mcp_auth_sessions::account::AccountStore;
use mcp_auth_sessions::testing::account_contract;

use crate::common::{Place, now};

#[tokio::test]
async fn accounts_keep_the_contract() {
    for engine in Engine::all() {
        let place = Place::on(&engine);
        let store = async || Arc::new(place.fresh()) as Arc<dyn AccountStore>;
        account_contract(store, now()).await;
    }
}
