//! Our own road, in three lengths.

use std::sync::Arc;

use anyhow::{Context, Result};
use mcp_auth::clock::{Clock, NumericDate, SystemClock, Timestamp};
use mcp_auth::store::{MemoryRevocations, Revocation, RevocationId};
use mcp_auth::validate::{Expect, Rules, Validator};
use mcp_auth::{Gate, Origin};

use super::Case;
use crate::fixture::Fixture;
use crate::tokens;

/// A busy service's revocations.
const REVOKED: u32 = 100_000;

pub(super) fn cases(fixture: &Fixture) -> Result<Vec<Case>> {
    Ok(vec![
        validate(fixture)?,
        validate_at_fixed_time(fixture)?,
        gate(fixture, ("gate", "Gate::authenticate, tokens it has not seen, nothing revoked"), 0)?,
        gate(fixture, ("gate-100k", "the same, 100 000 revocations held"), REVOKED)?,
        gate_again(fixture)?,
    ])
}

pub(super) fn validator(fixture: &Fixture) -> Validator {
    Validator::new(Arc::clone(&fixture.keys), Rules::default())
}

/// As a service calls it: the clock is read for every token.
fn validate(fixture: &Fixture) -> Result<Case> {
    let (validator, header) = (validator(fixture), Fixture::header(&fixture.token));
    let once = move || {
        let now = SystemClock.now();
        let token = validator.validate_header(Some(&*header), Expect::Access, now);
        token.map(|token| token.claims().expires_at())
    };
    Case::new(("validate", "Validator::validate_header"), once, Result::is_ok)
}

/// The difference to `validate` is the clock.
fn validate_at_fixed_time(fixture: &Fixture) -> Result<Case> {
    let (validator, header) = (validator(fixture), Fixture::header(&fixture.token));
    let now = SystemClock.now();
    let once = move || {
        let token = validator.validate_header(Some(&*header), Expect::Access, now);
        token.map(|token| token.claims().expires_at())
    };
    Case::new(("validate-fixed-now", "the same without reading the clock"), once, Result::is_ok)
}

/// Of so many tokens that none is remembered until it comes again.
fn gate(fixture: &Fixture, name: (&'static str, &'static str), revocations: u32) -> Result<Case> {
    let gate = Gate::new(validator(fixture)).with_revocations(Arc::new(revoked(revocations)?));
    let texts = tokens::texts(fixture, tokens::MANY)?;
    let headers: Vec<_> = texts.into_iter().map(Fixture::header).collect();
    let mut next = 0;
    let once = move || {
        next = (next + 1) % headers.len();
        gate.authenticate(headers.get(next).map(|header| &**header), &Origin::default())
    };
    Case::new(name, once, Result::is_ok)
}

fn gate_again(fixture: &Fixture) -> Result<Case> {
    let header = Fixture::header(&fixture.token);
    let gate = Gate::new(validator(fixture)).with_revocations(Arc::new(revoked(REVOKED)?));
    let once = move || gate.authenticate(Some(&*header), &Origin::default());
    Case::new(("gate-again", "the same, a token it knows"), once, Result::is_ok)
}

fn revoked(count: u32) -> Result<MemoryRevocations> {
    let now = SystemClock.now();
    let keep_until = in_an_hour(now).context("the clock stands past the year 9999")?;
    let held = MemoryRevocations::new();
    for number in 0..count {
        let id = RevocationId::of_token_id(&format!("revoked-{number}"));
        held.insert(Revocation::Entry { id, keep_until }, now);
    }
    Ok(held)
}

fn in_an_hour(now: Timestamp) -> Option<NumericDate> {
    NumericDate::new(now.unix_seconds() + 3600)
}
