//! What another store held is kept as it was there.

use mcp_auth::clock::NumericDate;
use mcp_auth::roles::Role;
use mcp_auth_rig::Engine;
use mcp_auth_sessions::account::{Account, AccountStore as _, AccountWrite, Tombstone};
use mcp_auth_sessions::password::PasswordHash;

use crate::common::{Place, now};

fn account(user_id: &str, username: &str) -> Account {
    let date = NumericDate::new(now().unix_seconds()).unwrap();
    Account {
        user_id: user_id.to_owned(),
        username: username.to_owned(),
        role: Role::Admin,
        active: false,
        password: PasswordHash::from_stored("$2b$12$other"),
        generation: u64::MAX,
        version: 7,
        created_at: date,
        changed_at: date,
    }
}

#[tokio::test]
async fn accounts_keep_their_version() {
    for engine in Engine::all() {
        let place = Place::on(&engine);
        let store = place.fresh();
        let alice = account("alice", "ann");
        for _ in 0..2 {
            assert!(store.put_account(&alice).await.unwrap(), "again is no mistake");
            assert_eq!(store.by_username("ann").await.unwrap(), Some(alice.clone()));
        }
        for taken in [account("bob", "ann"), account("bob", "alice"), account("ann", "bob")] {
            assert!(!store.put_account(&taken).await.unwrap(), "{taken:?}");
        }
        assert!(!store.put_account(&Account { active: true, ..alice.clone() }).await.unwrap());
        assert_eq!(store.list(None, 9).await.unwrap(), std::slice::from_ref(&alice));
        let renamed = Account { username: "alice".to_owned(), ..alice };
        let AccountWrite::Written(renamed) = store.update(&renamed).await.unwrap() else {
            panic!("the version that was kept is the one that is updated")
        };
        assert_eq!((renamed.version, renamed.generation), (8, u64::MAX));
    }
}

#[tokio::test]
async fn tombstones_are_kept_where_there_is_no_account() {
    for engine in Engine::all() {
        let place = Place::on(&engine);
        let store = place.fresh();
        let date = |seconds| NumericDate::new(seconds).unwrap();
        let gone = Tombstone {
            user_id: "gone".to_owned(),
            generation: u64::MAX - 1,
            version: 41,
            deleted_at: date(5),
            keep_until: date(10),
        };
        let later = Tombstone { version: 42, keep_until: date(20), ..gone.clone() };
        assert!(store.put_tombstone(&gone).await.unwrap());
        assert!(store.put_tombstone(&later).await.unwrap());
        assert_eq!(store.tombstone("gone").await.unwrap(), Some(later));
        assert_eq!(store.purge(date(10).timestamp()).await.unwrap(), 0, "the later one is kept");
        let AccountWrite::Written(again) = store.create(&account("gone", "gone")).await.unwrap()
        else {
            panic!("a new row is written")
        };
        assert_eq!((again.version, again.generation), (43, u64::MAX));
        let other = Tombstone { user_id: "gone".to_owned(), ..gone };
        assert!(!store.put_tombstone(&other).await.unwrap(), "there is an account");
        assert_eq!(store.tombstone("gone").await.unwrap(), None);
    }
}
