//! Tokens to admit and to revoke, of users who have no accounts.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use mcp_auth::clock::{Clock as _, NumericDate, SystemClock};
use mcp_auth::issue::NewToken;
use mcp_auth::roles::Role;
use mcp_auth_history::{Target, Token};

use crate::server::mint;

/// Strong, because gateways in namespaces listen beyond the loopback interface.
pub(crate) const SECRET: &str = "Vw2nRt8-yKq5Jz1_Lc9XhPd4-Gm7SbFa0uTe3oEi6";

/// Tokens that stand at any time.
const LIVE: usize = 24;

/// Ended tokens that clients still try, the latest ones.
const TRIED: usize = 256;

const HOUR: u64 = 3_600;

/// A token, and how it is going to end.
#[derive(Debug)]
pub(crate) struct Subject {
    pub(crate) access: String,
    pub(crate) token: Token,
    pub(crate) way: Way,
}

/// How a token is revoked.
#[derive(Debug)]
pub(crate) enum Way {
    /// An admin names its id.
    Id,
    /// Its owner hands it in.
    Itself,
    /// An admin ends all that its user holds.
    User,
    /// An admin hands in the refresh token of its grant.
    Grant { refresh: String, id: String },
    /// Its owner signs out.
    SignOut,
}

/// Everybody's tokens.
#[derive(Debug)]
pub(crate) struct People {
    /// Of somebody who may revoke everything.
    pub(crate) root: String,
    live: Mutex<VecDeque<Arc<Subject>>>,
    ended: Mutex<Vec<Arc<Subject>>>,
    count: AtomicUsize,
}

impl People {
    pub(crate) fn settle() -> Self {
        let root = NewToken::access("root").with_role(Role::Superadmin);
        let people = Self {
            root: mint(SECRET, &lasting(root, "root")),
            live: Mutex::default(),
            ended: Mutex::default(),
            count: AtomicUsize::new(0),
        };
        (0..LIVE).for_each(|_| people.add());
        people
    }

    /// Any token that stands, or, more often, one of the latest that do not.
    pub(crate) fn any(&self, chance: usize) -> Arc<Subject> {
        let ended = self.ended.lock().unwrap();
        let tried = ended.len().min(TRIED);
        if chance.is_multiple_of(3) || tried == 0 {
            drop(ended);
            let live = self.live.lock().unwrap();
            return Arc::clone(&live[chance / 3 % live.len()]);
        }
        Arc::clone(&ended[ended.len() - 1 - chance % tried])
    }

    /// One that stands and is revoked now: nobody else gets it for that.
    pub(crate) fn end_one(&self) -> Arc<Subject> {
        self.add();
        let subject = self.live.lock().unwrap().pop_front().unwrap();
        self.ended.lock().unwrap().push(Arc::clone(&subject));
        subject
    }

    /// One that stands, for now.
    pub(crate) fn standing(&self) -> Arc<Subject> {
        Arc::clone(self.live.lock().unwrap().back().unwrap())
    }

    /// All that somebody asked to revoke.
    pub(crate) fn ended(&self) -> Vec<Arc<Subject>> {
        self.ended.lock().unwrap().clone()
    }

    fn add(&self) {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        self.live.lock().unwrap().push_back(Arc::new(Subject::new(count)));
    }
}

impl Subject {
    fn new(count: usize) -> Self {
        let (id, user) = (format!("token-{count}"), format!("user-{count}"));
        let grant = format!("grant-{count}");
        let (way, is_of_grant) = match count % 5 {
            0 => (Way::Id, false),
            1 => (Way::Itself, false),
            2 => (Way::User, true),
            3 => (Way::SignOut, true),
            _ => {
                let id = format!("refresh-{count}");
                let refresh = NewToken::refresh(&user).with_session(&grant, 0);
                (Way::Grant { refresh: mint(SECRET, &lasting(refresh, &id)), id }, true)
            }
        };
        let access = NewToken::access(&user);
        let access = if is_of_grant { access.with_session(&grant, 0) } else { access };
        Self {
            access: mint(SECRET, &lasting(access, &id)),
            token: Token {
                id,
                grant: is_of_grant.then_some(grant),
                user,
                key: "the one".to_owned(),
                generation: 0,
            },
            way,
        }
    }

    /// What its end covers.
    pub(crate) fn target(&self) -> Target {
        let grant = || self.token.grant.clone().unwrap();
        match self.way {
            Way::Id | Way::Itself => Target::Token(self.token.id.clone()),
            Way::User => Target::User(self.token.user.clone()),
            Way::Grant { .. } | Way::SignOut => Target::Grant(grant()),
        }
    }
}

/// Good for clocks that are wrong by an hour, either way.
fn lasting(token: NewToken, id: &str) -> NewToken {
    let now = SystemClock.now().unix_seconds();
    let date = |seconds| NumericDate::new(seconds).unwrap();
    token.with_identity(id, date(now - 2 * HOUR), date(now + 6 * HOUR))
}
