//! Attempts to sign in, counted in the engine. Each key has a counter that expires by itself.

use std::time::Duration;

use mcp_auth::clock::Timestamp;
use mcp_auth::store::StoreFuture;
use mcp_auth_sessions::throttle::{Attempt, ThrottlePolicy, ThrottleStore};
use redis::Cmd;

use crate::RedisStore;
use crate::rows::Rows;
use crate::script::{BEGIN_ATTEMPT, END_ATTEMPT, Program, one_call};

/// Names the group of keys.
const KIND: &str = "throttles";

/// The longest span that is told apart from a longer one, in milliseconds: 35,000 years. The engine counts in floats, which hold
/// the sum of three such spans to the millisecond.
const LONGEST: u64 = 1 << 50;

impl ThrottleStore for RedisStore {
    fn begin<'a>(
        &'a self,
        attempt: &'a Attempt,
        now: Timestamp,
    ) -> StoreFuture<'a, Option<Duration>> {
        let attempt = *attempt;
        self.with_rows(KIND, move |rows| async move {
            let mut call = rows.call_on(&BEGIN_ATTEMPT, &attempt);
            call.arg(milliseconds(now.since_epoch()));
            call.arg(milliseconds(ThrottlePolicy::LONGEST_LINE));
            for one in std::iter::once(&attempt.account).chain(&attempt.address) {
                add_policy(&mut call, &one.policy);
            }
            let ask = one_call(&BEGIN_ATTEMPT, call);
            let wait: Option<u64> = rows.engine.ask_for(rows.keys.slot, &ask).await?;
            Ok(wait.map(Duration::from_millis))
        })
    }

    fn succeeded<'a>(&'a self, attempt: &'a Attempt, now: Timestamp) -> StoreFuture<'a, ()> {
        let attempt = *attempt;
        self.with_rows(KIND, move |rows| async move {
            let mut call = rows.call_on(&END_ATTEMPT, &attempt);
            call.arg(milliseconds(now.since_epoch()));
            call.arg(milliseconds(attempt.here.known_for));
            let ask = one_call(&END_ATTEMPT, call);
            rows.engine.ask_for::<u8>(rows.keys.slot, &ask).await.map(drop)
        })
    }
}

impl Rows {
    fn call_on(&self, program: &'static Program, attempt: &Attempt) -> Cmd {
        let here = &attempt.here;
        let address = attempt.address.map(|it| it.key);
        let keys = [here.known, here.counter, here.turn, attempt.account.key];
        let names: Vec<_> =
            keys.iter().chain(&address).map(|key| hex::encode(key.as_bytes())).collect();
        self.keys.call(program, &names.iter().map(String::as_str).collect::<Vec<_>>())
    }
}

fn add_policy(call: &mut Cmd, policy: &ThrottlePolicy) {
    let delays = delays(policy);
    call.arg(policy.free).arg(milliseconds(policy.forget_after));
    call.arg(delays.len()).arg(delays);
}

/// The delays after the attempts that are not free, up to the one that all further ones have.
fn delays(policy: &ThrottlePolicy) -> Vec<u64> {
    let mut delays = Vec::new();
    let mut last = None;
    for beyond in 1..=33 {
        let delay = policy.delay(policy.free.saturating_add(beyond));
        if last == Some(delay) {
            break;
        }
        delays.push(milliseconds(delay));
        last = Some(delay);
    }
    delays
}

fn milliseconds(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engine_is_told_every_delay() {
        assert_eq!(delays(&ThrottlePolicy::ACCOUNT), [1_000, 2_000, 4_000, 8_000, 15_000]);
        let odd = ThrottlePolicy { first: Duration::from_micros(300), ..ThrottlePolicy::ACCOUNT };
        let told = delays(&odd);
        assert_eq!(told[..5], [0, 0, 1, 2, 4], "as the policy rounds them");
        for attempts in 0..100_u32 {
            let at = (attempts.saturating_sub(odd.free) as usize).min(told.len());
            let delay = at.checked_sub(1).map_or(0, |at| told[at]);
            assert_eq!(u128::from(delay), odd.delay(attempts).as_millis(), "{attempts}");
        }
        assert_eq!(delays(&ThrottlePolicy { first: Duration::ZERO, ..odd }), [0]);
        let endless = ThrottlePolicy { cap: Duration::MAX, ..ThrottlePolicy::ACCOUNT };
        assert_eq!(delays(&endless).len(), 33, "doublings have an end");
    }
}
