//! What happens in a run, and when.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use mcp_auth_history::{AdmitAnswer, Limits, Operation};
use mcp_auth_rig::until;

use crate::admit::{Door, admit};
use crate::client::Ask;
use crate::clock::{now, span};
use crate::run::Run;
use crate::scenario::Scenario;
use crate::stage::Stage;

/// What the gateways promise, and what a busy machine is granted on top.
pub(crate) const LIMITS: Limits = Limits {
    lease: Duration::from_secs(2),
    slack: Duration::from_secs(1),
    recovery: Duration::from_secs(3),
};

/// How long a fault lasts at least: until leases are over, and something after that can be seen.
const HOLD: Duration = Duration::from_secs(5);

/// How long anything may take that must come in the end.
const LONG: Duration = Duration::from_mins(1);

/// A run's script, step by step.
#[derive(Debug)]
pub(crate) struct Script<'a> {
    pub(crate) run: &'a Run,
    pub(crate) stage: &'a mut Stage,
    pub(crate) scenario: Scenario,
    began: u64,
}

impl<'a> Script<'a> {
    /// Some calm, and then the fault.
    pub(crate) fn begin(run: &'a Run, stage: &'a mut Stage, scenario: Scenario) -> Result<Self> {
        await_answers(run, |_| true, now() + span(LIMITS.lease))?;
        let began = now();
        scenario.fault.make(stage)?;
        Ok(Self { run, stage, scenario, began })
    }

    /// The fault lasts for so long, and until another machine has taken over where one will.
    pub(crate) fn hold(&mut self, hold: Duration) -> Result<()> {
        let fault = self.scenario.fault;
        if fault.deposes() {
            self.stage.engines.await_failover()?;
        }
        if fault.lasts() {
            let speaks = |door: &Door| !fault.silences().contains(&door.name);
            await_answers(self.run, speaks, now() + span(hold))?;
        }
        Ok(())
    }

    /// The fault is undone, and calm follows. Says how long it took until every gateway accepted again.
    pub(crate) fn end(self) -> Result<Duration> {
        let Scenario { topology, fault, .. } = self.scenario;
        fault.undo(self.stage)?;
        for (door, gateway) in self.run.doors.iter().zip(&self.stage.gateways) {
            *door.address.lock().unwrap() = gateway.address;
        }
        let ended = now();
        let cut_off = fault.cuts_off(topology).iter().map(ToString::to_string).collect();
        let operation = Operation::EngineFault { kind: fault.to_string(), cut_off };
        self.run.recorder.add("engine", self.began, operation);
        let recovery = await_acceptance(self.run, ended)?;
        await_answers(self.run, |_| true, now() + span(LIMITS.recovery + LIMITS.lease))?;
        Ok(recovery)
    }
}

/// All of it.
pub(crate) fn play(run: &Run, stage: &mut Stage, scenario: &Scenario) -> Result<Duration> {
    let mut script = Script::begin(run, stage, *scenario)?;
    script.hold(HOLD)?;
    script.end()
}

/// Waits until each of these gateways has answered an admission that was invoked later than that.
fn await_answers(run: &Run, which: impl Fn(&Door) -> bool, time: u64) -> Result<()> {
    let within = LONG + Duration::from_nanos(time.saturating_sub(now()));
    until("answers of all gateways", within, || {
        let late = run.doors.iter().filter(|door| which(door)).find(|it| it.answered() <= time);
        ensure!(late.is_none(), "{} has not answered", late.map_or("", |door| door.name));
        Ok(())
    })
}

/// Waits until each gateway accepts again, and says how long after that time the last one did.
fn await_acceptance(run: &Run, time: u64) -> Result<Duration> {
    until("all gateways to accept again", LONG, || {
        let first = run.doors.iter().map(Door::accepted).min().unwrap_or_default();
        let after = first.checked_sub(time).filter(|after| *after > 0);
        Ok(Duration::from_nanos(after.context("one does not")?))
    })
}

/// After the run: what was acknowledged has arrived, and is refused by everybody.
pub(crate) fn await_arrival(run: &Run) -> Result<()> {
    for door in &run.doors {
        until("nothing to be on its way", LONG, || {
            let answer = door.ask(&Ask::get("/ready")).1.context("no answer")?;
            let left = &answer.json()["revocations"]["on_their_way"];
            ensure!(left == 0, "{}: {}", door.name, answer.body);
            Ok(())
        })?;
    }
    for subject in run.people.ended() {
        let is_acknowledged = run.recorder.has_acknowledged(&subject.target());
        for door in run.doors.iter().filter(|_| is_acknowledged) {
            until("what was revoked to be refused", LONG, || {
                let verdict = admit(run, door, &subject);
                ensure!(
                    verdict != AdmitAnswer::Accepted,
                    "{} accepts {:?}",
                    door.name,
                    subject.token
                );
                Ok(())
            })?;
        }
    }
    Ok(())
}
