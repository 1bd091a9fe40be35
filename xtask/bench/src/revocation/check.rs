//! What the check costs a request: alone, and as a part of admission. A client sends a token with many requests, and the
//! gate knows it again; the first of them costs more.

use std::hint::black_box;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use mcp_auth::clock::{Clock as _, SystemClock};
use mcp_auth::store::{MemoryRevocations, NothingRevoked, RevocationView, Verdict};
use mcp_auth::{Gate, Origin};
use serde::Serialize;

use super::held::{Places, SQLITE};
use crate::fixture::Fixture;
use crate::judgement::Judgement;
use crate::measure::{self, Batch, Plan, Samples, Spread};
use crate::progress;
use crate::tokens::{self, MANY};

/// Tokens in use on a busy node.
const IN_USE: usize = 1_000;

/// Each token in use comes ten times before another view has its turn and drives what it looks up out of the caches.
const PLAN: Plan = Plan { rounds: 60, iterations: 10_000 };

/// What was found.
#[derive(Debug, Serialize)]
pub(super) struct Results {
    pub(super) plan: Plan,
    /// `Gate::authenticate` with nothing to check, in nanoseconds: tokens that are in use, and others.
    pub(super) admission: [Spread; 2],
    pub(super) lines: Vec<Line>,
}

/// One view. In nanoseconds.
#[derive(Debug, Serialize)]
pub(super) struct Line {
    pub(super) view: String,
    /// `verdict` of one token again and again, the clock read for each: everything it needs is in a cache.
    pub(super) alone: Spread,
    /// What it adds to the admission of tokens that are in use, in turn.
    pub(super) in_use: Spread,
    /// The same of tokens that the gate has not seen: they are named first, and what is looked up is in memory.
    pub(super) first: Spread,
    #[serde(skip)]
    limit: Option<f64>,
}

struct View {
    name: String,
    limit: Option<f64>,
    asked: Arc<dyn RevocationView>,
}

pub(super) fn measure(fixture: &Fixture, places: &Places) -> Result<Results> {
    let views = views(places)?;
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

/// First what costs nothing, which the others are compared with; then what holds nothing, and every store that was filled.
fn views(places: &Places) -> Result<Vec<View>> {
    let view = |name: &str, asked| View { name: name.to_owned(), limit: None, asked };
    let mut views = vec![
        view("nothing can be revoked", Arc::new(NothingRevoked)),
        view("memory, empty", Arc::new(MemoryRevocations::new())),
    ];
    for filled in &places.filled {
        let name = filled.size.to_string();
        progress::step(&format!("{name}: opened here"));
        let limit = if filled.size.store == SQLITE { 200.0 } else { 300.0 };
        views.push(View { name, limit: Some(limit), asked: filled.place.open(None)? });
    }
    Ok(views)
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
    pub(super) fn targets(&self) -> Vec<Judgement> {
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
