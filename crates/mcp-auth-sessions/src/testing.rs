//! The contracts of the stores, as tests that every engine passes. Behind the feature `testing`; keep it out of
//! production builds.
//!
//! Each takes a function that makes a store with nothing in it, and a moment that should be near the machine's clock for
//! engines whose rows expire by themselves. They need a tokio runtime for what happens at once.

mod accounts;
mod exports;
mod grants;
mod issued;
mod lasting;
mod rate_limits;
mod throttles;

use std::sync::Arc;

use mcp_auth::clock::NumericDate;
use mcp_auth::store::StoreError;
use tokio::task::JoinSet;

pub use self::accounts::account_contract;
pub use self::exports::export_contract;
pub use self::grants::grant_contract;
pub use self::issued::issued_contract;
pub use self::lasting::lasting_contract;
pub use self::rate_limits::rate_limit_contract;
pub use self::throttles::throttle_contract;

/// How many do the same at once where a clause is about that.
const AT_ONCE: u32 = 50;

/// What a store answered; that it answers at all is the first clause.
#[expect(clippy::panic, reason = "a store that fails breaks the contract")]
#[track_caller]
fn ok<T>(answer: Result<T, StoreError>) -> T {
    match answer {
        Ok(value) => value,
        Err(error) => panic!("the store gave no answer: {error}"),
    }
}

fn date(seconds: u64) -> NumericDate {
    NumericDate::new(seconds).unwrap_or(NumericDate::LATEST)
}

/// Does one thing many times at once and counts how often it was so.
async fn count_at_once<S, F>(store: &Arc<S>, work: impl Fn(Arc<S>, u32) -> F) -> usize
where
    S: ?Sized,
    F: Future<Output = bool> + Send + 'static,
{
    let mut tasks: JoinSet<bool> = (0..AT_ONCE).map(|n| work(store.clone(), n)).collect();
    let mut count = 0;
    while let Some(done) = tasks.join_next().await {
        count += usize::from(matches!(done, Ok(true)));
    }
    count
}
