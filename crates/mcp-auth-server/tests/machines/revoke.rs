//! Ending tokens.

use mcp_auth_history::{Durability, Operation, RevokeAnswer, Target};
use serde_json::{Value, json};

use crate::admit::Door;
use crate::client::{Answer, Ask};
use crate::people::{Subject, Way};
use crate::run::Run;

/// Revokes what has not been revoked before, and writes down what came of it.
pub(crate) fn revoke(run: &Run, door: &Door, subject: &Subject) -> RevokeAnswer {
    let target = subject.target();
    let (ask, name) = request(run, subject);
    run.recorder.name(name, &target);
    let (invoked, answer) = door.ask(&ask);
    let answer = answer.as_ref().map_or(RevokeAnswer::Lost, read);
    let answer = run.recorder.believed(answer);
    // Nobody revoked anything of this user before, so that the new generation is the first.
    let below = matches!(target, Target::User(_)).then_some(1);
    run.recorder.add(door.name, invoked, Operation::Revoke { target, below, answer });
    answer
}

/// The request, and what the audit calls the target.
fn request<'a>(run: &Run, subject: &'a Subject) -> (Ask, &'a str) {
    let ask =
        |bearer: &str, what: Value| Ask::post("/api/v1/auth/revoke").bearer(bearer).json(&what);
    let (root, token) = (&run.people.root, &subject.token);
    match &subject.way {
        Way::Id => (ask(root, json!({ "jti": token.id })), &token.id),
        Way::Itself => (ask(&subject.access, json!({ "token": subject.access })), &token.id),
        Way::User => (ask(root, json!({ "user_id": token.user })), &token.user),
        Way::Grant { refresh, id } => (ask(root, json!({ "token": refresh })), id),
        Way::SignOut => {
            let ask = Ask::post("/api/v1/auth/logout").bearer(&subject.access);
            (ask, token.grant.as_deref().unwrap())
        }
    }
}

fn read(answer: &Answer) -> RevokeAnswer {
    let status = answer.status;
    if status >= 300 {
        answer.refusal();
        return RevokeAnswer::Error { status };
    }
    let body = answer.json();
    let bound_ms = body["bound_ms"].as_u64();
    match &body["durability"] {
        // What was refused already is not in the audit.
        Value::Null if body["status"] == "revoked" => RevokeAnswer::Error { status },
        // A sign-out does not say how far it has got.
        Value::Null => RevokeAnswer::Revoked { status, durability: Durability::Memory, bound_ms },
        level => {
            let durability = serde_json::from_value(level.clone()).unwrap();
            RevokeAnswer::Revoked { status, durability, bound_ms }
        }
    }
}
