use mcp_auth::clock::NumericDate;
use proptest::prelude::*;

use super::*;
use crate::client::Client;
use crate::grant::TokenPairIds;

const START: u64 = 1_767_225_600;

fn grant(counter: u64, replays: u32) -> Grant {
    let date = |seconds| NumericDate::new(START + seconds).unwrap();
    Grant {
        session_id: "s".into(),
        user_id: "alice".into(),
        counter,
        current: TokenPairIds {
            refresh_id: format!("r{counter}"),
            access_id: format!("a{counter}"),
            issued_at: date(0),
            refresh_expires_at: date(1_000),
            access_expires_at: date(100),
        },
        parent_id: counter.checked_sub(1).map(|parent| format!("r{parent}")),
        replays,
        started_at: date(0),
        ends_at: date(2_000),
        client: Client::default(),
    }
}

fn judge(counter: u64, replays: u32, presented: &str, after: u64) -> Presented {
    let now = Timestamp::from_unix_seconds(START + after);
    RotationPolicy::default().judge(&grant(counter, replays), presented, now)
}

#[test]
fn each_token_of_a_family_has_its_verdict() {
    let cases = [
        (0, 0, "r0", 0, Presented::Current),
        (5, 0, "r5", 0, Presented::Current),
        (5, 100, "r5", 999, Presented::Current),
        (5, 0, "r5", 1_000, Presented::Ended),
        (5, 0, "r4", 0, Presented::Again),
        (5, 99, "r4", 60, Presented::Again),
        (5, 100, "r4", 60, Presented::Reused(Reuse::Often)),
        (5, 0, "r4", 61, Presented::Reused(Reuse::Late)),
        (5, 0, "r3", 0, Presented::Reused(Reuse::Older)),
        (5, 0, "r6", 0, Presented::Reused(Reuse::Older)),
        (5, 0, "", 0, Presented::Reused(Reuse::Older)),
        (0, 0, "", 0, Presented::Reused(Reuse::Older)),
        (5, 0, "r4", 1_000, Presented::Ended),
    ];
    for (counter, replays, presented, after, verdict) in cases {
        let shown = format!("{presented} of {counter} after {after} s and {replays} replays");
        assert_eq!(judge(counter, replays, presented, after), verdict, "{shown}");
    }
}

#[test]
fn the_grace_is_never_shorter_than_it_says() {
    // Exchanged at the end of a second, which dates do not tell.
    let exchanged = Timestamp::from_unix_seconds(START).plus(Duration::from_millis(999));
    let after = |span| RotationPolicy::default().judge(&grant(1, 0), "r0", exchanged.plus(span));
    assert_eq!(after(Duration::from_mins(1)), Presented::Again);
    assert_eq!(after(Duration::from_secs(61)), Presented::Reused(Reuse::Late));
}

proptest! {
    /// The immediate parent, in time, and nobody else gets the successor again.
    #[test]
    fn only_the_parent_within_the_grace_is_answered_again(
        counter in 0_u64..20,
        presented in 0_u64..22,
        replays in 0_u32..200,
        after in 0_u64..2_500,
    ) {
        let verdict = judge(counter, replays, &format!("r{presented}"), after);
        let parent = presented + 1 == counter;
        prop_assert_eq!(verdict == Presented::Again, parent && after <= 60 && replays < 100);
        prop_assert_eq!(verdict == Presented::Current, presented == counter && after < 1_000);
        prop_assert_eq!(verdict == Presented::Ended, after >= 1_000);
    }

    /// Whatever the clock does, one refresh token is exchanged once.
    #[test]
    fn a_family_has_one_line_of_descent(
        steps in proptest::collection::vec((0_u64..8, 0_u64..90), 1..60)
    ) {
        let mut held = grant(0, 0);
        let mut exchanged = Vec::new();
        for (presented, after) in steps {
            let now = Timestamp::from_unix_seconds(START + after);
            let id = format!("r{presented}");
            match RotationPolicy::default().judge(&held, &id, now) {
                Presented::Current => {
                    prop_assert!(!exchanged.contains(&id), "{} was exchanged twice", id);
                    exchanged.push(id);
                    held = grant(held.counter + 1, 0);
                }
                Presented::Again => {
                    prop_assert_eq!(exchanged.last(), Some(&id));
                    held.replays += 1;
                }
                Presented::Reused(_) => prop_assert_ne!(Some(&id), Some(&held.current.refresh_id)),
                Presented::Ended => {}
            }
        }
    }
}
