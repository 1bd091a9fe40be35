//! The clauses about users: entries only move forward, whatever order they come in.

use std::future::Future as _;
use std::task::Poll;

use super::{Bench, StoreUnderTest};
use crate::clock::{NumericDate, Timestamp};
use crate::store::{Revocation, RevocationId, RevokedBy, UserChange, UserEntry, Verdict};
use crate::testing::Forge;

const OLDER: Verdict = Verdict::Revoked(RevokedBy::User);

pub(super) async fn check(fresh: &impl AsyncFn() -> StoreUnderTest, now: Timestamp) {
    numbered_tokens_go_by_generation(&Bench::new(fresh().await, now)).await;
    unnumbered_tokens_go_by_time(&Bench::new(fresh().await, now)).await;
    a_blocked_user_has_no_good_token(&Bench::new(fresh().await, now)).await;
    a_lower_generation_changes_nothing(&Bench::new(fresh().await, now)).await;
    one_generation_keeps_the_stricter(&Bench::new(fresh().await, now)).await;
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1], [1, 3, 0, 2]] {
        order_does_not_matter(&Bench::new(fresh().await, now), order).await;
    }
    advancing_is_a_new_generation(&Bench::new(fresh().await, now)).await;
    changes_at_once_are_generations_apart(&Bench::new(fresh().await, now)).await;
}

impl Bench {
    fn entry(&self, generation: u64, blocked: bool, not_before: u64) -> UserEntry {
        let not_before = NumericDate::new(not_before).unwrap_or(self.in_an_hour());
        UserEntry { generation, blocked, not_before }
    }

    async fn set(&self, entry: UserEntry) {
        let id = RevocationId::of_user("alice");
        self.write(Revocation::User { id, entry, keep_until: self.in_an_hour() }).await;
    }

    #[expect(clippy::expect_used, reason = "a store that fails breaks the contract")]
    async fn advance(&self, above: u64, blocked: bool) -> UserEntry {
        let (id, keep_until) = (RevocationId::of_user("alice"), self.in_an_hour());
        let not_before = NumericDate::new(self.now.unix_seconds()).expect("a date");
        let change = UserChange { id, above, blocked, not_before, keep_until };
        let entry = self.store.advance_user(change, self.now).await.expect("advance_user answers");
        let held = self.store.user(id).await.expect("user answers");
        assert!(held.is_some_and(|held| held.generation >= entry.generation), "an entry is held");
        entry
    }

    async fn expect(&self, token: &Forge, verdict: Verdict, clause: &str) {
        assert_eq!(self.verdict(token).await, verdict, "{clause}: {token:?}");
    }

    fn numbered(&self, generation: u64) -> Forge {
        self.token("numbered").with_claim("gen", generation.to_string())
    }

    fn issued(&self, at: u64) -> Forge {
        self.token("unnumbered").with_claim("iat", at.to_string())
    }
}

async fn numbered_tokens_go_by_generation(bench: &Bench) {
    // Far ahead, so that only the generation can let a token pass.
    bench.set(bench.entry(3, false, bench.now.unix_seconds() + 1_000)).await;
    for (generation, verdict) in [(0, OLDER), (2, OLDER), (3, Verdict::Live), (4, Verdict::Live)] {
        let token = bench.numbered(generation);
        bench.expect(&token, verdict, "a lower generation is refused").await;
    }
    let other = bench.numbered(0).with_claim("user_id", r#""bob""#);
    bench.expect(&other, Verdict::Live, "another user is another matter").await;
}

async fn unnumbered_tokens_go_by_time(bench: &Bench) {
    let at = bench.now.unix_seconds() - 1_000;
    bench.set(bench.entry(3, false, at)).await;
    let cases = [(at - 1, OLDER), (at, OLDER), (at + 60, OLDER), (at + 61, Verdict::Live)];
    for (issued, verdict) in cases {
        bench.expect(&bench.issued(issued), verdict, "60 s after `not_before` pass").await;
    }
    let undated = bench.token("undated").without_claim("iat");
    bench.expect(&undated, OLDER, "a token of unknown age may be an old one").await;
}

async fn a_blocked_user_has_no_good_token(bench: &Bench) {
    bench.set(bench.entry(3, true, 0)).await;
    let tokens = [bench.numbered(0), bench.numbered(3), bench.numbered(9), bench.token("a")];
    for token in tokens {
        bench.expect(&token, Verdict::Blocked, "a blocked user has no good token").await;
    }
    bench.set(bench.entry(4, false, 0)).await;
    bench.expect(&bench.numbered(3), OLDER, "enabling revives no old token").await;
    bench.expect(&bench.numbered(4), Verdict::Live, "enabling is a new generation").await;
}

async fn a_lower_generation_changes_nothing(bench: &Bench) {
    bench.set(bench.entry(5, false, 0)).await;
    bench.set(bench.entry(4, true, bench.now.unix_seconds() + 1_000)).await;
    bench.expect(&bench.numbered(5), Verdict::Live, "a late entry blocks nobody").await;
    bench.expect(&bench.numbered(4), OLDER, "nor does it lower the generation").await;
    bench.expect(&bench.token("a"), OLDER, "and `not_before` goes on all the same").await;
}

async fn one_generation_keeps_the_stricter(bench: &Bench) {
    let now = bench.now.unix_seconds();
    bench.set(bench.entry(5, false, now)).await;
    bench.set(bench.entry(5, false, 0)).await;
    bench.expect(&bench.token("a"), OLDER, "the later `not_before` holds").await;
    bench.set(bench.entry(5, true, 0)).await;
    bench.set(bench.entry(5, false, 0)).await;
    bench.expect(&bench.numbered(5), Verdict::Blocked, "and a block stays").await;
}

async fn order_does_not_matter(bench: &Bench, order: [usize; 4]) {
    let now = bench.now.unix_seconds();
    let entries = [(1, true, now), (2, false, 0), (2, false, now - 500), (0, true, now + 900)]
        .map(|(generation, blocked, at)| bench.entry(generation, blocked, at));
    for entry in order.iter().filter_map(|at| entries.get(*at)) {
        bench.set(*entry).await;
    }
    bench.expect(&bench.numbered(2), Verdict::Live, "the highest generation holds").await;
    bench.expect(&bench.numbered(1), OLDER, "the highest generation holds").await;
    bench.expect(&bench.issued(now + 60), OLDER, "and the latest `not_before` of all").await;
}

async fn advancing_is_a_new_generation(bench: &Bench) {
    let nobody = bench.store.user(RevocationId::of_user("alice")).await;
    assert_eq!(nobody, Ok(None), "an empty store holds nobody");
    assert_eq!(bench.advance(0, false).await.generation, 1, "the first generation is 1");
    assert_eq!(bench.advance(0, false).await.generation, 2, "each is above the one held");
    assert_eq!(bench.advance(7, true).await.generation, 8, "and above what the caller knows");
    bench.expect(&bench.numbered(8), Verdict::Blocked, "a block holds").await;
    assert_eq!(bench.advance(0, false).await.generation, 9, "and ends with a new generation");
    bench.expect(&bench.numbered(8), OLDER, "which revives no old token").await;
    bench.expect(&bench.numbered(9), Verdict::Live, "the current generation stands").await;
    bench.expect(&bench.token("a"), OLDER, "a token without `gen` goes by `not_before`").await;
}

/// The futures run interleaved on one thread; a store that waits between reading and writing would show here.
async fn changes_at_once_are_generations_apart(bench: &Bench) {
    let mut changes: Vec<_> = (0..8).map(|_| Box::pin(bench.advance(0, false))).collect();
    let mut generations = Vec::new();
    std::future::poll_fn(|context| {
        changes.retain_mut(|change| match change.as_mut().poll(context) {
            Poll::Ready(entry) => {
                generations.push(entry.generation);
                false
            }
            Poll::Pending => true,
        });
        if changes.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    generations.sort_unstable();
    assert_eq!(generations, (1..=8).collect::<Vec<_>>(), "no generation is given twice");
}
