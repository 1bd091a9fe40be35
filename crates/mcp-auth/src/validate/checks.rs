//! Stage 4: the claims, judged by the one table of checks that the gate and the report share.

mod found;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{Expect, RawToken, Rules, SignedToken};
use crate::claims::{Audience, Claims, ClaimsFault, TokenType};
use crate::clock::{NumericDate, Timestamp};
use crate::keys::{KeyId, KeyNames};
use crate::refusal::{Reason, Refusal};
use crate::store::{Credential, TokenNames};
use crate::text::Escaped;

/// What a check may look at.
pub(crate) struct Question<'a> {
    pub(crate) claims: &'a Claims,
    pub(crate) rules: &'a Rules,
    pub(crate) expect: Expect,
    pub(crate) now: Timestamp,
}

/// One line of the table.
pub(crate) struct Check {
    /// Its name in reports.
    pub(crate) name: &'static str,
    /// Passes or says why not.
    pub(crate) run: fn(&Question<'_>) -> Result<(), Reason>,
    /// What it found, for a report of a pass.
    pub(crate) value: fn(&Question<'_>) -> String,
}

/// Every check of the claims, in the order in which the gate asks. The gate stops at the first that fails, the
/// report runs them all; there is no other list.
pub(crate) const CHECKS: [Check; 9] = [
    Check { name: "expiry", run: expiry, value: found::expiry },
    Check { name: "not_before", run: not_before, value: found::not_before },
    Check { name: "issued_at", run: issued_at, value: found::issued_at },
    Check { name: "lifetime", run: lifetime, value: found::lifetime },
    Check { name: "age", run: age, value: found::age },
    Check { name: "token_type", run: token_type, value: found::token_type },
    Check { name: "issuer", run: issuer, value: found::issuer },
    Check { name: "audience", run: audience, value: found::audience },
    Check { name: "role", run: role, value: found::role },
];

/// A token that is authentic and keeps every rule. Only revocation and permission are still open.
pub struct ValidToken<'a>(pub(super) AuthenticToken<'a>);

/// A token that a key of the ring signed and whose claims were read. What was found so far stays true for as long as the
/// key does.
pub(super) struct AuthenticToken<'a> {
    pub(super) raw: RawToken<'a>,
    pub(super) claims: Claims,
    pub(super) key: Arc<KeyNames>,
    /// If it came before and was remembered.
    pub(super) names: Option<TokenNames>,
}

impl<'a> SignedToken<'a> {
    /// Reads the claims and judges them.
    ///
    /// # Errors
    /// `claims_invalid`, or the code of the first check that fails.
    pub fn check(
        self,
        rules: &Rules,
        expect: Expect,
        now: Timestamp,
    ) -> Result<ValidToken<'a>, Refusal> {
        let Self { raw, payload, key } = self;
        let claims = Claims::read(payload).map_err(Reason::from)?;
        AuthenticToken { raw, claims, key, names: None }.check(rules, expect, now)
    }
}

impl<'a> AuthenticToken<'a> {
    pub(super) fn check(
        self,
        rules: &Rules,
        expect: Expect,
        now: Timestamp,
    ) -> Result<ValidToken<'a>, Refusal> {
        let question = Question { claims: &self.claims, rules, expect, now };
        for check in &CHECKS {
            (check.run)(&question)?;
        }
        Ok(ValidToken(self))
    }

    pub(super) fn credential(&self) -> Credential<'_> {
        Credential::new(
            &self.claims,
            (self.raw.bytes(), self.raw.signing_input()),
            &self.key,
            self.names,
        )
    }
}

impl ValidToken<'_> {
    /// What the token says.
    pub fn claims(&self) -> &Claims {
        &self.0.claims
    }

    /// The key that signed it.
    pub fn key_id(&self) -> &KeyId {
        &self.0.key.id
    }

    /// What revocation looks at.
    pub fn credential(&self) -> Credential<'_> {
        self.0.credential()
    }

    pub(super) fn into_parts(self) -> (Claims, Arc<KeyNames>) {
        (self.0.claims, self.0.key)
    }
}

impl fmt::Debug for ValidToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ValidToken").field("claims", &self.0.claims).finish_non_exhaustive()
    }
}

/// `now < exp + leeway`: the token must not be accepted on or after `exp` (RFC 7519 section 4.1.4).
fn expiry(q: &Question<'_>) -> Result<(), Reason> {
    not_expired(q.claims, q.rules, q.now)
}

pub(super) fn not_expired(claims: &Claims, rules: &Rules, now: Timestamp) -> Result<(), Reason> {
    let expires_at = claims.expires_at();
    let end = expires_at.timestamp().plus(rules.leeway());
    if now < end { Ok(()) } else { Err(Reason::Expired { expires_at, now }) }
}

/// `nbf <= now + leeway` (RFC 7519 section 4.1.5).
fn not_before(q: &Question<'_>) -> Result<(), Reason> {
    not_ahead("nbf", q, q.claims.not_before(), q.rules.leeway())
}

/// A token from the future was made by a clock that is wrong, or by somebody who wants it to look young.
fn issued_at(q: &Question<'_>) -> Result<(), Reason> {
    not_ahead("iat", q, q.claims.issued_at(), Rules::ISSUED_AHEAD)
}

fn not_ahead(
    claim: &'static str,
    q: &Question<'_>,
    value: Option<NumericDate>,
    tolerance: Duration,
) -> Result<(), Reason> {
    match value {
        Some(value) if value.timestamp() > q.now.plus(tolerance) => {
            Err(Reason::NotYet { claim, value, now: q.now })
        }
        _ => Ok(()),
    }
}

/// The lifetime that the issuer chose, where the embedder bounds it.
fn lifetime(q: &Question<'_>) -> Result<(), Reason> {
    let Some(limit) = q.rules.max_lifetime() else { return Ok(()) };
    let from = q.claims.issued_at().map_or(Timestamp::from_unix_seconds(0), NumericDate::timestamp);
    let lifetime = q.claims.expires_at().timestamp().since(from);
    if lifetime <= limit { Ok(()) } else { Err(Reason::Lifetime { lifetime, limit }) }
}

/// `MCP_MAX_TOKEN_AGE`, for access tokens. Without `iat` the age is unknown, and the time left bounds it.
fn age(q: &Question<'_>) -> Result<(), Reason> {
    let Some(limit) = q.rules.max_age() else { return Ok(()) };
    if q.claims.token_type() == Some(TokenType::Refresh) {
        return Ok(());
    }
    if let Some(issued_at) = q.claims.issued_at() {
        let age = q.now.since(issued_at.timestamp());
        return if age <= limit { Ok(()) } else { Err(Reason::TooOld { age, limit }) };
    }
    let remaining = q.claims.expires_at().timestamp().since(q.now);
    if remaining <= limit { Ok(()) } else { Err(Reason::AgeUnknown { remaining, limit }) }
}

/// One kind of token is never good for the other's purpose (RFC 8725 sections 3.11 and 3.12).
fn token_type(q: &Question<'_>) -> Result<(), Reason> {
    let expected = q.expect.only();
    match (expected, q.claims.token_type()) {
        (Some(expected), Some(found)) if expected == found => Ok(()),
        (None, Some(_)) => Ok(()),
        _ => Err(Reason::token_type(expected, Escaped(q.claims.token_type_text()).to_string())),
    }
}

/// `iss`, byte for byte, where one is configured (RFC 8725 section 3.8).
fn issuer(q: &Question<'_>) -> Result<(), Reason> {
    let Some(expected) = q.rules.issuer() else { return Ok(()) };
    match q.claims.issuer() {
        Some(found) if found == expected => Ok(()),
        found => Err(Reason::Issuer {
            expected: expected.to_owned(),
            found: found
                .map_or_else(|| "missing".to_owned(), |found| format!("\"{}\"", Escaped(found))),
        }),
    }
}

/// `aud` must name us where we have a name, and must be absent where we have none: it then names somebody else
/// (RFC 7519 section 4.1.3, RFC 8725 section 3.9).
fn audience(q: &Question<'_>) -> Result<(), Reason> {
    match (q.rules.audience(), q.claims.audience()) {
        (None, None) => return Ok(()),
        (Some(expected), Some(found)) if found.contains(expected) => return Ok(()),
        _ => {}
    }
    let shown = |names: &Audience| {
        let names: Vec<_> = names.names().map(|name| format!("\"{name}\"")).collect();
        Escaped(&names.join(", ")).to_string()
    };
    Err(Reason::Audience {
        expected: q
            .rules
            .audience()
            .map_or_else(|| "none".to_owned(), |name| format!("\"{}\"", Escaped(name))),
        found: q.claims.audience().map_or_else(|| "missing".to_owned(), shown),
    })
}

/// An access token without a role could be taken for any.
fn role(q: &Question<'_>) -> Result<(), Reason> {
    if q.claims.role().is_none() && q.claims.token_type() == Some(TokenType::Access) {
        return Err(ClaimsFault::Missing { name: "role" }.into());
    }
    Ok(())
}
