//! A revocation outlives what it ends: also where nothing is known of the token but that it may be out.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use mcp_auth::clock::{Clock as _, Timestamp};
use mcp_auth::issue::{Issuer, Lifetimes};
use mcp_auth::keys::{Algorithm, KeyRing, SigningKey};
use mcp_auth::refusal::{Refusal, RefusalCode};
use mcp_auth::secret::Secret;
use mcp_auth::testing::{FixedClock, Forge, SequenceRandom};
use mcp_auth::validate::{Expect, LiveToken, RawToken, Rules, Validator};

use super::ok;
use crate::password::{HashCost, PasswordPool};
use crate::{SessionPolicy, Sessions, Stores};

const SECRET: &str = "f0e1d2c3b4a5968778695a4b3c2d1e0f";

const DAY: Duration = Duration::from_hours(24);

/// `open` opens the stores, which are empty at first and then hold what they held, but for what may be forgotten by the clock
/// that it is given: of that nothing.
///
/// Tokens that live as long as any is minted are revoked in each way that there is, and are refused until they expire by a
/// validator that knows no age limit: whatever limit held when they were revoked may have been lifted since.
#[expect(clippy::missing_panics_doc, reason = "a panic is a clause that does not hold")]
pub async fn lasting_contract(open: impl AsyncFn(Arc<FixedClock>) -> Stores) {
    let bench = Bench::new();
    let sessions = bench.sessions(open(bench.clock.clone()).await);
    let [by_id, by_user, by_text] = ["carol", "dave", "erin"].map(|user| bench.token(user));
    let without_age = bench.token("dave").without_claim("iat").without_claim("jti");
    ok(sessions.revoke_token_id("carol-1").await);
    ok(sessions.revoke_user("dave").await);
    ok(sessions.revoke_token(&bench.live(&by_text, &sessions).await, None).await);
    let revoked = [&by_id, &by_user, &by_text, &without_age];
    for age in [DAY, 402 * DAY, Lifetimes::LONGEST.saturating_sub(Duration::from_secs(1))] {
        bench.clock.set(bench.start.plus(age));
        let sessions = bench.sessions(open(bench.clock.clone()).await);
        ok(sessions.purge().await);
        for token in revoked {
            let refused = bench.look_up(token, &sessions).await.err().map(|it| it.code());
            let what = String::from_utf8_lossy(&token.payload()).into_owned();
            assert_eq!(refused, Some(RefusalCode::TokenRevoked), "after {age:?}: {what}");
        }
        let other = bench.look_up(&bench.token("frank"), &sessions).await;
        assert!(other.is_ok(), "what was not revoked stands for so long");
    }
}

struct Bench {
    clock: Arc<FixedClock>,
    start: Timestamp,
    keys: Arc<KeyRing>,
    validator: Validator,
}

impl Bench {
    #[expect(clippy::expect_used, reason = "a constant secret that is legal")]
    fn new() -> Self {
        let clock = Arc::new(FixedClock::at(1_767_225_600));
        let secret = Secret::from_text(SECRET).expect("the contract's own secret is legal");
        let key = SigningKey::from_secret(Algorithm::Hs256, &secret).expect("and makes a key");
        let keys = Arc::new(KeyRing::new(key));
        let validator = Validator::new(keys.clone(), Rules::default().with_max_age(None));
        Self { start: clock.now(), clock, keys, validator }
    }

    #[expect(clippy::expect_used, reason = "the ring holds a key that signs")]
    fn sessions(&self, stores: Stores) -> Sessions {
        let random = Arc::new(SequenceRandom::default());
        let issuer = Issuer::new(self.keys.clone()).expect("a key that signs");
        let cost = HashCost { memory_kib: 8, passes: 1 };
        let pool = PasswordPool::new(cost, random.clone(), NonZeroUsize::MIN, 1);
        Sessions::new(stores, issuer, pool, self.clock.clone(), random, SessionPolicy::default())
    }

    /// The first token of a user, with the longest life, made elsewhere.
    fn token(&self, user: &str) -> Forge {
        let expires_at = self.start.plus(Lifetimes::LONGEST).unix_seconds();
        Forge::new(SECRET, self.start.unix_seconds())
            .with_claim("user_id", format!(r#""{user}""#))
            .with_claim("jti", format!(r#""{user}-1""#))
            .with_claim("exp", expires_at.to_string())
    }

    async fn look_up(&self, token: &Forge, sessions: &Sessions) -> Result<LiveToken, Refusal> {
        let text = token.token();
        let raw = RawToken::from_bytes(&text)?;
        let now = self.clock.now();
        let valid = self.validator.validate(raw, Expect::Access, now)?;
        valid.confirm_with(&*sessions.stores().revocations, now).await
    }

    #[expect(clippy::expect_used, reason = "a store that refuses it breaks the contract")]
    async fn live(&self, token: &Forge, sessions: &Sessions) -> LiveToken {
        self.look_up(token, sessions).await.expect("a token that nobody revoked is live")
    }
}
