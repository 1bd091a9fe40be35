//! The suite `validate`: one token, one process, everybody in turn.

use std::fmt;

use anyhow::{Context, Result};
use serde::Serialize;

use crate::allocations;
use crate::cases::{self, Case, DECODE, ENCODE, FLOOR};
use crate::fixture::Fixture;
use crate::judgement::Judgement;
use crate::measure::{self, Plan, Samples, Spread};
use crate::python::{self, Python};
use crate::table::Table;

const PLAN: Plan = Plan { rounds: 400, iterations: 1000 };

/// What a refusal may take more for a long token than for a short one: nothing, plus what a clock cannot tell.
const SAME: f64 = 1.15;

/// What the suite found.
#[derive(Debug, Serialize)]
pub(crate) struct Results {
    plan: Plan,
    cases: Vec<Line>,
    pyjwt: Python,
    /// `None` where this was built without the counting.
    allocations_per_validation: Option<f64>,
    targets: Vec<Judgement>,
}

/// One case of the table.
#[derive(Debug, Serialize)]
struct Line {
    name: &'static str,
    about: &'static str,
    nanoseconds: Spread,
    ratio_to_floor: f64,
    peer: &'static str,
    ratio_to_peer: f64,
}

pub(crate) fn run() -> Result<Results> {
    let fixture = Fixture::new()?;
    let mut cases = cases::all(&fixture)?;
    let allocations = allocations(find(&mut cases, "validate")?);
    let samples = time(&mut cases);
    let lines = cases.iter().zip(&samples).map(|(case, own)| line(case, own, &cases, &samples));
    let lines = lines.collect::<Result<Vec<_>>>()?;
    let refusals = ratio("refuse-1m", "refuse-8k", &cases, &samples)?;
    Ok(Results {
        plan: PLAN,
        targets: targets(&lines, refusals, allocations)?,
        cases: lines,
        pyjwt: python::measure(&fixture)?,
        allocations_per_validation: allocations,
    })
}

/// Times the cases with the counting of allocations off.
fn time(cases: &mut [Case]) -> Vec<Samples> {
    let mut samples = Vec::new();
    allocations::none(|| {
        samples =
            measure::interleaved(cases.iter_mut().map(|case| &mut case.batch).collect(), PLAN);
    });
    samples
}

fn allocations(case: &mut Case) -> Option<f64> {
    const TIMES: u32 = 100;
    let counted = allocations::of(|| (case.batch)(TIMES))?;
    Some(u32::try_from(counted).map_or(f64::INFINITY, f64::from) / f64::from(TIMES))
}

fn find<'c>(cases: &'c mut [Case], name: &str) -> Result<&'c mut Case> {
    let found = cases.iter_mut().find(|case| case.name == name);
    found.with_context(|| format!("no case `{name}`"))
}

fn line(case: &Case, own: &Samples, cases: &[Case], samples: &[Samples]) -> Result<Line> {
    Ok(Line {
        name: case.name,
        about: case.about,
        nanoseconds: own.spread(),
        ratio_to_floor: ratio(case.name, FLOOR, cases, samples)?,
        peer: case.peer,
        ratio_to_peer: ratio(case.name, case.peer, cases, samples)?,
    })
}

fn ratio(name: &str, other: &str, cases: &[Case], samples: &[Samples]) -> Result<f64> {
    let find = |name: &str| {
        let found = cases.iter().zip(samples).find(|(case, _)| case.name == name);
        found.map(|(_, samples)| samples).with_context(|| format!("no case `{name}`"))
    };
    Ok(find(name)?.ratio_to(find(other)?))
}

fn targets(lines: &[Line], refusals: f64, allocations: Option<f64>) -> Result<Vec<Judgement>> {
    let find = |name: &str| {
        let found = lines.iter().find(|line| line.name == name);
        found.with_context(|| format!("no case `{name}`"))
    };
    let (validate, issue) = (find("validate")?, find("issue")?);
    let mut targets = vec![
        Judgement::at_most("validate / floor", validate.ratio_to_floor, 3.0).with_goal(2.5),
        Judgement::at_most(format!("validate / {DECODE}"), validate.ratio_to_peer, 0.40),
        Judgement::at_most(format!("issue / {ENCODE}"), issue.ratio_to_peer, 1.0),
        Judgement::at_most("refuse-1m / refuse-8k", refusals, SAME),
    ];
    targets.extend(
        allocations.map(|each| Judgement::at_most("allocations per validation", each, 8.0)),
    );
    Ok(targets)
}

impl fmt::Display for Results {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Plan { rounds, iterations } = self.plan;
        writeln!(f, "validate: one token, {rounds} rounds of {iterations}, everybody in turn\n")?;
        writeln!(f, "{}", self.table())?;
        match &self.pyjwt {
            Python::Nanoseconds(ns) => writeln!(f, "  PyJWT jwt.decode: {ns:.0} ns")?,
            Python::Skipped(how) => writeln!(f, "  PyJWT was not measured: {how}")?,
        }
        if let Some(each) = self.allocations_per_validation {
            writeln!(f, "  allocations per validation: {each}")?;
        }
        writeln!(f)?;
        self.targets.iter().try_for_each(|target| writeln!(f, "{target}"))?;
        writeln!(f)
    }
}

impl Results {
    fn table(&self) -> Table {
        let heading = ["case", "ns", "p10", "p90", "x floor", "x peer", "peer", "what"];
        let mut table = Table::new(heading);
        for line in &self.cases {
            let Spread { p10, median, p90 } = line.nanoseconds;
            table.row([
                line.name.into(),
                format!("{median:.0}"),
                format!("{p10:.0}"),
                format!("{p90:.0}"),
                format!("{:.2}", line.ratio_to_floor),
                format!("{:.2}", line.ratio_to_peer),
                line.peer.into(),
                line.about.into(),
            ]);
        }
        table
    }
}
