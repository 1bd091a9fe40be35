//! Accounts and what their changes do to tokens.

use mcp_auth::issue::NewToken;
use mcp_auth::refusal::RefusalCode;
use mcp_auth::roles::Role;
use mcp_auth_sessions::password::{Password, PasswordHash};
use mcp_auth_sessions::{
    AccountChange, AccountError, ImportedAccount, LoginFailure, NewAccount, SignInError,
};
use tokio::task::JoinSet;

use crate::bench::{Bench, PASSWORD};

const REVOKED: Option<RefusalCode> = Some(RefusalCode::TokenRevoked);
const BLOCKED: Option<RefusalCode> = Some(RefusalCode::AccountDisabled);

async fn change(bench: &Bench, change: AccountChange) -> Result<u64, AccountError> {
    let changed = bench.sessions.change_account("alice", change, |_| true).await?;
    Ok(changed.account.generation)
}

#[tokio::test]
async fn a_new_password_or_role_ends_the_tokens_that_are_out() {
    let bench = Bench::with_alice().await;
    let changes = [
        AccountChange::Password(Password::new(PASSWORD)),
        AccountChange::Role(Role::Admin),
        AccountChange::Role(Role::User),
    ];
    for (done, one) in (1..).zip(changes) {
        let pair = bench.sign_in("alice").await.unwrap();
        let minted = bench.issuer.issue(&NewToken::access("alice")).unwrap();
        assert_eq!(change(&bench, one).await, Ok(done));
        assert_eq!(bench.refused(&pair.access).await, REVOKED);
        assert_eq!(bench.refused(&pair.refresh).await, REVOKED);
        assert_eq!(bench.refused(&minted).await, REVOKED);
        assert_eq!(bench.sessions.grants("alice").await.unwrap(), []);
        let pair = bench.sign_in("alice").await.unwrap();
        assert_eq!(pair.access.claims.generation(), Some(done));
        assert!(bench.is_live(&pair).await);
    }
}

#[tokio::test]
async fn a_disabled_account_has_no_good_token_until_it_is_enabled() {
    let bench = Bench::with_alice().await;
    let pair = bench.sign_in("alice").await.unwrap();
    change(&bench, AccountChange::Active(false)).await.unwrap();
    let minted = bench.issuer.issue(&NewToken::access("alice")).unwrap();
    for token in [&pair.access, &pair.refresh, &minted] {
        assert_eq!(bench.refused(token).await, BLOCKED);
    }
    bench.sessions.revoke_user("alice").await.unwrap();
    change(&bench, AccountChange::Role(Role::Admin)).await.unwrap();
    assert_eq!(bench.refused(&minted).await, BLOCKED, "nothing else enables it");
    change(&bench, AccountChange::Active(true)).await.unwrap();
    assert_eq!(bench.refused(&pair.access).await, REVOKED, "and old tokens stay old");
    let pair = bench.sign_in("alice").await.unwrap();
    assert!(bench.is_live(&pair).await);
}

#[tokio::test]
async fn what_changes_nothing_ends_nothing() {
    let bench = Bench::with_alice().await;
    let pair = bench.sign_in("alice").await.unwrap();
    assert_eq!(change(&bench, AccountChange::Role(Role::User)).await, Ok(0));
    assert_eq!(change(&bench, AccountChange::Username("alice".into())).await, Ok(0));
    assert_eq!(change(&bench, AccountChange::Username("ann".into())).await, Ok(0));
    assert!(bench.is_live(&pair).await, "a new name ends no token");
    let renamed = bench.sign_in("ann").await.unwrap();
    assert_eq!(
        (renamed.access.claims.user_id(), renamed.access.claims.username()),
        ("alice", "ann")
    );
    assert!(bench.sign_in("alice").await.is_err());
}

#[tokio::test]
async fn the_caller_is_asked_about_the_row_that_is_changed() {
    let bench = Bench::with_alice().await;
    let pair = bench.sign_in("alice").await.unwrap();
    let role = AccountChange::Role(Role::Superadmin);
    let refused = bench.sessions.change_account("alice", role, |row| row.role == Role::Admin).await;
    assert_eq!(refused, Err(AccountError::Forbidden));
    let refused = bench.sessions.delete_account("alice", |_| false).await;
    assert_eq!(refused, Err(AccountError::Forbidden));
    assert!(bench.is_live(&pair).await);
}

#[tokio::test]
async fn names_are_legal_and_taken_once() {
    let bench = Bench::with_alice().await;
    let create = async |name: &str| {
        let password = Password::new(PASSWORD);
        let new = NewAccount { username: name.into(), password, role: Role::User };
        bench.sessions.create_account(new).await.err()
    };
    assert_eq!(create("alice").await, Some(AccountError::NameTaken));
    for name in ["", "a\nb", &"x".repeat(257)] {
        assert!(matches!(create(name).await, Some(AccountError::Name(_))), "{name:?}");
        let renamed = change(&bench, AccountChange::Username(name.into())).await;
        assert!(matches!(renamed, Err(AccountError::Name(_))), "{name:?}");
    }
    assert_eq!(create("bob").await, None);
    let renamed = change(&bench, AccountChange::Username("bob".into())).await;
    assert_eq!(renamed, Err(AccountError::NameTaken));
    let missing =
        bench.sessions.change_account("nobody", AccountChange::Active(true), |_| true).await;
    assert_eq!(missing, Err(AccountError::NotFound));
    let names = bench.sessions.accounts(None, 9).await.unwrap();
    assert_eq!(names.iter().map(|row| &*row.user_id).collect::<Vec<_>>(), ["alice", "bob"]);
}

#[tokio::test]
async fn a_deleted_account_leaves_nothing_good_and_its_name_may_be_used_again() {
    let bench = Bench::with_alice().await;
    let old = bench.sign_in("alice").await.unwrap();
    bench.sessions.delete_account("alice", |_| true).await.unwrap();
    assert_eq!(bench.refused(&old.access).await, BLOCKED);
    let failed = bench.sign_in("alice").await.unwrap_err();
    assert!(matches!(failed, SignInError::Failed { why: LoginFailure::NoAccount, .. }));
    let minted = bench.issuer.issue(&NewToken::access("alice")).unwrap();
    assert_eq!(bench.refused(&minted).await, BLOCKED);
    bench.sessions.revoke_user("alice").await.unwrap();
    assert_eq!(bench.refused(&minted).await, BLOCKED, "revoking does not unblock");
    let again = bench.create("alice").await;
    assert!(again.active && again.generation >= 2);
    assert_eq!(bench.refused(&old.access).await, REVOKED, "the old account's tokens stay out");
    let new = bench.sign_in("alice").await.unwrap();
    assert!(bench.is_live(&new).await);
}

#[tokio::test]
async fn an_account_may_take_the_name_of_a_revoked_stranger() {
    let bench = Bench::new();
    let minted = bench.issuer.issue(&NewToken::access("alice").with_session("x", 0)).unwrap();
    bench.sessions.revoke_user("alice").await.unwrap();
    bench.create("alice").await;
    let pair = bench.sign_in("alice").await.unwrap();
    assert!(bench.is_live(&pair).await);
    assert_eq!(bench.refused(&minted).await, REVOKED);
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_at_once_all_arrive_and_end_what_was_issued_between() {
    let bench = Bench::with_alice().await;
    let mut tasks = JoinSet::new();
    for n in 0..12 {
        let sessions = bench.sessions.clone();
        tasks.spawn(async move {
            let one = match n % 3 {
                0 => AccountChange::Role(if n == 0 { Role::Admin } else { Role::User }),
                1 => AccountChange::Active(n == 1),
                _ => AccountChange::Password(Password::new(PASSWORD)),
            };
            sessions.change_account("alice", one, |_| true).await.unwrap();
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    let between = bench.issuer.issue(&NewToken::access("alice").with_session("x", 3)).unwrap();
    change(&bench, AccountChange::Active(true)).await.unwrap();
    let row = bench.sessions.account("alice").await.unwrap().unwrap();
    let id = mcp_auth::store::RevocationId::of_user("alice");
    let entry = bench.revocations.user(id).await.unwrap().unwrap();
    assert_eq!((entry.generation, entry.blocked), (row.generation, false), "both agree at the end");
    assert_eq!(bench.refused(&between).await, REVOKED);
    assert!(bench.is_live(&bench.sign_in("alice").await.unwrap()).await);
}

#[tokio::test]
async fn an_imported_account_signs_in_and_keeps_its_tokens_unless_it_is_disabled() {
    // From the manual of PHP (crypt).
    let hash = "$2y$07$usesomesillystringfore2uDLvp1Ii2e./U9C8sBjqp8I90dH6hi";
    let bench = Bench::new();
    let import = async |user_id: &str, username: &str, active| {
        let password = PasswordHash::from_export(hash).unwrap();
        let (user_id, username, role) = (user_id.into(), username.into(), Role::Superadmin);
        let new = ImportedAccount { user_id, username, role, active, password };
        bench.sessions.import_account(new).await
    };
    let out = |id: &str| bench.issuer.issue(&NewToken::access(id)).unwrap();
    import("u-1", "ann", true).await.unwrap();
    let pair = bench.sign_in_with("ann", "rasmuslerdorf").await.unwrap();
    assert_eq!((pair.access.claims.user_id(), &pair.account.role), ("u-1", &Role::Superadmin));
    assert!(pair.account.password.expose().starts_with("$argon2id$"), "it was replaced");
    assert_eq!(bench.refused(&out("u-1")).await, None);

    assert!(!import("u-2", "bob", false).await.unwrap().active);
    assert_eq!(bench.refused(&out("u-2")).await, BLOCKED, "the other system's tokens too");
    let bob = bench.sign_in_with("bob", "rasmuslerdorf").await.unwrap_err();
    assert!(matches!(bob, SignInError::Failed { why: LoginFailure::Disabled, .. }));

    bench.sessions.delete_account("u-1", |_| true).await.unwrap();
    assert!(import("u-1", "ann", true).await.unwrap().active);
    assert_eq!(bench.refused(&pair.access).await, REVOKED, "what was revoked stays so");
    for (user_id, username) in [("u-3", "ann"), ("ann", "x"), ("u-1", "x"), ("x", "u-1")] {
        assert_eq!(import(user_id, username, true).await, Err(AccountError::NameTaken));
    }
    assert!(matches!(import("a\n", "x", true).await, Err(AccountError::Name(_))));
    assert!(matches!(import("x", "", true).await, Err(AccountError::Name(_))));
}

#[tokio::test]
async fn a_name_that_no_new_account_can_have_goes_on_where_another_system_gave_it() {
    let hash = "$2y$07$usesomesillystringfore2uDLvp1Ii2e./U9C8sBjqp8I90dH6hi";
    let bench = Bench::with_alice().await;
    for name in ["ann ", "ann\u{200b}"] {
        let (password, role) = (Password::new(PASSWORD), Role::User);
        let new = NewAccount { username: name.into(), password, role };
        let refused = bench.sessions.create_account(new).await;
        assert!(matches!(refused, Err(AccountError::Name(_))), "{refused:?}");
        let renamed = change(&bench, AccountChange::Username(name.into())).await;
        assert!(matches!(renamed, Err(AccountError::Name(_))), "{renamed:?}");

        let password = PasswordHash::from_export(hash).unwrap();
        let (user_id, username) = (name.to_owned(), name.to_owned());
        let new = ImportedAccount { user_id, username, role: Role::User, active: true, password };
        bench.sessions.import_account(new).await.unwrap();
        let pair = bench.sign_in_with(name, "rasmuslerdorf").await.unwrap();
        assert_eq!(pair.access.claims.user_id(), name);
    }
}
