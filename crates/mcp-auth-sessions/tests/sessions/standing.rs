//! Tokens on record are judged as the tokens are.

use mcp_auth::issue::IssuedToken;
use mcp_auth::refusal::RefusalCode;
use mcp_auth::store::{RevokedBy, TokenDigest, Verdict};
use mcp_auth_sessions::{AccountChange, Standing, TokenPair};

use crate::bench::Bench;

/// What the record of the token says of it. What a server says of it must be the same.
#[expect(clippy::panic, reason = "a helper of tests, where a panic is a failed test")]
async fn verdict(bench: &Bench, token: &IssuedToken) -> Verdict {
    let Standing::Judged(verdict) = standing(bench, token).await else { panic!("exchanged") };
    let expected = match verdict {
        Verdict::Live => None,
        Verdict::Revoked(_) => Some(RefusalCode::TokenRevoked),
        Verdict::Blocked => Some(RefusalCode::AccountDisabled),
    };
    assert_eq!(bench.refused(token).await, expected, "{verdict:?}");
    verdict
}

#[expect(clippy::unwrap_used, reason = "a helper of tests, where a panic is a failed test")]
async fn standing(bench: &Bench, token: &IssuedToken) -> Standing {
    let digest = TokenDigest::of(token.token.expose().as_bytes());
    let judged = bench.sessions.judged_tokens("alice").await.unwrap();
    let found = judged.into_iter().find(|(record, _)| record.digest == digest);
    found.unwrap().1
}

async fn both(bench: &Bench, pair: &TokenPair) -> [Verdict; 2] {
    [verdict(bench, &pair.access).await, verdict(bench, &pair.refresh).await]
}

const SIGNED_OUT: [Verdict; 2] = [Verdict::Revoked(RevokedBy::Grant); 2];
const OUTDATED: [Verdict; 2] = [Verdict::Revoked(RevokedBy::User); 2];
const LIVE: [Verdict; 2] = [Verdict::Live; 2];

#[tokio::test]
async fn a_token_and_a_sign_in_end_alone() {
    let bench = Bench::with_alice().await;
    let [revoked, out, stands] =
        [bench.sign_in("alice").await, bench.sign_in("alice").await, bench.sign_in("alice").await]
            .map(Result::unwrap);
    let live = bench.live(&revoked.access).await.unwrap();
    bench.sessions.revoke_token(&live, None).await.unwrap();
    let live = bench.live(&out.access).await.unwrap();
    bench.sessions.sign_out(&live).await.unwrap();
    let expected = [Verdict::Revoked(RevokedBy::Token), Verdict::Live];
    assert_eq!(both(&bench, &revoked).await, expected);
    assert_eq!(both(&bench, &out).await, SIGNED_OUT);
    assert_eq!(both(&bench, &stands).await, LIVE);
}

/// Whether that was long ago, or in the very second in which the next sign-in comes.
#[tokio::test]
async fn earlier_tokens_of_a_user_are_told_from_later_ones() {
    for seconds in [0, 1, 59, 61, 600] {
        let bench = Bench::with_alice().await;
        let earlier = bench.sign_in("alice").await.unwrap();
        bench.pass(seconds);
        bench.sessions.revoke_user("alice").await.unwrap();
        let at_once = bench.sign_in("alice").await.unwrap();
        bench.pass(seconds);
        let later = bench.sign_in("alice").await.unwrap();
        assert_eq!(both(&bench, &earlier).await, OUTDATED, "{seconds} s before");
        assert_eq!(both(&bench, &at_once).await, LIVE);
        assert_eq!(both(&bench, &later).await, LIVE, "{seconds} s after");
    }
}

#[tokio::test]
async fn a_disabled_account_has_no_token_that_stands_also_when_it_is_enabled_again() {
    let bench = Bench::with_alice().await;
    let earlier = bench.sign_in("alice").await.unwrap();
    let set =
        |active| bench.sessions.change_account("alice", AccountChange::Active(active), |_| true);
    set(false).await.unwrap();
    assert_eq!(both(&bench, &earlier).await, [Verdict::Blocked; 2]);
    set(true).await.unwrap();
    let later = bench.sign_in("alice").await.unwrap();
    assert_eq!(both(&bench, &earlier).await, OUTDATED);
    assert_eq!(both(&bench, &later).await, LIVE);
}

#[tokio::test]
async fn a_family_that_was_copied_has_ended() {
    let bench = Bench::with_alice().await;
    let first = bench.sign_in("alice").await.unwrap();
    let next = bench.refresh(&first.refresh).await.unwrap();
    assert_eq!(standing(&bench, &first.refresh).await, Standing::Exchanged);
    assert_eq!(verdict(&bench, &first.access).await, Verdict::Live, "it lives to its end");
    assert_eq!(both(&bench, &next).await, LIVE);
    bench.pass(61);
    bench.refresh(&first.refresh).await.unwrap_err();
    assert_eq!(both(&bench, &next).await, SIGNED_OUT);
}
