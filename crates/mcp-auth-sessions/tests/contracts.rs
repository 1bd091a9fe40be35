//! The in-memory stores keep the contracts.

use std::sync::Arc;

use mcp_auth::clock::Timestamp;
use mcp_auth_sessions::account::MemoryAccounts;
use mcp_auth_sessions::grant::MemoryGrants;
use mcp_auth_sessions::issued::MemoryIssued;
use mcp_auth_sessions::rate_limit::{MemoryRateLimits, Strategy};
use mcp_auth_sessions::testing::{
    account_contract, grant_contract, issued_contract, rate_limit_contract, throttle_contract,
};
use mcp_auth_sessions::throttle::MemoryThrottles;

const NOW: Timestamp = Timestamp::from_unix_seconds(1_767_225_600);

#[tokio::test(flavor = "multi_thread")]
async fn accounts() {
    account_contract(async || Arc::new(MemoryAccounts::new()) as _, NOW).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn grants() {
    grant_contract(async || Arc::new(MemoryGrants::new()) as _, NOW).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn issued_tokens() {
    issued_contract(async || Arc::new(MemoryIssued::new()) as _, NOW).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn throttles() {
    throttle_contract(async || Arc::new(MemoryThrottles::new()) as _, NOW).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rate_limits() {
    for strategy in Strategy::ALL {
        let fresh = async || Arc::new(MemoryRateLimits::new(strategy)) as _;
        rate_limit_contract(strategy, fresh, NOW).await;
    }
}

#[test]
fn the_counters_have_the_size_that_their_documentation_says() {
    const { assert!(MemoryThrottles::MAX_BYTES <= 12 << 20) };
    const { assert!(MemoryRateLimits::max_bytes(Strategy::FixedWindow) <= 8 << 20) };
    const { assert!(MemoryRateLimits::max_bytes(Strategy::MovingWindow) <= 35 << 20) };
    const { assert!(MemoryRateLimits::max_bytes(Strategy::Gcra) <= 8 << 20) };
}
