//! The floor, and what other libraries take for the same token.

use anyhow::{Context, Result};
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use jwt_simple::algorithms::{HS256Key, MACLike};
use sha2::Sha256;

use super::{Case, DECODE, FLOOR};
use crate::claims::{Claims, Custom};
use crate::fixture::{Fixture, SECRET};

pub(super) fn cases(fixture: &Fixture) -> Result<Vec<Case>> {
    let accepted = read(fixture.token.clone());
    Ok(vec![
        Case::new((DECODE, "jsonwebtoken::decode into a struct"), accepted, |accepted| *accepted)?,
        jwt_simple(fixture)?,
    ])
}

/// HMAC-SHA-256 with its key prepared, over the bytes that were signed, and nothing else.
pub(super) fn floor(fixture: &Fixture) -> Result<Case> {
    let (input, signature) = fixture.token.rsplit_once('.').context("a token has dots")?;
    let input: Box<[u8]> = input.as_bytes().into();
    let mac = base64_simd::URL_SAFE_NO_PAD.decode_to_vec(signature)?;
    let key = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes())?;
    let once = move || key.clone().chain_update(&input).verify_slice(&mac);
    Case::new((FLOOR, "HMAC-SHA-256 alone, key prepared"), once, Result::is_ok)
}

/// Whether `jsonwebtoken` accepts this token; for the cases of others too.
pub(super) fn read(token: String) -> impl FnMut() -> bool + 'static {
    let key = DecodingKey::from_secret(SECRET.as_bytes());
    let validation = Validation::new(Algorithm::HS256);
    // The claims are dropped here and not in the loop, where ours are dropped too.
    move || std::hint::black_box(decode::<Claims>(&token, &key, &validation)).is_ok()
}

fn jwt_simple(fixture: &Fixture) -> Result<Case> {
    let key = HS256Key::from_bytes(SECRET.as_bytes());
    let token = fixture.token.clone();
    let once = move || key.verify_token::<Custom>(&token, None);
    Case::new(("jwt-simple", "jwt-simple verify_token into a struct"), once, Result::is_ok)
}
