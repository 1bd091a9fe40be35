//! A process that is killed in the middle of its work loses nothing that it acknowledged.

use std::path::Path;
use std::time::{Duration, Instant};

use mcp_auth::roles::Role;
use mcp_auth::store::{RevocationId, RevocationStore as _, RevokedBy, UserChange, Verdict};
use mcp_auth_sessions::account::{Account, AccountStore, AccountWrite};
use mcp_auth_sessions::client::Client;
use mcp_auth_sessions::grant::{Grant, GrantStore, TokenPairIds};
use mcp_auth_sessions::password::PasswordHash;
use mcp_auth_sqlite::SqliteStore;
use tokio::task::JoinSet;

use crate::common::{NOW, Peer, Tokens, date, now, open, orders, place, revoke, say, variable};

/// Kills, unless `SQLITE_KILLS` asks for more.
const KILLS: u32 = 200;

#[tokio::test]
async fn kill_9_loses_nothing_that_was_acknowledged() {
    let (_directory, path) = place();
    let tokens = Tokens::new();
    let (began, mut acknowledged) = (Instant::now(), 0);
    for round in 0..kills() {
        let mut peer = Peer::start("crash::working_peer", &path);
        peer.tell(&round.to_string());
        let mut heard: Vec<_> = (0..=round % 23).map_while(|_| peer.next()).collect();
        peer.kill();
        heard.extend(std::iter::from_fn(|| peer.next()));
        let store = open(&path);
        for line in &heard {
            assert_held(&store, &tokens, line).await;
        }
        acknowledged += heard.len();
    }
    println!("{acknowledged} acknowledged writes in {:?}", began.elapsed());
    assert_sound(&path);
}

fn kills() -> u32 {
    variable("SQLITE_KILLS").and_then(|wish| wish.parse().ok()).unwrap_or(KILLS)
}

async fn assert_held(store: &SqliteStore, tokens: &Tokens, line: &str) {
    let (kind, name) = line.split_once(' ').unwrap();
    let held = match kind {
        "token" => tokens.verdict(store, name) == Ok(Verdict::Revoked(RevokedBy::Token)),
        "account" => store.by_user_id(name).await.unwrap().is_some(),
        "grant" => {
            let (session, counter) = name.split_once(' ').unwrap();
            let held = store.get(session).await.unwrap().unwrap();
            held.counter >= counter.parse().unwrap()
        }
        "user" => {
            let held = store.user(RevocationId::of_user("alice")).await.unwrap().unwrap();
            held.generation >= name.parse().unwrap()
        }
        _ => false,
    };
    assert!(held, "acknowledged and gone: {line}");
}

fn assert_sound(path: &Path) {
    let file = rusqlite::Connection::open(path).unwrap();
    file.busy_timeout(Duration::from_secs(5)).unwrap();
    let verdict = file.query_row("PRAGMA integrity_check", (), |row| row.get::<_, String>(0));
    assert_eq!(verdict.unwrap(), "ok");
}

/// Run by `kill_9_loses_nothing_that_was_acknowledged`.
#[test]
fn working_peer() {
    let mut orders = orders();
    let Some(path) = orders.next() else { return };
    let store = open(path.as_ref());
    let round = orders.next().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let mut work = JoinSet::new();
        work.spawn(revoke_tokens(store.clone(), format!("{round}a")));
        work.spawn(revoke_tokens(store.clone(), format!("{round}b")));
        work.spawn(create_accounts(store.clone(), round.clone()));
        work.spawn(rotate(store.clone(), round));
        work.spawn(advance(store));
        work.join_all().await;
    });
}

async fn revoke_tokens(store: SqliteStore, round: String) {
    for number in 0.. {
        let jti = format!("{round}-{number}");
        revoke(&store, &jti).await.unwrap();
        say(&format!("token {jti}"));
    }
}

async fn create_accounts(store: SqliteStore, round: String) {
    for number in 0.. {
        let name = format!("user-{round}-{number}");
        let account = account(&name);
        assert!(matches!(
            AccountStore::create(&store, &account).await,
            Ok(AccountWrite::Written(_))
        ));
        say(&format!("account {name}"));
    }
}

async fn rotate(store: SqliteStore, round: String) {
    let mut grant = grant(&round);
    assert_eq!(GrantStore::create(&store, &grant).await, Ok(true));
    loop {
        say(&format!("grant {round} {}", grant.counter));
        grant.counter += 1;
        assert_eq!(store.rotate(&grant).await, Ok(true));
    }
}

async fn advance(store: SqliteStore) {
    loop {
        let change = UserChange {
            id: RevocationId::of_user("alice"),
            above: 0,
            blocked: false,
            not_before: date(1),
            keep_until: date(NOW + 3_600),
        };
        let entry = store.advance_user(change, now()).await.unwrap();
        say(&format!("user {}", entry.generation));
    }
}

fn account(name: &str) -> Account {
    Account {
        user_id: name.into(),
        username: name.into(),
        role: Role::User,
        active: true,
        password: PasswordHash::from_stored("none"),
        generation: 0,
        version: 0,
        created_at: date(NOW),
        changed_at: date(NOW),
    }
}

fn grant(session_id: &str) -> Grant {
    let current = TokenPairIds {
        refresh_id: "refresh".into(),
        access_id: "access".into(),
        issued_at: date(NOW),
        refresh_expires_at: date(NOW + 3_600),
        access_expires_at: date(NOW + 600),
    };
    Grant {
        session_id: session_id.into(),
        user_id: "alice".into(),
        counter: 0,
        current,
        parent_id: None,
        replays: 0,
        started_at: date(NOW),
        ends_at: date(NOW + 3_600),
        client: Client::default(),
    }
}
