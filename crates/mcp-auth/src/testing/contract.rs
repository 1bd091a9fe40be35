//! The contract of [`RevocationStore`], as a test that every store passes.

mod users;

use std::sync::Arc;
use std::time::Duration;

use super::{Forge, attacks::AttackSetting};
use crate::clock::{NumericDate, Timestamp};
use crate::store::{
    Order, Revocation, RevocationId, RevocationStore, RevocationView, RevokedBy, Verdict,
};
use crate::validate::{Expect, RawToken, Validator};

const SECRET: &str = "f0e1d2c3b4a5968778695a4b3c2d1e0f";

/// A store to check, and the view that answers for it where there is one: the two must agree at every step.
#[derive(Debug, Clone)]
pub struct StoreUnderTest {
    /// The store.
    pub store: Arc<dyn RevocationStore>,
    /// What requests ask instead of it.
    pub view: Option<Arc<dyn RevocationView>>,
}

/// Checks that the stores which `fresh` makes, each of them empty, keep the contracts of [`RevocationStore`] and
/// [`RevocationView`]. `now` should be near the machine's clock for stores whose entries expire by themselves.
///
/// ```
/// use mcp_auth::clock::Timestamp;
/// use mcp_auth::store::MemoryRevocations;
/// use mcp_auth::testing::{StoreUnderTest, revocation_contract};
/// use std::sync::Arc;
///
/// let fresh = async || {
///     let store = Arc::new(MemoryRevocations::new());
///     StoreUnderTest { store: store.clone(), view: Some(store) }
/// };
/// let contract = revocation_contract(fresh, Timestamp::from_unix_seconds(1_767_225_600));
/// # let mut contract = std::pin::pin!(contract);
/// # let mut context = std::task::Context::from_waker(std::task::Waker::noop());
/// # assert!(std::future::Future::poll(contract.as_mut(), &mut context).is_ready());
/// ```
///
/// # Panics
/// At the first clause that a store breaks, naming it.
pub async fn revocation_contract(fresh: impl AsyncFn() -> StoreUnderTest, now: Timestamp) {
    nothing_is_refused_at_first(&Bench::new(fresh().await, now)).await;
    a_token_is_refused_alone(&Bench::new(fresh().await, now)).await;
    a_token_without_id_is_known_by_its_input(&Bench::new(fresh().await, now)).await;
    a_grant_is_refused_whole(&Bench::new(fresh().await, now)).await;
    a_key_is_refused_whole(&Bench::new(fresh().await, now)).await;
    kinds_are_kept_apart(&Bench::new(fresh().await, now)).await;
    revoking_again_changes_nothing(&Bench::new(fresh().await, now)).await;
    an_order_is_taken_whole(&Bench::new(fresh().await, now)).await;
    users::check(&fresh, now).await;
}

/// A store under test, and what the clauses ask of it.
struct Bench {
    store: Arc<dyn RevocationStore>,
    view: Option<Arc<dyn RevocationView>>,
    validator: Validator,
    now: Timestamp,
}

impl Bench {
    #[expect(clippy::expect_used, reason = "a constant secret that is legal")]
    fn new(StoreUnderTest { store, view }: StoreUnderTest, now: Timestamp) -> Self {
        let setting = AttackSetting { leeway: 120, ..AttackSetting::default() };
        let validator = setting.validator(SECRET).expect("the contract's own secret is legal");
        Self { store, view, validator, now }
    }

    /// A token of `alice`.
    fn token(&self, jti: &str) -> Forge {
        let raw = |text: &str| format!(r#""{text}""#);
        Forge::new(SECRET, self.now.unix_seconds()).with_claim("jti", raw(jti))
    }

    fn in_an_hour(&self) -> NumericDate {
        self.in_seconds(3_600)
    }

    #[expect(clippy::expect_used, reason = "no test runs in the year 9999")]
    fn in_seconds(&self, seconds: u64) -> NumericDate {
        NumericDate::new(self.now.unix_seconds() + seconds).expect("a date before the year 10000")
    }

    async fn revoke(&self, id: RevocationId) {
        self.write(Revocation::Entry { id, keep_until: self.in_an_hour() }).await;
    }

    async fn write(&self, revocation: Revocation) {
        self.order(&[revocation]).await;
    }

    #[expect(clippy::expect_used, reason = "a store that fails breaks the contract")]
    async fn order(&self, revocations: &[Revocation]) {
        self.store.revoke(Order::of(revocations), self.now).await.expect("revoke answers");
    }

    async fn verdict(&self, forge: &Forge) -> Verdict {
        self.verdict_at(forge, self.now).await
    }

    #[expect(clippy::expect_used, reason = "a store that fails breaks the contract")]
    async fn verdict_at(&self, forge: &Forge, when: Timestamp) -> Verdict {
        let token = forge.token();
        let raw = RawToken::from_bytes(&token).expect("a forged token has the form of one");
        let valid = self.validator.validate(raw, Expect::Any, self.now).expect("and is good");
        let credential = valid.credential();
        let verdict = self.store.look_up(&credential, when).await.expect("look_up answers");
        if let Some(view) = &self.view {
            let seen = view.verdict(&credential, when).expect("verdict answers");
            assert_eq!(seen, verdict, "the view says what the store says");
        }
        verdict
    }
}

async fn nothing_is_refused_at_first(bench: &Bench) {
    let numbered = bench.token("a").with_claim("sid", r#""grant""#).with_claim("gen", "0");
    for token in [bench.token("a"), bench.token("a").without_claim("jti"), numbered] {
        assert_eq!(bench.verdict(&token).await, Verdict::Live, "an empty store refuses nothing");
    }
}

async fn a_token_is_refused_alone(bench: &Bench) {
    bench.revoke(RevocationId::of_token_id("a")).await;
    let revoked = Verdict::Revoked(RevokedBy::Token);
    assert_eq!(bench.verdict(&bench.token("a")).await, revoked, "what was revoked is refused");
    for other in ["b", "A", "a ", "aa"] {
        assert_eq!(
            bench.verdict(&bench.token(other)).await,
            Verdict::Live,
            "and no other: {other:?}"
        );
    }
    let last = bench.now.plus(Duration::from_secs(3_599));
    assert_eq!(bench.verdict_at(&bench.token("a"), last).await, revoked, "until `keep_until`");
}

async fn a_token_without_id_is_known_by_its_input(bench: &Bench) {
    let [one, other] = ["1", "2"].map(|n| bench.token("a").without_claim("jti").with_claim("n", n));
    let token = String::from_utf8(one.token()).unwrap_or_default();
    let input = token.rsplit_once('.').map_or("", |(input, _)| input);
    bench.revoke(RevocationId::of_signing_input(input.as_bytes())).await;
    let revoked = Verdict::Revoked(RevokedBy::Token);
    assert_eq!(bench.verdict(&one).await, revoked, "a token without `jti` is its signing input");
    assert_eq!(bench.verdict(&other).await, Verdict::Live, "and another input another token");
}

async fn a_grant_is_refused_whole(bench: &Bench) {
    bench.revoke(RevocationId::of_grant("grant")).await;
    let access = bench.token("a").with_claim("sid", r#""grant""#);
    let refresh = bench.token("b").with_claim("sid", r#""grant""#).refresh();
    for token in [access, refresh] {
        let verdict = bench.verdict(&token).await;
        assert_eq!(
            verdict,
            Verdict::Revoked(RevokedBy::Grant),
            "every token of a grant is refused"
        );
    }
    let other = bench.token("c").with_claim("sid", r#""other""#);
    assert_eq!(bench.verdict(&other).await, Verdict::Live, "another grant stands");
    assert_eq!(bench.verdict(&bench.token("d")).await, Verdict::Live, "and so do tokens of none");
}

async fn a_key_is_refused_whole(bench: &Bench) {
    bench.revoke(RevocationId::of_key("another-key")).await;
    assert_eq!(bench.verdict(&bench.token("a")).await, Verdict::Live, "another key's tokens stand");
    let ids = bench.validator.keys().verifying_keys().iter().map(|key| key.id().as_str());
    for id in ids {
        bench.revoke(RevocationId::of_key(id)).await;
    }
    let verdict = bench.verdict(&bench.token("a")).await;
    assert_eq!(verdict, Verdict::Revoked(RevokedBy::Key), "every token of a key is refused");
}

/// One name can be a `jti`, a `sid`, a user and a key, and is four things.
async fn kinds_are_kept_apart(bench: &Bench) {
    bench.revoke(RevocationId::of_grant("alice")).await;
    bench.revoke(RevocationId::of_key("alice")).await;
    bench.revoke(RevocationId::of_user("alice")).await;
    bench.revoke(RevocationId::of_signing_input(b"alice")).await;
    let verdict = bench.verdict(&bench.token("alice")).await;
    assert_eq!(verdict, Verdict::Live, "an entry covers names of its own kind only");
    bench.revoke(RevocationId::of_token_id("grant")).await;
    let token = bench.token("b").with_claim("sid", r#""grant""#);
    assert_eq!(bench.verdict(&token).await, Verdict::Live, "a `jti` is no `sid`");
}

async fn revoking_again_changes_nothing(bench: &Bench) {
    let id = RevocationId::of_token_id("a");
    for seconds in [3_600, 3_600, 60] {
        bench.write(Revocation::Entry { id, keep_until: bench.in_seconds(seconds) }).await;
    }
    let revoked = Verdict::Revoked(RevokedBy::Token);
    let later = bench.now.plus(Duration::from_secs(61));
    assert_eq!(bench.verdict(&bench.token("a")).await, revoked, "revoking twice is revoking");
    let verdict = bench.verdict_at(&bench.token("a"), later).await;
    assert_eq!(verdict, revoked, "a shorter `keep_until` takes nothing back");
}

async fn an_order_is_taken_whole(bench: &Bench) {
    let keep_until = bench.in_an_hour();
    let entry = |id| Revocation::Entry { id, keep_until };
    bench
        .order(&[entry(RevocationId::of_token_id("a")), entry(RevocationId::of_grant("grant"))])
        .await;
    let of_grant = bench.token("b").with_claim("sid", r#""grant""#);
    for (token, by) in [(bench.token("a"), RevokedBy::Token), (of_grant, RevokedBy::Grant)] {
        assert_eq!(bench.verdict(&token).await, Verdict::Revoked(by), "an order is taken whole");
    }
    bench.order(&[]).await;
}
