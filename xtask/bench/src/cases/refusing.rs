//! What an attacker can make us do: refusals, each beside the peer's.

use anyhow::Result;
use mcp_auth::clock::{Clock, SystemClock};
use mcp_auth::refusal::RefusalCode;
use mcp_auth::validate::Expect;

use super::{Case, peers, validating};
use crate::fixture::Fixture;

pub(super) fn cases(fixture: &Fixture) -> Result<Vec<Case>> {
    use RefusalCode::{SignatureInvalid, TokenExpired, TokenMalformed};
    let Fixture { long, megabyte, forged, expired, .. } = fixture;
    Ok(vec![
        refuse(fixture, ("refuse-8k", "a token one byte too long"), long, TokenMalformed)?,
        refuse(fixture, ("refuse-1m", "a token of 1 MiB"), megabyte, TokenMalformed)?,
        refuse(fixture, ("refuse-forged", "a wrong signature"), forged, SignatureInvalid)?,
        refuse(fixture, ("refuse-expired", "an expired token"), expired, TokenExpired)?,
        peer(("jsonwebtoken-forged", "jsonwebtoken: a wrong signature"), forged)?,
        peer(("jsonwebtoken-expired", "jsonwebtoken: an expired token"), expired)?,
    ])
}

fn refuse(
    fixture: &Fixture,
    name: (&'static str, &'static str),
    token: &str,
    code: RefusalCode,
) -> Result<Case> {
    let (validator, header) = (validating::validator(fixture), Fixture::header(token));
    let once = move || {
        let token = validator.validate_header(Some(&*header), Expect::Access, SystemClock.now());
        token.err().map(|refusal| refusal.code())
    };
    Case::new(name, once, |refused| *refused == Some(code))
}

fn peer(name: (&'static str, &'static str), token: &str) -> Result<Case> {
    Case::new(name, peers::read(token.to_owned()), |accepted| !accepted)
}
