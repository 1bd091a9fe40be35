//! No formatter shows what lets somebody in.

use std::sync::Arc;

use mcp_auth::clock::SystemClock;
use mcp_auth_redis::{RedisOptions, RedisRateLimits, RedisStore, StoreUrl};
use mcp_auth_rig::{Engine, Options};
use mcp_auth_sessions::account::AccountStore as _;
use mcp_auth_sessions::rate_limit::Strategy;

const PASSWORD: &str = "correct-horse-battery-staple";

#[tokio::test]
async fn no_password_is_shown() {
    for engine in Engine::all() {
        let node = Options::new(&engine).password(PASSWORD).start().unwrap();
        assert!(node.url().contains(PASSWORD), "the store is given it");
        let options = RedisOptions::new(node.url().parse().unwrap(), Arc::new(SystemClock));
        let store = RedisStore::open(&options.clone().with_bound(RedisOptions::BOUNDS.0)).unwrap();
        assert_eq!(store.by_user_id("alice").await, Ok(None), "it is let in");
        let limits = RedisRateLimits::new(&store, Strategy::default());
        let wrong = node.url().replace(PASSWORD, &format!("{PASSWORD}-of-another")).parse();
        let refused = RedisStore::open(&RedisOptions::new(wrong.unwrap(), Arc::new(SystemClock)));
        let refused = refused.unwrap_err();
        let shown = format!(
            "{options:?} {options:#?} {store:?} {store:#?} {limits:?} {limits:#?} {refused} {refused:?}"
        );
        assert!(!shown.contains(PASSWORD), "{shown}");
    }
}

/// As in `redis://secret@host`, by somebody who left out the colon.
#[test]
fn what_may_be_a_password_in_the_wrong_place_is_not_shown() {
    for scheme in ["redis", "rediss", "redis+sentinel", "rediss+cluster"] {
        for login in [PASSWORD.to_owned(), format!("{PASSWORD}:"), format!(":{PASSWORD}")] {
            let url: StoreUrl = format!("{scheme}://{login}@h:1").parse().unwrap();
            let options = RedisOptions::new(url.clone(), Arc::new(SystemClock));
            let shown = format!("{url} {url:?} {url:#?} {options:?}");
            assert!(!shown.contains(PASSWORD) && shown.contains("***@h:1"), "{shown}");
        }
    }
    let url: StoreUrl = "redis://app:geheim@h:1".parse().unwrap();
    assert_eq!(url.to_string(), "redis://app:***@h:1/0", "a user beside a password is one");
}
