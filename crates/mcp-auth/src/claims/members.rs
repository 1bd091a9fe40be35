//! From JSON members to claims, one rule for each name.

use std::borrow::Cow;

use super::date::{self, Round};
use super::{Audience, ClaimsFault, Text, check_name};
use crate::clock::NumericDate;
use crate::json::{self, Value};
use crate::roles::Role;

/// The claims that have a meaning here. Custom claims are checked as JSON and stay in the payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Members {
    pub(super) user_id: Text,
    pub(super) username: Option<Text>,
    pub(super) role: Option<Role>,
    pub(super) token_type: Text,
    pub(super) expires_at: NumericDate,
    pub(super) issued_at: Option<NumericDate>,
    pub(super) not_before: Option<NumericDate>,
    pub(super) issuer: Option<Text>,
    pub(super) audience: Option<Audience>,
    pub(super) token_id: Option<Text>,
    pub(super) session_id: Option<Text>,
    pub(super) generation: Option<u64>,
}

impl Members {
    pub(super) fn read(payload: &str) -> Result<Self, ClaimsFault> {
        let mut found = Found::default();
        json::read_object(payload, |name, value| found.member(payload, &name, value))?;
        found.complete()
    }
}

/// The claims seen so far.
#[derive(Default)]
struct Found {
    user_id: Option<Text>,
    username: Option<Text>,
    role: Option<Role>,
    token_type: Option<Text>,
    expires_at: Option<NumericDate>,
    issued_at: Option<NumericDate>,
    not_before: Option<NumericDate>,
    issuer: Option<Text>,
    audience: Option<Audience>,
    token_id: Option<Text>,
    session_id: Option<Text>,
    generation: Option<u64>,
}

impl Found {
    fn member(&mut self, payload: &str, name: &str, value: Value<'_>) -> Result<(), ClaimsFault> {
        match name {
            "user_id" => self.user_id = Some(name_claim(payload, "user_id", value)?),
            "username" => self.username = Some(name_claim(payload, "username", value)?),
            "role" => self.role = Some(role(value)?),
            "token_type" => {
                self.token_type = Some(Text::new(payload, string("token_type", value)?));
            }
            "exp" => self.expires_at = Some(date::read("exp", &value, Round::Down)?),
            "iat" => self.issued_at = Some(date::read("iat", &value, Round::Up)?),
            "nbf" => self.not_before = Some(date::read("nbf", &value, Round::Up)?),
            "iss" => self.issuer = Some(Text::new(payload, string("iss", value)?)),
            "aud" => self.audience = Some(Audience::read(&value)?),
            "jti" => self.token_id = Some(name_claim(payload, "jti", value)?),
            "sid" => self.session_id = Some(name_claim(payload, "sid", value)?),
            "gen" => self.generation = Some(generation(&value)?),
            _ => {}
        }
        Ok(())
    }

    fn complete(self) -> Result<Members, ClaimsFault> {
        let missing = |name| ClaimsFault::Missing { name };
        let members = Members {
            user_id: self.user_id.ok_or(missing("user_id"))?,
            username: self.username,
            role: self.role,
            token_type: self.token_type.ok_or(missing("token_type"))?,
            expires_at: self.expires_at.ok_or(missing("exp"))?,
            issued_at: self.issued_at,
            not_before: self.not_before,
            issuer: self.issuer,
            audience: self.audience,
            token_id: self.token_id,
            session_id: self.session_id,
            generation: self.generation,
        };
        if members.issued_at.is_some_and(|iat| iat > members.expires_at) {
            return Err(ClaimsFault::Order { earlier: "iat", later: "exp" });
        }
        if members.not_before.is_some_and(|nbf| nbf > members.expires_at) {
            return Err(ClaimsFault::Order { earlier: "nbf", later: "exp" });
        }
        Ok(members)
    }
}

fn string<'a>(name: &'static str, value: Value<'a>) -> Result<Cow<'a, str>, ClaimsFault> {
    match value {
        Value::String(text) => Ok(text),
        other => Err(ClaimsFault::Type { name, wanted: "a string", found: other.kind() }),
    }
}

fn name_claim(payload: &str, name: &'static str, value: Value<'_>) -> Result<Text, ClaimsFault> {
    let text = string(name, value)?;
    check_name(&text).map_err(|problem| ClaimsFault::Value { name, problem })?;
    Ok(Text::new(payload, text))
}

fn role(value: Value<'_>) -> Result<Role, ClaimsFault> {
    string("role", value)?.parse().map_err(|_| ClaimsFault::Value {
        name: "role",
        problem: "is not a legal name: it must be 1 to 32 of a-z 0-9 _ -",
    })
}

fn generation(value: &Value<'_>) -> Result<u64, ClaimsFault> {
    let number = match value {
        Value::Number(text) => text.parse().ok(),
        _ => None,
    };
    number.ok_or(ClaimsFault::Type { name: "gen", wanted: "a whole number", found: value.kind() })
}
