//! Tokens that are good and not revoked: every kind of revocation is looked for before one is admitted.

use std::sync::Arc;

use anyhow::{Context, Result};
use mcp_auth::clock::{Clock as _, SystemClock};
use mcp_auth::issue::{Issuer, NewToken};
use mcp_auth::validate::{Expect, RawToken, Rules, ValidToken, Validator};

use crate::fixture::Fixture;

/// As many as no cache holds what is looked up for them.
pub(crate) const MANY: u32 = 65_536;

/// The `jti` of the token with this number.
pub(crate) fn id(number: u32) -> String {
    format!("asked-about-{number}")
}

pub(crate) fn validator(fixture: &Fixture) -> Validator {
    Validator::new(Arc::clone(&fixture.keys), Rules::default())
}

/// Tokens of as many users and sign-ins. They live as long as this program.
pub(crate) fn texts(fixture: &Fixture, count: u32) -> Result<Vec<&'static str>> {
    let issuer = Issuer::new(Arc::clone(&fixture.keys))?;
    let now = SystemClock.now().unix_seconds();
    let date = |seconds| mcp_auth::clock::NumericDate::new(seconds).context("the year is 10000");
    let (from, until) = (date(now)?, date(now + 36_000)?);
    let text = |number| {
        let request = NewToken::access(format!("user-{number}"))
            .with_session(format!("session-{number}"), 0)
            .with_identity(id(number), from, until);
        Ok(&*issuer.issue(&request)?.token.expose().to_owned().leak())
    };
    (0..count).map(text).collect()
}

/// The same, read.
pub(crate) fn read(fixture: &Fixture, texts: &[&'static str]) -> Result<Vec<ValidToken<'static>>> {
    let (validator, now) = (validator(fixture), SystemClock.now());
    let read = |text: &&'static str| {
        Ok(validator.validate(RawToken::from_bytes(text.as_bytes())?, Expect::Access, now)?)
    };
    texts.iter().map(read).collect()
}
