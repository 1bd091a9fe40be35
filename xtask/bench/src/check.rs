//! What the check costs a request: alone, and as a part of admission. A client sends a token with many requests, and the
//! gate knows it again; the first of them costs more.

use std::fmt;
use std::hint::black_box;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use mcp_auth::clock::{Clock as _, SystemClock};
use mcp_auth::store::{NothingRevoked, RevocationView, Verdict};
use mcp_auth::{Gate, Origin};
use serde::Serialize;

use crate::fixture::Fixture;
use crate::judgement::Judgement;
use crate::measure::{self, Batch, Plan, Samples, Spread};
use crate::progress;
use crate::table::Table;
use crate::tokens::{self, MANY};

/// Tokens in use on a busy node.
const IN_USE: usize = 1_000;

/// Each token in use comes ten times before another view has its turn and drives what it looks up out of the caches.
const PLAN: Plan = Plan { rounds: 60, iterations: 10_000 };

/// What was found.
#[derive(Debug, Serialize)]
pub(crate) struct Results {
    plan: Plan,
    /// `Gate::authenticate` with nothing to check, in nanoseconds: tokens that are in use, and others.
    admission: [Spread; 2],
    lines: Vec<Line>,
}

/// One view. In nanoseconds.
#[derive(Debug, Serialize)]
struct Line {
    view: String,
    /// `verdict` of one token again and again, the clock read for each: everything it needs is in a cache.
    alone: Spread,
    /// What it adds to the admission of tokens that are in use, in turn.
    in_use: Spread,
    /// The same of tokens that the gate has not seen: they are named first, and what is looked up is in memory.
    first: Spread,
    #[serde(skip)]
    limit: Option<f64>,
}

/// What is asked, and the most nanoseconds that it may take where that is judged.
pub(crate) struct View {
    pub(crate) name: String,
    pub(crate) limit: Option<f64>,
    pub(crate) asked: Arc<dyn RevocationView>,
}

impl View {
    pub(crate) fn unlimited(name: &str, asked: impl RevocationView + 'static) -> Self {
        Self { name: name.to_owned(), limit: None, asked: Arc::new(asked) }
    }
}

/// Measures all views in turn, and what costs nothing, which they are compared with.
pub(crate) fn measure(fixture: &Fixture, mut views: Vec<View>) -> Result<Results> {
    views.insert(0, View::unlimited("nothing can be revoked", NothingRevoked));
    progress::step("the check, all views in turn");
    let texts = tokens::texts(fixture, MANY)?;
    let headers: Vec<_> = texts.iter().map(|text| Fixture::header(text)).collect();
    let headers: &'static [_] = headers.leak();
    let in_use = headers.get(..IN_USE).context("there are as many")?;
    let mut batches = Vec::new();
    for view in &views {
        batches.push(alone(fixture, &texts, Arc::clone(&view.asked))?);
        batches.push(admission(fixture, in_use, Arc::clone(&view.asked))?);
        batches.push(admission(fixture, headers, Arc::clone(&view.asked))?);
    }
    let samples = measure::interleaved(batches.iter_mut().collect(), PLAN);
    let own: Vec<[&Samples; 3]> =
        samples.as_chunks().0.iter().map(<[Samples; 3]>::each_ref).collect();
    let [_, bare_in_use, bare_first] = own.first().context("a view was measured")?;
    let lines = views.into_iter().zip(&own).map(|(View { name, limit, .. }, own)| {
        let [alone, in_use, first] = own;
        let (in_use, first) =
            (in_use.minus(bare_in_use).spread(), first.minus(bare_first).spread());
        Line { view: name, alone: alone.spread(), in_use, first, limit }
    });
    let admission = [bare_in_use.spread(), bare_first.spread()];
    Ok(Results { plan: PLAN, admission, lines: lines.collect() })
}

/// The check of one token.
fn alone(
    fixture: &Fixture,
    texts: &[&'static str],
    view: Arc<dyn RevocationView>,
) -> Result<Batch> {
    let one = texts.first().context("there are tokens")?;
    let token = tokens::read(fixture, &[one])?.pop().context("one token")?;
    let check = move || view.verdict(&token.credential(), SystemClock.now());
    let verdict = check();
    ensure!(verdict == Ok(Verdict::Live), "a token that stands is refused: {verdict:?}");
    Ok(measure::batch(check))
}

/// The admission of one token after the other.
fn admission(
    fixture: &Fixture,
    headers: &'static [Box<[u8]>],
    view: Arc<dyn RevocationView>,
) -> Result<Batch> {
    let gate = Gate::new(tokens::validator(fixture)).with_revocations(view);
    let mut next = headers.iter().cycle();
    let mut once =
        move || gate.authenticate(next.next().map(|header| &**header), &Origin::default());
    ensure!(once().is_ok(), "a good token is refused");
    Ok(measure::batch(move || black_box(once().is_ok())))
}

impl Results {
    pub(crate) fn targets(&self) -> Vec<Judgement> {
        let limited = self.lines.iter().filter_map(|line| Some((line, line.limit?)));
        limited.flat_map(|(line, limit)| line.judged(limit)).collect()
    }
}

impl Line {
    fn judged(&self, limit: f64) -> [Judgement; 2] {
        [("check alone", self.alone), ("check in admission", self.in_use)].map(|(what, found)| {
            Judgement::at_most(format!("{}: {what}, ns", self.view), found.median, limit)
        })
    }
}

impl fmt::Display for Results {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Plan { rounds, iterations } = self.plan;
        writeln!(f, "the check, {rounds} rounds of {iterations}, all views in turn\n")?;
        writeln!(f, "{}", table(&self.lines))?;
        let [in_use, first] = self.admission.map(|spread| spread.median);
        writeln!(f, "  admission itself: {in_use:.0} ns, {first:.0} ns for tokens it has not seen")
    }
}

fn table(lines: &[Line]) -> Table {
    let heading = [
        "view",
        "alone ns",
        "p10",
        "p90",
        "in admission ns",
        "p10",
        "p90",
        "unseen ns",
        "p10",
        "p90",
    ];
    let mut table = Table::new(heading);
    for line in lines {
        let [alone, alone_10, alone_90] = whole(line.alone);
        let [in_use, in_use_10, in_use_90] = whole(line.in_use);
        let [first, first_10, first_90] = whole(line.first);
        let name = line.view.clone();
        table.row([
            name, alone, alone_10, alone_90, in_use, in_use_10, in_use_90, first, first_10,
            first_90,
        ]);
    }
    table
}

fn whole(Spread { p10, median, p90 }: Spread) -> [String; 3] {
    [median, p10, p90].map(|nanoseconds| format!("{nanoseconds:.0}"))
}
