//! A user who stays signed in: exchanges refresh tokens, each on two gateways at once, and now and then one that was
//! exchanged before.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use mcp_auth_history::{Operation, RefreshAnswer};
use serde_json::json;

use crate::admit::Door;
use crate::attempt::{claims, jti};
use crate::client::{Answer, Ask};
use crate::run::{Run, pause};
use crate::server::PASSWORD;

/// Exchanges until the client loses its token to a thief.
const EXCHANGES: usize = 9;

/// A sign-in.
struct Chain {
    grant: String,
    /// Refresh tokens, the oldest first: the place of each is how many exchanges led to it.
    tokens: Vec<String>,
}

/// Makes the account that [`stay`] signs in with.
pub(crate) fn create_account(run: &Run, username: &str) {
    let new = json!({ "username": username, "password": PASSWORD });
    let create = Ask::post("/api/v1/auth/users").bearer(&run.people.root).json(&new);
    let (_, created) = run.doors[0].ask(&create);
    assert_eq!(created.as_ref().map(|it| it.status), Some(201), "{created:?}");
}

/// Signs in and exchanges until the run is over.
pub(crate) fn stay(run: &Run, username: &str) {
    for turn in 0.. {
        if run.is_over() {
            return;
        }
        match sign_in(run.door(turn), username) {
            Some(mut chain) => while chain.go_on(run, turn) {},
            None => pause(),
        }
    }
}

/// From an address of its own: sign-ins that an engine's absence cuts off count as failed ones.
pub(crate) fn sign_in_request(username: &str) -> Ask {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let address = format!("203.0.{}.{}", 113 + count / 250, count % 250);
    let who = json!({ "username": username, "password": PASSWORD });
    Ask::post("/api/v1/auth/token").header("X-Forwarded-For", address).json(&who)
}

fn sign_in(door: &Door, username: &str) -> Option<Chain> {
    let (_, answer) = door.ask(&sign_in_request(username));
    let tokens = answer.filter(|answer| answer.status == 200)?;
    let first = tokens.text("refresh_token");
    let grant = claims(&first)["sid"].as_str().unwrap().to_owned();
    Some(Chain { grant, tokens: vec![first] })
}

impl Chain {
    /// One more exchange. Whether the sign-in may still stand.
    fn go_on(&mut self, run: &Run, turn: usize) -> bool {
        pause();
        if run.is_over() {
            return false;
        }
        let last = self.tokens.len() - 1;
        if last >= EXCHANGES {
            self.present_ancestor(run, run.door(turn));
            return false;
        }
        let doors = [run.door(turn + last), run.door(turn + last + 1)];
        let answers = thread::scope(|scope| {
            let asked = doors.map(|door| scope.spawn(|| exchange(door, &self.tokens[last])));
            asked.map(|it| it.join().unwrap())
        });
        for (door, (invoked, answer)) in doors.iter().zip(&answers) {
            self.write_down(run, door, *invoked, last, answer_of(answer.as_ref()));
        }
        self.take(answers.into_iter().filter_map(|(_, answer)| answer))
    }

    /// Another token of the two, where they differ, is for the judge.
    fn take(&mut self, answers: impl Iterator<Item = Answer>) -> bool {
        let answers: Vec<_> = answers.collect();
        let new = answers.iter().find(|answer| answer.status == 200);
        self.tokens.extend(new.map(|answer| answer.text("refresh_token")));
        // Who was refused, by either, signs in again. Who had no answer asks again.
        answers.iter().all(|answer| answer.status == 200 || answer.status >= 500)
    }

    /// Somebody has stolen a token that was exchanged long ago, as clients count.
    fn present_ancestor(&self, run: &Run, door: &Door) {
        let ancestor = self.tokens.len() - 3;
        let (invoked, answer) = exchange(door, &self.tokens[ancestor]);
        let answer = match answer_of(answer.as_ref()) {
            // The grant may also have gone with the engine's data; then nobody knows of a reuse.
            RefreshAnswer::Error if is_revoked(answer.as_ref()) && !run.forgets => {
                RefreshAnswer::Reuse
            }
            other => other,
        };
        self.write_down(run, door, invoked, ancestor, answer);
    }

    fn write_down(
        &self,
        run: &Run,
        door: &Door,
        invoked: u64,
        parent: usize,
        answer: RefreshAnswer,
    ) {
        let (grant, parent) = (self.grant.clone(), parent as u64);
        run.recorder.add(door.name, invoked, Operation::Refresh { grant, parent, answer });
    }
}

fn exchange(door: &Door, token: &str) -> (u64, Option<Answer>) {
    door.ask(&Ask::post("/api/v1/auth/refresh").json(&json!({ "refresh_token": token })))
}

fn answer_of(answer: Option<&Answer>) -> RefreshAnswer {
    match answer {
        None => RefreshAnswer::Lost,
        Some(answer) if answer.status == 200 => {
            RefreshAnswer::Successor(jti(&answer.text("refresh_token")))
        }
        Some(_) => RefreshAnswer::Error,
    }
}

fn is_revoked(answer: Option<&Answer>) -> bool {
    answer.is_some_and(|answer| answer.refusal() == (401, "token_revoked".to_owned()))
}
