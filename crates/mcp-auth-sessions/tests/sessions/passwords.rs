//! What a sign-in says, and how guessing is slowed.

use std::sync::Arc;
use std::time::Duration;

use mcp_auth::store::MemoryRevocations;
use mcp_auth_sessions::account::Account;
use mcp_auth_sessions::client::Client;
use mcp_auth_sessions::password::{Password, PasswordError, PasswordHash};
use mcp_auth_sessions::{AccountChange, AccountError, LoginFailure, NewAccount, SignInError};

use crate::bench::{Bench, PASSWORD};

fn failed(why: LoginFailure, user_id: Option<&str>) -> SignInError {
    SignInError::Failed { why, user_id: user_id.map(str::to_owned) }
}

#[tokio::test]
async fn the_operator_learns_why_a_sign_in_failed() {
    let bench = Bench::with_alice().await;
    let wrong = bench.sign_in_with("alice", "wrong").await.unwrap_err();
    assert_eq!(wrong, failed(LoginFailure::WrongPassword, Some("alice")));
    let unknown = bench.sign_in("nobody").await.unwrap_err();
    assert_eq!(unknown, failed(LoginFailure::NoAccount, None));
    let off = AccountChange::Active(false);
    bench.sessions.change_account("alice", off, |_| true).await.unwrap();
    let disabled = bench.sign_in("alice").await.unwrap_err();
    assert_eq!(disabled, failed(LoginFailure::Disabled, Some("alice")));
    let wrong = bench.sign_in_with("alice", "wrong").await.unwrap_err();
    assert_eq!(wrong, failed(LoginFailure::WrongPassword, Some("alice")));
}

#[tokio::test]
async fn guesses_wait_and_a_success_forgives() {
    let bench = Bench::with_alice().await;
    for _ in 0..6 {
        assert!(matches!(
            bench.sign_in_with("alice", "wrong").await,
            Err(SignInError::Failed { .. })
        ));
    }
    let second = Duration::from_secs(1);
    let waiting = bench.sign_in("alice").await.unwrap_err();
    assert_eq!(waiting, SignInError::Throttled { retry_after: second }, "even with the password");
    bench.pass(1);
    bench.sign_in("alice").await.unwrap();
    for _ in 0..5 {
        bench.sign_in_with("alice", "wrong").await.unwrap_err();
    }
    bench.sign_in("alice").await.unwrap();
}

#[tokio::test]
async fn a_name_without_account_waits_alike() {
    let bench = Bench::new();
    for _ in 0..6 {
        assert!(matches!(bench.sign_in("nobody").await, Err(SignInError::Failed { .. })));
    }
    assert!(matches!(bench.sign_in("nobody").await, Err(SignInError::Throttled { .. })));
}

#[tokio::test]
async fn one_address_cannot_try_many_names() {
    let bench = Bench::with_alice().await;
    let attempt = async |name: &str, address: &str| {
        let client = Client::new(Some(address.parse().unwrap()), None);
        bench.sessions.sign_in(name, &Password::new(PASSWORD), &client).await
    };
    for n in 0..21 {
        let name = format!("name-{n}");
        let address = format!("2001:db8::{n:x}");
        assert!(matches!(attempt(&name, &address).await, Err(SignInError::Failed { .. })));
    }
    let waiting = attempt("alice", "2001:db8::ffff").await;
    assert!(matches!(waiting, Err(SignInError::Throttled { .. })), "one /64 is one client");
    attempt("alice", "2001:db8:0:1::1").await.unwrap();
}

#[tokio::test]
async fn a_full_queue_refuses_and_counts_nothing() {
    let bench = Bench::with(Arc::new(MemoryRevocations::new()), 0);
    bench.create("alice").await;
    let place = bench.sessions.passwords().reserve().unwrap();
    for n in 1..20 {
        let password = Password::new(format!("wrong {n}"));
        let refused = bench.sessions.sign_in("alice", &password, &Client::default()).await;
        assert!(matches!(refused, Err(SignInError::Busy { .. })), "{refused:?}");
    }
    drop(place);
    bench.sign_in("alice").await.unwrap();
}

#[tokio::test]
async fn bcrypt_hashes_are_upgraded_at_sign_in() {
    let bench = Bench::with_alice().await;
    let old = "$2a$07$usesomesillystringfore2uDLvp1Ii2e./U9C8sBjqp8I90dH6hi";
    let accounts = &bench.sessions.stores().accounts;
    let held = accounts.by_user_id("alice").await.unwrap().unwrap();
    let row = Account { password: PasswordHash::from_stored(old), ..held };
    let _ = accounts.update(&row).await.unwrap();
    bench.sign_in_with("alice", "wrong").await.unwrap_err();
    let first = bench.sign_in_with("alice", "rasmuslerdorf").await.unwrap();
    assert!(bench.is_live(&first).await);
    let held = accounts.by_user_id("alice").await.unwrap().unwrap();
    assert!(held.password.expose().starts_with("$argon2id$"));
    assert_eq!(held.generation, 0, "an upgrade ends no token");
    bench.sign_in_with("alice", "rasmuslerdorf").await.unwrap();
    bench.sign_in_with("alice", "wrong").await.unwrap_err();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_upgrades_at_once_both_sign_in() {
    let bench = Bench::with_alice().await;
    let old = "$2a$07$usesomesillystringfore2uDLvp1Ii2e./U9C8sBjqp8I90dH6hi";
    let accounts = &bench.sessions.stores().accounts;
    let held = accounts.by_user_id("alice").await.unwrap().unwrap();
    let row = Account { password: PasswordHash::from_stored(old), ..held };
    let _ = accounts.update(&row).await.unwrap();
    let sign_in = || bench.sign_in_with("alice", "rasmuslerdorf");
    let (one, two, three) = tokio::join!(sign_in(), sign_in(), sign_in());
    for pair in [one, two, three] {
        assert!(bench.is_live(&pair.unwrap()).await);
    }
}

#[tokio::test]
async fn a_password_that_is_set_has_a_legal_length() {
    let bench = Bench::with_alice().await;
    for (text, error) in [
        ("1234567".to_owned(), PasswordError::TooShort),
        ("x".repeat(1025), PasswordError::TooLong),
    ] {
        let password = Password::new(text);
        let new = NewAccount {
            username: "bob".into(),
            password: password.clone(),
            role: mcp_auth::roles::Role::User,
        };
        assert_eq!(bench.sessions.create_account(new).await, Err(AccountError::Password(error)));
        let change = AccountChange::Password(password);
        let refused = bench.sessions.change_account("alice", change, |_| true).await;
        assert_eq!(refused, Err(AccountError::Password(error)));
    }
    assert_eq!(bench.sessions.account("bob").await.unwrap(), None);
}
