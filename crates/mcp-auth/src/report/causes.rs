//! From a failure to its likely cause and the remedy: what a colleague would say who has seen it before.

mod form;
mod secrets;

pub(super) use self::form::of_form;
pub(super) use self::secrets::{of_key, of_signature};

use std::time::Duration;

use crate::claims::{Claims, ClaimsFault};
use crate::clock::Timestamp;
use crate::keys::Algorithm;
use crate::refusal::{Malformed, Reason};

/// Clocks that disagree by less than this are the likely cause of a token that is a little too early or late.
const LIKELY_SKEW_SECONDS: u64 = 300;

/// What may be behind a refusal. `claims` are the token's, where they could be read.
pub(super) fn of(reason: &Reason, now: Timestamp, claims: Option<&Claims>) -> Option<String> {
    match reason {
        Reason::Malformed(fault) => of_malformed(fault).map(str::to_owned),
        Reason::UnknownAlgorithm { found } | Reason::Algorithm { found, .. } => {
            Some(of_algorithm(found))
        }
        Reason::Claims(fault) => Some(of_claims(fault).to_owned()),
        Reason::NotYet { claim, value, .. } => {
            Some(of_early(claim, value.timestamp().since(now).as_secs()))
        }
        Reason::Expired { expires_at, .. } => {
            Some(of_late(now.since(expires_at.timestamp()).as_secs()).to_owned())
        }
        Reason::TooOld { age, .. } => Some(of_age(*age, now, claims)),
        Reason::AgeUnknown { remaining, .. } => Some(format!(
            "Without `iat` nobody can tell the token's age. Get a new one that has it, or set MCP_MAX_TOKEN_AGE to {} \
             or more (0 for no limit).",
            remaining.as_secs() + 1
        )),
        Reason::TokenType { found, .. } => Some(of_token_type(found).to_owned()),
        Reason::Issuer { found, .. } => Some(of_issuer(found == "missing").to_owned()),
        Reason::Audience { expected, found } => {
            Some(of_audience(expected == "none", found == "missing").to_owned())
        }
        _ => None,
    }
}

fn of_malformed(fault: &Malformed) -> Option<&'static str> {
    let hint = match fault {
        Malformed::Parameter { .. } => {
            "The token was made for another kind of reader. Ask its issuer for a plain signed JWT."
        }
        Malformed::Encoding { part: "header" }
        | Malformed::Utf8 { part: "header" }
        | Malformed::Header(_) => {
            "The first part is no header of a JWT, which begins with `eyJ`. Was the token damaged when it was copied, or \
             is it of another kind?"
        }
        Malformed::HeaderTooLong { .. } => {
            "A header names an algorithm and a key, and no more. Ask the issuer for a plain signed JWT."
        }
        Malformed::PayloadTooLong { .. } => {
            "Let the token carry fewer claims: what a service can look up need not be in it."
        }
        Malformed::Encoding { .. } | Malformed::Utf8 { .. } => {
            "The payload was damaged when it was copied, or was not written by a JWT library."
        }
        _ => return None,
    };
    Some(hint)
}

fn of_algorithm(found: &str) -> String {
    if found.eq_ignore_ascii_case("none") {
        return "Nobody signed this token. It is a forgery, or a test that must not reach a real service.".to_owned();
    }
    let known =
        Algorithm::ALL.into_iter().find(|known| known.name().eq_ignore_ascii_case(found.trim()));
    match known {
        Some(algorithm) if algorithm.name() == found => {
            format!("If tokens should be signed so, set MCP_JWT_ALGORITHM to {algorithm} here too.")
        }
        Some(algorithm) => format!("Case and spaces matter: the issuer must write {algorithm}."),
        None => "The issuer uses an algorithm that is not supported. Let it use one of the configured ones.".to_owned(),
    }
}

fn of_claims(fault: &ClaimsFault) -> &'static str {
    match fault {
        ClaimsFault::Json(_) => {
            "Whoever issued the token did not write sound JSON: use a JWT library."
        }
        ClaimsFault::Order { .. } => "Correct the clock or the lifetime at the issuer.",
        _ => {
            "Whoever issued the token left a claim out or wrote it differently. `mcp-token-gen` issues tokens with all of \
             them."
        }
    }
}

fn of_early(claim: &str, seconds: u64) -> String {
    let remedy = if seconds >= LIKELY_SKEW_SECONDS {
        "The token is dated ahead: wait until then, or, if it should be valid now, correct the issuer's clock."
    } else if claim == "nbf" {
        "Wait a moment. If it should be valid now, the clocks of the issuer and of this machine disagree: compare \
         `date -u` on both, or tolerate it with MCP_JWT_LEEWAY_SECONDS."
    } else {
        "The clocks of the issuer and of this machine disagree. Compare `date -u` on both, and let them be synchronised \
         (`timedatectl`)."
    };
    remedy.to_owned()
}

fn of_late(seconds: u64) -> &'static str {
    if seconds < LIKELY_SKEW_SECONDS {
        "Get a new token: refresh, or `mcp-token-gen`. If it should still be valid, the clocks disagree: compare \
         `date -u` on both machines, or tolerate it with MCP_JWT_LEEWAY_SECONDS."
    } else {
        "Get a new token: refresh, or `mcp-token-gen`; `--expiry` makes one that lives longer."
    }
}

/// Names the limit under which the token would have lived as long as it says.
fn of_age(age: Duration, now: Timestamp, claims: Option<&Claims>) -> String {
    let claimed = claims.and_then(|claims| {
        let issued_at = claims.issued_at()?.timestamp();
        Some(claims.expires_at().timestamp().since(issued_at))
    });
    let needed = claimed.unwrap_or(age).as_secs();
    if claims.is_some_and(|claims| claims.expires_at().timestamp() > now) {
        format!(
            "The token has not expired, but this service takes none that is older. Get a new one, or set \
             MCP_MAX_TOKEN_AGE={needed} here to honour it to its end (0 for no limit)."
        )
    } else {
        format!(
            "Get a new token. If tokens should live as long as this one did, set MCP_MAX_TOKEN_AGE={needed} here (0 for \
             no limit)."
        )
    }
}

fn of_token_type(found: &str) -> &'static str {
    match found {
        "refresh" => {
            "This is a refresh token. Send the access token, or look at it with `--type refresh`."
        }
        "access" => {
            "This is an access token. Send the refresh token, or look at it with `--type access`."
        }
        _ => "The issuer must write `access` or `refresh`, in small letters.",
    }
}

fn of_issuer(missing: bool) -> &'static str {
    if missing {
        "The token names no issuer, and this service asks for one. Set MCP_JWT_ISSUER where tokens are issued too."
    } else {
        "The token comes from another issuer, or MCP_JWT_ISSUER differs between the services. It must agree to the \
         letter."
    }
}

fn of_audience(none_configured: bool, missing: bool) -> &'static str {
    if none_configured {
        "The token was issued for a named service, and this one has no name. Set MCP_JWT_AUDIENCE if the token is meant \
         for it."
    } else if missing {
        "The token names no audience, and this service asks for one. Set MCP_JWT_AUDIENCE where tokens are issued too."
    } else {
        "The token was issued for another service, or MCP_JWT_AUDIENCE differs. It must agree to the letter."
    }
}
