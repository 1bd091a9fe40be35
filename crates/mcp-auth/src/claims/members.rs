//! From JSON members to claims, one rule for each name.

use std::borrow::Cow;

use super::date::{self, Round};
use super::{Audience, ClaimsFault, Text, TokenType, check_name};
use crate::clock::NumericDate;
use crate::json::{self, Known, Scanner, Value};
use crate::roles::Role;

/// The claims that have a meaning here. Custom claims are checked as JSON and stay in the payload.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Members {
    /// Required, like `token_type` and `expires_at`: [`Members::read`] leaves none of them out.
    pub(super) user_id: Option<Text>,
    pub(super) username: Option<Text>,
    pub(super) role: Option<Role>,
    pub(super) token_type: Option<Text>,
    /// What `token_type` says, where it says something known: asked for by several checks.
    pub(super) kind: Option<TokenType>,
    pub(super) expires_at: Option<NumericDate>,
    pub(super) issued_at: Option<NumericDate>,
    pub(super) not_before: Option<NumericDate>,
    pub(super) issuer: Option<Text>,
    pub(super) audience: Option<Audience>,
    pub(super) token_id: Option<Text>,
    pub(super) session_id: Option<Text>,
    pub(super) generation: Option<u64>,
}

/// The members by name, in the order in which this crate and the Python services write them.
const KNOWN: Known<Member> = &[
    ("user_id", Member::UserId),
    ("username", Member::Username),
    ("role", Member::Role),
    ("token_type", Member::TokenType),
    ("exp", Member::ExpiresAt),
    ("iat", Member::IssuedAt),
    ("jti", Member::TokenId),
    ("sid", Member::SessionId),
    ("gen", Member::Generation),
    ("iss", Member::Issuer),
    ("aud", Member::Audience),
    ("nbf", Member::NotBefore),
    ("sub", Member::Subject),
];

#[derive(Clone, Copy)]
enum Member {
    UserId,
    Username,
    Role,
    TokenType,
    ExpiresAt,
    IssuedAt,
    NotBefore,
    Issuer,
    Audience,
    TokenId,
    SessionId,
    Generation,
    Subject,
}

impl Members {
    /// Fills in what `payload` says.
    pub(super) fn read(&mut self, payload: &str) -> Result<(), ClaimsFault> {
        json::read_object(payload, KNOWN, |name, at| match name.meaning {
            Some(member) => self.take(*member, at),
            None => Ok(at.value()?.1),
        })?;
        self.check()
    }

    /// Takes the value at `at`; the place behind it.
    #[inline]
    fn take<'a>(&mut self, member: Member, at: Scanner<'a>) -> Result<Scanner<'a>, ClaimsFault> {
        match member {
            Member::UserId => name("user_id", at, &mut self.user_id),
            Member::Username => name("username", at, &mut self.username),
            Member::Role => role(at, &mut self.role),
            Member::TokenType => {
                let (found, end) = string("token_type", at)?;
                self.kind = TokenType::from_name(&found);
                self.token_type = Some(Text::new(found, at));
                Ok(end)
            }
            Member::ExpiresAt => date("exp", at, Round::Down, &mut self.expires_at),
            Member::IssuedAt => date("iat", at, Round::Up, &mut self.issued_at),
            Member::NotBefore => date("nbf", at, Round::Up, &mut self.not_before),
            Member::Issuer => {
                let (found, end) = string("iss", at)?;
                self.issuer = Some(Text::new(found, at));
                Ok(end)
            }
            Member::Audience => audience(at, &mut self.audience),
            Member::TokenId => name("jti", at, &mut self.token_id),
            Member::SessionId => name("sid", at, &mut self.session_id),
            Member::Generation => generation(at, &mut self.generation),
            // Means nothing here, where `user_id` names the user; of the wrong type, other readers refuse it.
            Member::Subject => string("sub", at).map(|(_, end)| end),
        }
    }

    fn check(&self) -> Result<(), ClaimsFault> {
        let required = [
            ("user_id", self.user_id.is_some()),
            ("token_type", self.token_type.is_some()),
            ("exp", self.expires_at.is_some()),
        ];
        if let Some((name, _)) = required.into_iter().find(|(_, present)| !present) {
            return Err(ClaimsFault::Missing { name });
        }
        for (earlier, date) in [("iat", self.issued_at), ("nbf", self.not_before)] {
            if date > self.expires_at {
                return Err(ClaimsFault::Order { earlier, later: "exp" });
            }
        }
        Ok(())
    }
}

#[inline]
fn string<'a>(
    name: &'static str,
    at: Scanner<'a>,
) -> Result<(Cow<'a, str>, Scanner<'a>), ClaimsFault> {
    match at.plain_string() {
        Some((text, end)) => Ok((Cow::Borrowed(text), end)),
        None => unusual_string(name, at),
    }
}

#[cold]
fn unusual_string<'a>(
    name: &'static str,
    at: Scanner<'a>,
) -> Result<(Cow<'a, str>, Scanner<'a>), ClaimsFault> {
    if at.peek() == Some(b'"') {
        return Ok(at.string()?);
    }
    let (other, _) = at.value()?;
    Err(ClaimsFault::Type { name, wanted: "a string", found: other.kind() })
}

#[inline]
fn name<'a>(
    name: &'static str,
    at: Scanner<'a>,
    to: &mut Option<Text>,
) -> Result<Scanner<'a>, ClaimsFault> {
    let (found, end) = string(name, at)?;
    check_name(&found).map_err(|problem| ClaimsFault::Value { name, problem })?;
    *to = Some(Text::new(found, at));
    Ok(end)
}

#[inline]
fn date<'a>(
    name: &'static str,
    at: Scanner<'a>,
    round: Round,
    to: &mut Option<NumericDate>,
) -> Result<Scanner<'a>, ClaimsFault> {
    let (found, end) = date::read(name, at, round)?;
    *to = Some(found);
    Ok(end)
}

fn role<'a>(at: Scanner<'a>, to: &mut Option<Role>) -> Result<Scanner<'a>, ClaimsFault> {
    let (found, end) = string("role", at)?;
    let problem = "is not a legal name: it must be 1 to 32 of a-z 0-9 _ -";
    *to = Some(found.parse().map_err(|_| ClaimsFault::Value { name: "role", problem })?);
    Ok(end)
}

fn audience<'a>(at: Scanner<'a>, to: &mut Option<Audience>) -> Result<Scanner<'a>, ClaimsFault> {
    let (value, end) = at.value()?;
    *to = Some(Audience::read(&value)?);
    Ok(end)
}

fn generation<'a>(at: Scanner<'a>, to: &mut Option<u64>) -> Result<Scanner<'a>, ClaimsFault> {
    let (value, end) = at.value()?;
    let number = match value {
        Value::Number(text) => text.parse().ok(),
        _ => None,
    };
    let fault = ClaimsFault::Type { name: "gen", wanted: "a whole number", found: value.kind() };
    *to = Some(number.ok_or(fault)?);
    Ok(end)
}
