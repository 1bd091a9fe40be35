//! Clients and commands that keep a server busy until it is killed.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use mcp_auth::issue::NewToken;
use mcp_auth::roles::Role;
use serde_json::{Value, json};

use super::VARIABLES;
use super::book::Book;
use crate::attempt::{attempt, jti};
use crate::client::{Answer, Ask};
use crate::process::{kill, start_over};
use crate::server::{PASSWORD, Server, mint, program};

/// A sign-in and what was acknowledged of it.
#[derive(Debug)]
pub(super) struct Chain {
    /// Refresh tokens, the oldest first.
    pub(super) refresh: Vec<String>,
    /// The last access token.
    pub(super) access: String,
}

impl Chain {
    fn of(tokens: &Answer) -> Self {
        Self { refresh: vec![tokens.text("refresh_token")], access: tokens.text("access_token") }
    }

    pub(super) fn advance(&mut self, tokens: &Answer, book: &Book) {
        let next = Self::of(tokens);
        book.acknowledged("token_refreshed", jti(&next.access));
        self.refresh.extend(next.refresh);
        self.access = next.access;
    }

    pub(super) fn last(&self) -> &str {
        self.refresh.last().unwrap()
    }
}

/// How far a value that only grows has got.
#[derive(Debug, Default)]
pub(super) struct Growing {
    pub(super) asked: usize,
    pub(super) acknowledged: usize,
}

/// Who lives through all kills.
#[derive(Debug)]
pub(super) struct People {
    pub(super) chains: Vec<Chain>,
    /// The number in the role of `worker`, changed over HTTP, and of `clerk`, changed by commands.
    pub(super) worker: Growing,
    pub(super) clerk: Growing,
    /// An account that is created and deleted: its name, and whether it is there, where that is known.
    pub(super) guest: Option<(String, bool)>,
}

impl People {
    pub(super) fn settle(server: &Server) -> Self {
        let root = server.token_of("root", Role::Superadmin);
        for name in ["worker", "clerk"] {
            let new = json!({ "username": name, "password": PASSWORD, "role": "r-0" });
            let created = server.ask(&Ask::post("/api/v1/auth/users").bearer(&root).json(&new));
            assert_eq!(created.status, 201, "{created:?}");
        }
        let chains = (0..3).map(|_| sign_in(server)).collect();
        Self { chains, worker: Growing::default(), clerk: Growing::default(), guest: None }
    }
}

pub(super) fn sign_in(server: &Server) -> Chain {
    let tokens = server.ask(&sign_in_request());
    assert_eq!(tokens.status, 200, "{tokens:?}");
    Chain::of(&tokens)
}

fn sign_in_request() -> Ask {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let address = format!("198.51.{}.{}", 100 + count / 250, count % 250);
    let who = json!({ "username": "admin", "password": PASSWORD });
    Ask::post("/api/v1/auth/token").header("X-Forwarded-For", address).json(&who)
}

pub(super) fn refresh_request(token: &str) -> Ask {
    Ask::post("/api/v1/auth/refresh").json(&json!({ "refresh_token": token }))
}

/// One round of it.
pub(super) struct Load<'a> {
    address: SocketAddr,
    secret: String,
    root: String,
    book: &'a Book,
    round: usize,
}

impl<'a> Load<'a> {
    pub(super) fn new(server: &Server, book: &'a Book, round: usize) -> Self {
        let secret = std::fs::read_to_string(server.data("jwt_secret")).unwrap();
        let root = server.token_of("root", Role::Superadmin);
        book.begin_round();
        Self { address: server.address, secret: secret.trim_end().to_owned(), root, book, round }
    }

    /// Kills the server when it has acknowledged this much, and starts it again.
    pub(super) fn until_killed(
        &self,
        server: Server,
        people: &mut People,
        patience: usize,
    ) -> Server {
        let data = server.directory.path().to_owned();
        let People { chains, worker, clerk, guest } = people;
        let directory = thread::scope(|scope| {
            for chain in chains {
                scope.spawn(|| self.refresh(chain));
            }
            for number in 0..2 {
                scope.spawn(move || self.revoke(number));
            }
            scope.spawn(|| self.change(worker));
            scope.spawn(|| self.come_and_go(guest));
            scope.spawn(|| self.sign_in());
            scope.spawn(|| self.command(clerk, &data));
            self.book.wait_for(patience);
            kill(server)
        });
        start_over(directory, VARIABLES)
    }

    /// The answer, unless the server is dead; it may leave nobody without one before.
    fn ask(&self, ask: &Ask) -> Option<Answer> {
        let answer = attempt(ask, self.address);
        assert!(answer.is_some() || self.book.is_killing(), "no answer to {ask:?}");
        answer.inspect(|answer| assert!(answer.status < 300, "{answer:?}"))
    }

    fn refresh(&self, chain: &mut Chain) {
        while let Some(tokens) = self.ask(&refresh_request(chain.last())) {
            chain.advance(&tokens, self.book);
        }
    }

    fn sign_in(&self) {
        while let Some(tokens) = self.ask(&sign_in_request()) {
            self.book.acknowledged("login_succeeded", jti(&tokens.text("access_token")));
        }
    }

    /// By token, by id, by user in turn.
    fn revoke(&self, number: usize) {
        for turn in 0.. {
            let user = format!("robot-{}-{number}-{turn}", self.round);
            let token = mint(&self.secret, &NewToken::access(&user));
            let (what, about) = match turn % 3 {
                0 => (json!({ "token": token }), jti(&token)),
                1 => (json!({ "jti": jti(&token) }), jti(&token)),
                _ => (json!({ "user_id": user }), user),
            };
            let ask = Ask::post("/api/v1/auth/revoke").bearer(&self.root).json(&what);
            if self.ask(&ask).is_none() {
                return;
            }
            self.book.revoked(token, about);
        }
    }

    fn change(&self, worker: &mut Growing) {
        loop {
            worker.asked += 1;
            let role = json!({ "role": format!("r-{}", worker.asked) });
            let ask = Ask::new("PATCH", "/api/v1/auth/users/worker").bearer(&self.root).json(&role);
            if self.ask(&ask).is_none() {
                return;
            }
            worker.acknowledged = worker.asked;
            self.book.acknowledged("account_changed", "worker");
        }
    }

    fn come_and_go(&self, guest: &mut Option<(String, bool)>) {
        for turn in 0.. {
            let name = format!("guest-{}-{turn}", self.round);
            let new = json!({ "username": name, "password": PASSWORD });
            *guest = None;
            let create = Ask::post("/api/v1/auth/users").bearer(&self.root).json(&new);
            if self.ask(&create).is_none() {
                return;
            }
            self.book.acknowledged("account_created", &name);
            *guest = Some((name.clone(), true));
            if turn % 2 == 1 {
                *guest = None;
                let path = format!("/api/v1/auth/users/{name}");
                if self.ask(&Ask::new("DELETE", &path).bearer(&self.root)).is_none() {
                    return;
                }
                self.book.acknowledged("account_deleted", &name);
                *guest = Some((name, false));
            }
        }
    }

    /// Commands on the host, beside the server and past its end.
    fn command(&self, clerk: &mut Growing, directory: &std::path::Path) {
        while !self.book.is_killing() {
            clerk.asked += 1;
            let token = mint(&self.secret, &NewToken::access(format!("desk-{}", clerk.asked)));
            let role = format!("r-{}", clerk.asked);
            run(directory, &["user", "role", "clerk", &role]);
            clerk.acknowledged = clerk.asked;
            self.book.acknowledged("account_changed", "clerk");
            run(directory, &["token", "revoke", "--jti", &jti(&token)]);
            let about = jti(&token);
            self.book.revoked(token, about);
        }
    }
}

fn run(directory: &std::path::Path, arguments: &[&str]) {
    let output = program(directory, &[]).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {output:?}");
}

/// The number in the role of an account.
pub(super) fn number(account: &Value) -> usize {
    account["role"].as_str().unwrap().strip_prefix("r-").unwrap().parse().unwrap()
}
