//! Making a token. Ours reads the clock, makes a random `jti` and reads back what it wrote; the peer is given all
//! claims ready.

use std::sync::Arc;

use anyhow::Result;
use jsonwebtoken::{EncodingKey, Header, encode};
use mcp_auth::issue::{Issuer, NewToken};

use super::{Case, ENCODE};
use crate::fixture::{Fixture, SECRET};

pub(super) fn cases(fixture: &Fixture) -> Result<Vec<Case>> {
    Ok(vec![issue(fixture)?.against(ENCODE), peer(fixture)?.against(ENCODE)])
}

fn issue(fixture: &Fixture) -> Result<Case> {
    let issuer = Issuer::new(Arc::clone(&fixture.keys))?;
    let request = NewToken::access("admin");
    let once = move || issuer.issue(&request);
    Case::new(("issue", "Issuer::issue, with a random jti"), once, Result::is_ok)
}

fn peer(fixture: &Fixture) -> Result<Case> {
    let claims = fixture.claims.clone().with_fixed_id();
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    let once = move || encode(&Header::default(), &claims, &key);
    Case::new((ENCODE, "jsonwebtoken::encode, with a jti given"), once, Result::is_ok)
}
