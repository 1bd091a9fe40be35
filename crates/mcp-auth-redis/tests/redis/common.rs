//! What the tests of this crate share: engines, and stores on them that are each empty.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use anyhow::ensure;
use mcp_auth::clock::{Clock as _, NumericDate, SystemClock, Timestamp};
use mcp_auth::store::{
    Order, Receipt, Revocation, RevocationId, RevocationStore as _, RevocationView, StoreError,
    Verdict,
};
use mcp_auth::testing::{AttackSetting, Forge};
use mcp_auth::validate::{Expect, RawToken, Validator};
use mcp_auth_redis::{RedisOptions, RedisStore, StoreUrl};
use mcp_auth_rig::{Engine, Node, Options, until};

/// Near the machine's clock: some rows expire by themselves.
pub(crate) fn now() -> Timestamp {
    SystemClock.now()
}

/// One node, and stores on it that know nothing of each other.
pub(crate) struct Place {
    pub(crate) node: Node,
    is_cluster: bool,
    namespaces: AtomicUsize,
    ready: Mutex<Vec<RedisStore>>,
}

impl Place {
    /// Every engine, alone and as a cluster of one node, which refuses what would be in several slots.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let engines = Engine::all().into_iter();
        engines.flat_map(|engine| [Self::on(&engine), Self::cluster_of(Options::new(&engine))])
    }

    /// The same, where writes are not waited for until they are on disk: requests that must be answered within milliseconds
    /// are, also while the disk is busy.
    pub(crate) fn all_hasty() -> impl Iterator<Item = Self> {
        let engines = Engine::all().into_iter();
        engines.flat_map(|engine| [Self::hasty(&engine), Self::cluster_of(hasty(&engine))])
    }

    pub(crate) fn on(engine: &Engine) -> Self {
        Self::of(Options::new(engine).start().unwrap(), false)
    }

    pub(crate) fn hasty(engine: &Engine) -> Self {
        Self::of(hasty(engine).start().unwrap(), false)
    }

    fn cluster_of(options: Options) -> Self {
        let node = options.clustered(15_000).start().unwrap();
        node.ask(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]).unwrap().into_text().unwrap();
        until("the cluster serves all slots", Duration::from_secs(20), || {
            let told = node.ask(&["CLUSTER", "INFO"])?.into_text()?;
            ensure!(told.contains("cluster_state:ok"), "{told}");
            Ok(())
        })
        .unwrap();
        Self::of(node, true)
    }

    fn of(node: Node, is_cluster: bool) -> Self {
        let (namespaces, ready) = (AtomicUsize::new(0), Mutex::default());
        Self { node, is_cluster, namespaces, ready }
    }

    /// Opens so many stores at once, since each takes as long as its bound.
    pub(crate) fn open_ahead(&self, stores: usize) {
        thread::scope(|scope| {
            let opening: Vec<_> = (0..stores).map(|_| scope.spawn(|| self.empty())).collect();
            let opened = opening.into_iter().map(|opening| opening.join().unwrap());
            self.ready.lock().unwrap().extend(opened);
        });
    }

    /// A store with nothing in it.
    pub(crate) fn fresh(&self) -> RedisStore {
        let ready = self.ready.lock().unwrap().pop();
        ready.unwrap_or_else(|| self.empty())
    }

    fn empty(&self) -> RedisStore {
        self.open(&self.namespace())
    }

    /// A name that no store has yet.
    pub(crate) fn namespace(&self) -> String {
        format!("t{}", self.namespaces.fetch_add(1, Ordering::Relaxed))
    }

    /// The store with these data.
    pub(crate) fn open(&self, namespace: &str) -> RedisStore {
        let url = format!("{}?namespace={namespace}", self.node.url());
        let scheme = if self.is_cluster { "redis+cluster://" } else { "redis://" };
        let url = url.replace("redis://", scheme).parse().unwrap();
        let options = RedisOptions::new(url, Arc::new(SystemClock));
        RedisStore::open(&options.with_bound(RedisOptions::BOUNDS.0)).unwrap()
    }
}

fn hasty(engine: &Engine) -> Options {
    Options::new(engine).set("appendfsync", "no")
}

const SECRET: &str = "f0e1d2c3b4a5968778695a4b3c2d1e0f";

pub(crate) fn in_an_hour() -> NumericDate {
    NumericDate::new(now().unix_seconds() + 3_600).unwrap()
}

pub(crate) fn options(url: &str) -> RedisOptions {
    let url: StoreUrl = url.parse().unwrap();
    RedisOptions::new(url, Arc::new(SystemClock)).with_bound(RedisOptions::BOUNDS.0)
}

pub(crate) fn open(url: &str) -> RedisStore {
    RedisStore::open(&options(url)).unwrap()
}

pub(crate) fn token_entry(jti: &str) -> Revocation {
    Revocation::Entry { id: RevocationId::of_token_id(jti), keep_until: in_an_hour() }
}

pub(crate) async fn revoke(store: &RedisStore, jti: &str) -> Result<Receipt, StoreError> {
    store.revoke(Order::of(&[token_entry(jti)]), now()).await
}

/// Tokens by their `jti`, and who signed them.
pub(crate) struct Tokens(Validator);

impl Tokens {
    pub(crate) fn new() -> Self {
        Self(AttackSetting::default().validator(SECRET).unwrap())
    }

    pub(crate) fn token(jti: &str) -> Vec<u8> {
        let jti = format!(r#""{jti}""#);
        let now = now().unix_seconds();
        Forge::new(SECRET, now).with_claim("jti", jti).token()
    }

    /// What the view says of the token with this `jti`.
    pub(crate) fn ask(&self, view: &dyn RevocationView, jti: &str) -> Result<Verdict, StoreError> {
        let token = Self::token(jti);
        let raw = RawToken::from_bytes(&token).unwrap();
        let valid = self.0.validate(raw, Expect::Access, now()).unwrap();
        view.verdict(&valid.credential(), now())
    }
}
