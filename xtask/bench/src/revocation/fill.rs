//! Giving a store many revocations, by its own way to take them.

use std::time::Instant;

use anyhow::{Context, Result};
use mcp_auth::clock::{Clock as _, NumericDate, SystemClock};
use mcp_auth::store::{Order, Revocation, RevocationId, RevocationStore, UserEntry};
use tokio::runtime::Runtime;

use crate::progress;

/// Revocations in one order: few enough that a busy engine has taken them before the answer comes.
const ORDER: u64 = 4_096;

/// Of so many revocations one is of a user, so that users are looked up too.
const USERS: u64 = 100;

/// Revokes so many things, none of them what is asked about later.
pub(super) fn fill(store: &dyn RevocationStore, name: &str, count: u64) -> Result<()> {
    let runtime = Runtime::new()?;
    let began = Instant::now();
    let mut done = 0;
    while done < count {
        let end = count.min(done + ORDER);
        let order: Vec<_> = (done..end).map(revocation).collect::<Result<_>>()?;
        // Revoking again changes nothing, and what is still on its way when the store is closed does not arrive.
        while runtime.block_on(store.revoke(Order::of(&order), SystemClock.now()))?.pending {}
        done = end;
        progress::counting(name, done, count, began);
    }
    Ok(())
}

/// The revocation with this number. None ends while we measure.
pub(super) fn revocation(number: u64) -> Result<Revocation> {
    let now = SystemClock.now().unix_seconds();
    let date = |seconds| NumericDate::new(seconds).context("the year is 10000");
    let keep_until = date(now + 86_400 + number % 3_600)?;
    let name = format!("revoked-{number}");
    if !number.is_multiple_of(USERS) {
        return Ok(Revocation::Entry { id: RevocationId::of_token_id(&name), keep_until });
    }
    let entry = UserEntry { generation: 1, blocked: false, not_before: date(now)? };
    Ok(Revocation::User { id: RevocationId::of_user(&name), entry, keep_until })
}
