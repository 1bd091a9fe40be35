//! No formatter shows what lets somebody in.

use std::sync::Arc;

use mcp_auth::clock::SystemClock;
use mcp_auth_redis::{RedisOptions, RedisRateLimits, RedisStore};
use mcp_auth_rig::{Engine, Options};
use mcp_auth_sessions::account::AccountStore as _;

const PASSWORD: &str = "correct-horse-battery-staple";

#[tokio::test]
async fn no_password_is_shown() {
    for engine in Engine::all() {
        let node = Options::new(&engine).password(PASSWORD).start().unwrap();
        assert!(node.url().contains(PASSWORD), "the store is given it");
        let options = RedisOptions::new(node.url().parse().unwrap(), Arc::new(SystemClock));
        let store = RedisStore::open(&options.clone().with_bound(RedisOptions::BOUNDS.0)).unwrap();
        assert_eq!(store.by_user_id("alice").await, Ok(None), "it is let in");
        let limits = RedisRateLimits::new(&store);
        let wrong = node.url().replace(PASSWORD, &format!("{PASSWORD}-of-another")).parse();
        let refused = RedisStore::open(&RedisOptions::new(wrong.unwrap(), Arc::new(SystemClock)));
        let refused = refused.unwrap_err();
        let shown = format!(
            "{options:?} {options:#?} {store:?} {store:#?} {limits:?} {limits:#?} {refused} {refused:?}"
        );
        assert!(!shown.contains(PASSWORD), "{shown}");
    }
}
