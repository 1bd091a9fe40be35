//! The engine is away for long.

use std::time::Duration;
use std::{iter, thread};

use mcp_auth_history::{AdmitAnswer, Durability, RevokeAnswer};
use mcp_auth_rig::{Engine, faults};

use crate::admit::{Door, admit};
use crate::engines::Topology;
use crate::fault::Fault;
use crate::judge::{self, Summary};
use crate::matrix::alone;
use crate::people::Way;
use crate::recorder::Recorder;
use crate::refresh::sign_in_request;
use crate::revoke::revoke;
use crate::run::Run;
use crate::scenario::{Clocks, Scenario};
use crate::script::{Script, await_arrival};
use crate::stage::Stage;

const AWAY: Scenario =
    Scenario { topology: Topology::Standalone, fault: Fault::KillPrimary, clocks: Clocks::Right };

/// A minute, with `cargo xtask test --faults`.
fn long() -> Duration {
    Duration::from_secs(if faults() { 60 } else { 6 })
}

/// What was revoked in the first moment is in the journals, and arrives when the engine is back. Nobody is admitted and
/// nobody signs in meanwhile.
#[test]
fn an_engine_that_is_away_costs_answers_and_nothing_else() {
    let _alone = alone();
    for engine in Engine::all().iter().take(if faults() { 2 } else { 1 }) {
        let mut stage = Stage::set(&AWAY, engine, "").unwrap();
        let run = Run::new(&stage, Recorder::default(), false);
        let recovery = run.while_clients(|| {
            let mut script = Script::begin(&run, &mut stage, AWAY).unwrap();
            hand_in(&run);
            script.hold(long()).unwrap();
            run.doors.iter().for_each(|door| is_closed(&run, door));
            script.end().unwrap()
        });
        await_arrival(&run).unwrap();
        let (history, violations) = judge::judge(&run.recorder, &stage.gateways).unwrap();
        let name = format!("{} away for {:?}", engine.name(), long());
        judge::report(&name, &history, &violations).unwrap();
        println!("{name}: {}", Summary::of(&history, recovery));
    }
}

/// At each gateway somebody hands in a token while the lease lasts: it is taken, and the gateway's disk has it.
fn hand_in(run: &Run) {
    let written_down =
        RevokeAnswer::Revoked { status: 202, durability: Durability::Local, bound_ms: None };
    thread::scope(|scope| {
        for door in &run.doors {
            scope.spawn(|| {
                let mut ended = iter::repeat_with(|| run.people.end_one());
                let subject = ended.find(|subject| matches!(subject.way, Way::Itself)).unwrap();
                assert_eq!(revoke(run, door, &subject), written_down, "{}", door.name);
                assert_eq!(admit(run, door, &subject), AdmitAnswer::Revoked, "{}", door.name);
            });
        }
    });
}

/// Tokens that stand are not admitted, and the right password signs nobody in.
fn is_closed(run: &Run, door: &Door) {
    let (_, answer) = door.ask(&sign_in_request("ada"));
    let (status, code) = answer.unwrap().refusal();
    assert_eq!((status, &*code), (503, "store_unavailable"), "{}", door.name);
    let standing = run.people.standing();
    assert_eq!(admit(run, door, &standing), AdmitAnswer::Unavailable, "{}", door.name);
}
