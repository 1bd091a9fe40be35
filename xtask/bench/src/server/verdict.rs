//! What asking the store adds to a validation.

use std::fmt;
use std::sync::Arc;

use anyhow::Result;
use mcp_auth::clock::SystemClock;
use mcp_auth::issue::{Issuer, NewToken};
use mcp_auth::validate::{Rules, Validator};
use mcp_auth::{Gate, Origin};
use mcp_auth_sqlite::{SqliteOptions, SqliteStore};
use serde::Serialize;

use super::installation::Installation;
use crate::fixture::Fixture;
use crate::measure::{self, Batch, Plan, Samples};
use crate::tokens;

const PLAN: Plan = Plan { rounds: 100, iterations: 4_096 };

/// The gate over the store less the gate that asks nobody, in nanoseconds.
#[derive(Debug, Serialize)]
pub(super) struct Verdicts {
    /// As `mcp-token-gen` mints it, again and again: its id, its user and its key are looked up.
    pub(super) one_token: f64,
    /// Of sign-ins, each another one, which the gate has not seen: their grants are looked up too, in memory.
    pub(super) many_tokens: f64,
}

pub(super) fn measure(fixture: &Fixture, installation: &Installation) -> Result<Verdicts> {
    let options = SqliteOptions::new(Arc::new(SystemClock));
    let store = SqliteStore::open(installation.store(), &options)?;
    let gate = || Gate::new(Validator::new(Arc::clone(&fixture.keys), Rules::default()));
    let over_store = || gate().with_revocations(Arc::new(store.clone()));
    let issuer = Issuer::new(Arc::clone(&fixture.keys))?;
    let header = |new: &NewToken| Ok(Fixture::header(issuer.issue(new)?.token.expose()));
    let of_grant = |number| {
        let user = NewToken::access(format!("user-{number}"));
        header(&user.with_session(format!("grant-{number}"), 1))
    };
    let one: Headers = vec![header(&NewToken::access("admin"))?].into();
    let many: Headers = (0..tokens::MANY).map(of_grant).collect::<Result<Vec<_>>>()?.into();
    let mut batches = [&one, &many].map(|headers| {
        [judging(over_store(), Arc::clone(headers)), judging(gate(), Arc::clone(headers))]
    });
    let samples = measure::interleaved(batches.iter_mut().flatten().collect(), PLAN);
    let [one, without_one, many, without_many] = <[Samples; 4]>::try_from(samples)
        .map_err(|samples| anyhow::anyhow!("{} samples of four cases", samples.len()))?;
    Ok(Verdicts { one_token: one.less(&without_one), many_tokens: many.less(&without_many) })
}

/// Values of `Authorization`.
type Headers = Arc<[Box<[u8]>]>;

/// The next of them each time.
fn judging(gate: Gate, headers: Headers) -> Batch {
    let mut next = 0;
    measure::batch(move || {
        next = (next + 1) % headers.len();
        let header = headers.get(next).map(|header| &**header);
        gate.authenticate(header, &Origin::default()).is_ok()
    })
}

impl fmt::Display for Verdicts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { one_token, many_tokens } = self;
        write!(
            f,
            "  asking the store adds {one_token:.0} ns to the validation of one token, {many_tokens:.0} ns where each of \
             {} comes in turn",
            tokens::MANY
        )
    }
}
