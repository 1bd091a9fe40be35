//! Our own road, in three lengths.

use std::sync::Arc;

use anyhow::{Context, Result};
use mcp_auth::clock::{Clock, NumericDate, SystemClock, Timestamp};
use mcp_auth::store::{MemoryRevocations, Revocation, RevocationId};
use mcp_auth::validate::{Expect, Rules, Validator};
use mcp_auth::{Gate, Origin};

use super::Case;
use crate::fixture::Fixture;

/// A busy service's revocations.
const MANY: u32 = 100_000;

pub(super) fn cases(fixture: &Fixture) -> Result<Vec<Case>> {
    Ok(vec![
        validate(fixture)?,
        validate_at_fixed_time(fixture)?,
        gate(fixture, ("gate", "Gate::authenticate, nothing revoked"), 0)?,
        gate(fixture, ("gate-100k", "Gate::authenticate, 100 000 revocations held"), MANY)?,
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

fn gate(fixture: &Fixture, name: (&'static str, &'static str), revocations: u32) -> Result<Case> {
    let header = Fixture::header(&fixture.token);
    let gate = Gate::new(validator(fixture)).with_revocations(Arc::new(revoked(revocations)?));
    let once = move || gate.authenticate(Some(&*header), &Origin::default());
    Case::new(name, once, Result::is_ok)
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
