//! No formatter shows a password, its hash or a token, whichever public type holds it.

#![expect(clippy::unwrap_used, reason = "helpers of tests, where a panic is a failed test")]

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::path::Path;

use mcp_auth::roles::Role;
use mcp_auth::testing::public_types;
use mcp_auth_sessions::account::{Account, AccountStore as _, AccountWrite, MemoryAccounts};
use mcp_auth_sessions::password::{Password, PasswordHash};
use mcp_auth_sessions::{
    AccountChange, Changed, ImportedAccount, NewAccount, SignInError, TokenPair,
};

use crate::bench::{Bench, PASSWORD};

/// Types that hold a password, a hash or a token, or a type that does.
const WALKED: [&str; 14] = [
    "Account",
    "AccountChange",
    "AccountWrite",
    "Changed",
    "Grant",
    "ImportedAccount",
    "IssuedRecord",
    "MemoryAccounts",
    "NewAccount",
    "Password",
    "PasswordHash",
    "Sessions",
    "SignInError",
    "TokenPair",
];

const NO_TEXT: &str = "holds no text, or none but names, ids and dates";
const FIXED: &str = "says what is wrong in fixed words";

/// Not walked, and why that is safe.
const EXEMPT: [(&str, &str); 43] = [
    ("AccountError", FIXED),
    ("Arrival", NO_TEXT),
    ("Attempt", NO_TEXT),
    ("Client", NO_TEXT),
    ("CounterKey", "a hash, shown by its first digits"),
    ("HashCost", NO_TEXT),
    ("HashingFailed", FIXED),
    ("Held", NO_TEXT),
    ("Here", NO_TEXT),
    ("Hit", NO_TEXT),
    ("Limit", NO_TEXT),
    ("LimitError", "quotes a limit that an operator wrote"),
    ("Limits", NO_TEXT),
    ("Log", NO_TEXT),
    ("LoginFailure", FIXED),
    ("MemoryGrants", NO_TEXT),
    ("MemoryIssued", NO_TEXT),
    ("MemoryRateLimits", NO_TEXT),
    ("MemoryThrottles", NO_TEXT),
    ("PasswordError", FIXED),
    ("PasswordPool", NO_TEXT),
    ("Place", NO_TEXT),
    ("PoolError", FIXED),
    ("Presented", NO_TEXT),
    ("Purged", NO_TEXT),
    ("RefreshError", FIXED),
    ("Reuse", FIXED),
    ("Revoked", NO_TEXT),
    ("RotationPolicy", NO_TEXT),
    ("SessionPolicy", NO_TEXT),
    ("Standing", NO_TEXT),
    ("Stores", "its stores show themselves"),
    ("Strategy", NO_TEXT),
    ("StrategyError", FIXED),
    ("ThrottlePolicy", NO_TEXT),
    ("ThrottleState", NO_TEXT),
    ("Throttled", NO_TEXT),
    ("TokenPairIds", NO_TEXT),
    ("Tombstone", NO_TEXT),
    ("UnreadableHash", FIXED),
    ("Verdict", NO_TEXT),
    ("Verification", NO_TEXT),
    ("Window", NO_TEXT),
];

#[derive(Default)]
struct Walk(Vec<(&'static str, String)>);

impl Walk {
    fn show(&mut self, name: &'static str, value: &dyn Debug) {
        self.0.push((name, format!("{value:?}\n{value:#?}")));
    }
}

#[tokio::test]
async fn nothing_that_holds_a_password_a_hash_or_a_token_shows_it() {
    let bench = Bench::with_alice().await;
    let pair = bench.sign_in("alice").await.unwrap();
    let mut walk = Walk::default();
    show_accounts(&mut walk, &pair.account);
    show_sign_ins(&mut walk, &bench, &pair).await;
    let hidden = hidden(&pair);
    for (name, text) in &walk.0 {
        let leak = hidden.iter().find(|hidden| text.contains(hidden.as_str()));
        assert_eq!(leak, None, "{name}: {text}");
    }
    let walked: BTreeSet<_> = walk.0.iter().map(|(name, _)| *name).collect();
    assert_eq!(walked, BTreeSet::from(WALKED), "what is walked, and what the list says is");
}

/// What must not be seen: the password, the part of its hash that is the hash, and what of the tokens is not the header.
fn hidden(pair: &TokenPair) -> Vec<String> {
    let hash = pair.account.password.expose().rsplit('$').next().unwrap().to_owned();
    let tokens = [&pair.access, &pair.refresh].map(|it| it.token.expose().to_owned());
    let parts = tokens.iter().flat_map(|token| token.split('.').skip(1)).map(str::to_owned);
    parts.chain([PASSWORD.to_owned(), hash]).collect()
}

fn show_accounts(walk: &mut Walk, account: &Account) {
    let password = || Password::new(PASSWORD);
    let hash = || PasswordHash::from_stored(account.password.expose());
    walk.show("Password", &password());
    walk.show("PasswordHash", &hash());
    walk.show("Account", account);
    walk.show("AccountWrite", &AccountWrite::Written(account.clone()));
    walk.show("AccountChange", &AccountChange::Password(password()));
    walk.show("Changed", &Changed { account: account.clone(), receipt: None });
    let (username, role) = (account.username.clone(), Role::User);
    walk.show("NewAccount", &NewAccount { username, password: password(), role });
    let imported = ImportedAccount {
        user_id: account.user_id.clone(),
        username: account.username.clone(),
        role: Role::User,
        active: true,
        password: hash(),
    };
    walk.show("ImportedAccount", &imported);
}

async fn show_sign_ins(walk: &mut Walk, bench: &Bench, pair: &TokenPair) {
    walk.show("TokenPair", pair);
    walk.show("Sessions", &*bench.sessions);
    let wrong: SignInError = bench.sign_in_with("alice", "another one").await.unwrap_err();
    walk.show("SignInError", &(&wrong, wrong.to_string()));
    let grant = bench.sessions.stores().grants.live_of_user("alice", bench.now(), 1).await;
    walk.show("Grant", &grant.unwrap());
    let records = bench.sessions.stores().issued.live_of_user("alice", bench.now(), 9).await;
    walk.show("IssuedRecord", &records.unwrap());
    let accounts = MemoryAccounts::new();
    assert!(matches!(accounts.create(&pair.account).await, Ok(AccountWrite::Written(_))));
    walk.show("MemoryAccounts", &accounts);
}

#[test]
fn every_public_type_is_walked_or_exempt_with_a_reason() {
    let found = public_types(Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let known = WALKED.into_iter().chain(EXEMPT.map(|(name, _)| name)).map(str::to_owned);
    assert_eq!(found, known.collect(), "walk a new type, or exempt it with a reason");
}
