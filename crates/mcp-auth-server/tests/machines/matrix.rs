//! The scenarios, one after the other.

use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context as _, Result};
use mcp_auth_rig::{Engine, Namespaces, faults};

use crate::clock::wrong_by;
use crate::judge::{self, Summary};
use crate::recorder::Recorder;
use crate::run::Run;
use crate::scenario::{Clocks, MATRIX, Scenario, USUAL_ON_REDIS, USUAL_ON_VALKEY};
use crate::script::{await_arrival, play};
use crate::stage::Stage;

/// Runs that are made at the same time would only be slow machines to each other.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[test]
fn a_machine_that_is_killed_loses_nothing() {
    let _alone = alone();
    let usual = [(Engine::valkey(), USUAL_ON_VALKEY), (Engine::redis(), USUAL_ON_REDIS)];
    for (engine, scenario) in usual {
        match engine {
            Some(engine) => show(&scenario, &engine).unwrap(),
            None => println!("SKIPPED an engine: run `cargo xtask test`, which brings it"),
        }
    }
}

#[test]
fn every_fault_of_the_matrix() {
    if !faults() {
        return;
    }
    let _alone = alone();
    let mut failed = Vec::new();
    for engine in Engine::all() {
        for scenario in MATRIX.iter().filter(|scenario| is_possible(scenario, &engine)) {
            failed.extend(show(scenario, &engine).err());
        }
    }
    assert!(failed.is_empty(), "{} scenarios failed: {failed:#?}", failed.len());
}

/// Says so where something is missing.
fn is_possible(scenario: &Scenario, engine: &Engine) -> bool {
    if scenario.fault.is_of_network()
        && let Err(error) = Namespaces::available()
    {
        println!("SKIPPED {}: {error:#}", scenario.fault);
        return false;
    }
    let missing = match scenario.clocks {
        Clocks::Right => false,
        Clocks::Gateway(offset) | Clocks::Engines(offset) => wrong_by(offset).is_none(),
    };
    if missing {
        println!("SKIPPED clocks that are wrong: apt-get install faketime");
    }
    // Debian links Redis with jemalloc, which asks for the time before the library that changes it is ready.
    let is_stuck = matches!(scenario.clocks, Clocks::Engines(_)) && engine.name() == "redis";
    !missing && !is_stuck
}

/// Runs a scenario and prints what it brought.
fn show(scenario: &Scenario, engine: &Engine) -> Result<()> {
    let name = name(scenario, engine);
    let outcome = run(scenario, engine).with_context(|| name.clone());
    match &outcome {
        Ok(summary) => println!("{name:<72} ok     {summary}"),
        Err(error) => println!("{name:<72} FAILED {error:#}"),
    }
    outcome.map(drop)
}

fn name(scenario: &Scenario, engine: &Engine) -> String {
    let Scenario { topology, fault, clocks } = scenario;
    let clocks = match clocks {
        Clocks::Right => String::new(),
        Clocks::Gateway(offset) => format!(", a gateway's clock {offset}"),
        Clocks::Engines(offset) => format!(", the engines' clocks {offset}"),
    };
    format!("{:<6} {topology:<10} {fault}{clocks}", engine.name())
}

fn run(scenario: &Scenario, engine: &Engine) -> Result<Summary> {
    let mut stage = Stage::set(scenario, engine, "")?;
    let run = Run::new(&stage, Recorder::default(), scenario.fault.loses_data());
    let recovery = run.while_clients(|| play(&run, &mut stage, scenario))?;
    await_arrival(&run)?;
    let (history, violations) = judge::judge(&run.recorder, &stage.gateways)?;
    judge::report(&name(scenario, engine), &history, &violations)?;
    Ok(Summary::of(&history, recovery))
}
