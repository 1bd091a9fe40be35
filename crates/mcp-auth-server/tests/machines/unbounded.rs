//! The judge must be able to find something.

use std::collections::HashSet;

use mcp_auth_history::Property;
use mcp_auth_rig::{Engine, Namespaces};

use crate::engines::Topology;
use crate::fault::Fault;
use crate::judge;
use crate::matrix::alone;
use crate::recorder::Recorder;
use crate::run::Run;
use crate::scenario::{Clocks, Scenario};
use crate::script::play;
use crate::stage::Stage;

/// A primary that was deposed and does not know it, with a gateway that reaches nobody else.
const SPLIT: Scenario =
    Scenario { topology: Topology::Sentinel, fault: Fault::SplitPrimary, clocks: Clocks::Right };

/// Nobody waits for replicas, and the gateways promise no bound. Whoever believes in one all the same is disappointed: the
/// gateway beside the deposed primary accepts what was revoked on the others.
#[test]
fn without_waiting_for_replicas_there_is_no_bound() {
    if let Err(error) = Namespaces::available() {
        println!("SKIPPED a deposed primary: {error:#}");
        return;
    }
    let _alone = alone();
    let Some(engine) = Engine::all().pop() else { return };
    let mut stage = Stage::set(&SPLIT, &engine, "durability=primary").unwrap();
    let run = Run::new(&stage, Recorder::believing(2_000), true);
    run.while_clients(|| play(&run, &mut stage, &SPLIT)).unwrap();
    let (_, violations) = judge::judge(&run.recorder, &stage.gateways).unwrap();
    let broken: HashSet<_> = violations.iter().map(|violation| violation.property).collect();
    assert!(broken.contains(&Property::Bound), "{violations:#?}");
    println!("{} {}: {} violations, of {broken:?}", engine.name(), SPLIT.fault, violations.len());
}
