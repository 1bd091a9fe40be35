//! The suite `cli`: what a person or a pipeline waits for, from start to exit.

use std::fmt;
use std::time::Instant;

use anyhow::Result;
use serde::Serialize;

use crate::judgement::Judgement;
use crate::measure::{Samples, Spread};
use crate::programs::{self, Program};
use crate::table::Table;

/// Starts of each program.
const ROUNDS: u32 = 80;

/// What the suite found.
#[derive(Debug, Serialize)]
pub(crate) struct Results {
    rounds: u32,
    programs: Vec<Line>,
    targets: Vec<Judgement>,
}

#[derive(Debug, Serialize)]
struct Line {
    name: &'static str,
    nanoseconds: Spread,
    ratio_to_python: f64,
}

pub(crate) fn run() -> Result<Results> {
    let programs = programs::all()?;
    let samples = time(&programs)?;
    let python = samples.first().cloned().unwrap_or_default();
    let lines = programs.iter().zip(&samples).map(|(program, own)| Line {
        name: program.name,
        nanoseconds: own.spread(),
        ratio_to_python: own.ratio_to(&python),
    });
    let programs: Vec<_> = lines.collect();
    let targets = programs.iter().skip(1).map(target).collect();
    Ok(Results { rounds: ROUNDS, programs, targets })
}

/// The programs take turns, as the cases of the other suite do and for the same reason.
fn time(programs: &[Program]) -> Result<Vec<Samples>> {
    let mut samples = vec![Samples::default(); programs.len()];
    for _ in 0..ROUNDS {
        for (program, samples) in programs.iter().zip(&mut samples) {
            let start = Instant::now();
            program.run()?;
            samples.push(start.elapsed().as_secs_f64() * 1e9);
        }
    }
    Ok(samples)
}

fn target(line: &Line) -> Judgement {
    Judgement::at_most(format!("{} / python3", line.name), line.ratio_to_python, 1.0 / 3.0)
}

impl fmt::Display for Results {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "cli: from start to exit, {} starts each, taking turns\n", self.rounds)?;
        let mut table = Table::new(["program", "ms", "p10", "p90", "x python3"]);
        for line in &self.programs {
            let Spread { p10, median, p90 } = line.nanoseconds;
            let [median, p10, p90] = [median, p10, p90].map(|ns| format!("{:.2}", ns / 1e6));
            table.row([line.name.into(), median, p10, p90, format!("{:.2}", line.ratio_to_python)]);
        }
        writeln!(f, "{table}")?;
        self.targets.iter().try_for_each(|target| writeln!(f, "{target}"))?;
        writeln!(f)
    }
}
