//! Clients, and what they are admitted to.

use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use mcp_auth_history::{AdmitAnswer, Operation};

use crate::attempt::attempt_within;
use crate::client::{Answer, Ask};
use crate::clock::now;
use crate::people::Subject;
use crate::run::Run;

/// How long a client waits. Longer than a server takes that waits for its store in vain.
const PATIENCE: Duration = Duration::from_secs(5);

/// A gateway, as its clients find it.
#[derive(Debug)]
pub(crate) struct Door {
    pub(crate) name: &'static str,
    /// Another one after a restart.
    pub(crate) address: Mutex<SocketAddr>,
    /// When the last admission was invoked that has an answer, and the last that was accepted.
    answered: AtomicU64,
    accepted: AtomicU64,
}

impl Door {
    pub(crate) fn new(name: &'static str, address: SocketAddr) -> Self {
        let (answered, accepted) = Default::default();
        Self { name, address: Mutex::new(address), answered, accepted }
    }

    /// The answer, unless none came in time, and when it was asked for.
    pub(crate) fn ask(&self, ask: &Ask) -> (u64, Option<Answer>) {
        let address = *self.address.lock().unwrap();
        let invoked = now();
        (invoked, attempt_within(ask, address, PATIENCE))
    }

    pub(crate) fn answered(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
    }

    pub(crate) fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }
}

/// Asks with a token, and writes down what came of it. The list of servers is in memory: the answer is that of the gate
/// alone, where `/auth/me` would also say whether the engine has the account.
pub(crate) fn admit(run: &Run, door: &Door, subject: &Subject) -> AdmitAnswer {
    let ask = Ask::get("/api/v1/mcp/servers").bearer(&subject.access);
    let (invoked, answer) = door.ask(&ask);
    let verdict = answer.as_ref().map_or(AdmitAnswer::Lost, verdict);
    let operation = Operation::Admit { token: subject.token.clone(), answer: verdict };
    run.recorder.add(door.name, invoked, operation);
    if verdict != AdmitAnswer::Lost {
        door.answered.fetch_max(invoked, Ordering::Relaxed);
    }
    if verdict == AdmitAnswer::Accepted {
        door.accepted.fetch_max(invoked, Ordering::Relaxed);
    }
    verdict
}

fn verdict(answer: &Answer) -> AdmitAnswer {
    if answer.status == 200 {
        return AdmitAnswer::Accepted;
    }
    match answer.refusal() {
        (401, code) if code == "token_revoked" => AdmitAnswer::Revoked,
        (403, code) if code == "account_disabled" => AdmitAnswer::Blocked,
        (503, code) => {
            assert_eq!(code, "store_unavailable", "{answer:?}");
            assert!(answer.header("retry-after").is_some(), "when to come back: {answer:?}");
            AdmitAnswer::Unavailable
        }
        (status, _) => {
            assert!(status < 500, "{answer:?}");
            AdmitAnswer::Refused
        }
    }
}
