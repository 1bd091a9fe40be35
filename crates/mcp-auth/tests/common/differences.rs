//! Where `jsonwebtoken` accepts and this crate refuses: the whole list, each with why it is ours to refuse.

use mcp_auth::claims::ClaimsFault;
use mcp_auth::refusal::{JsonFault, JsonProblem, Malformed, Reason};

/// Lines of the list; a test reaches every one, so that none outlives its reason.
pub(crate) const LISTED: usize = 23;

/// Why this refusal is right although the oracle accepts; `None` for a difference that nobody has justified.
pub(crate) fn why_refused(reason: &Reason) -> Option<&'static str> {
    Some(match reason {
        Reason::Malformed(malformed) => of_form(malformed)?,
        Reason::Claims(fault) => of_claims(fault)?,
        Reason::UnknownAlgorithm { found } if found == "an object" => {
            "alg is a string (RFC 7515 4.1.1); the oracle's enum also reads {\"HS256\":null}"
        }
        Reason::Key { .. } => "a kid that the ring does not hold names another key; no second try",
        Reason::NotYet { claim: "iat", .. } => {
            "nobody issued this token yet; the oracle ignores iat"
        }
        Reason::TooOld { .. } => "MCP_MAX_TOKEN_AGE, which the oracle does not have",
        Reason::AgeUnknown { .. } => "MCP_MAX_TOKEN_AGE for a token that hides its age",
        Reason::TokenType { .. } => "a token for another purpose (RFC 8725 3.11)",
        _ => return None,
    })
}

fn of_form(malformed: &Malformed) -> Option<&'static str> {
    Some(match malformed {
        Malformed::TooLong { .. } => "bounded before anything is decoded; the oracle takes 5 MB",
        Malformed::HeaderTooLong { .. } => "a header of over 1 KiB is no header of ours",
        Malformed::PayloadTooLong { .. } => "4 KiB of claims are enough",
        Malformed::Header(fault) => of_json(fault)?,
        Malformed::Parameter { name: "crit", .. } => "we understand no extension (RFC 7515 4.1.11)",
        Malformed::Parameter { name: "b64", .. } => "would change what was signed (RFC 7797 6)",
        Malformed::Parameter { name: "kid", .. } => {
            "a kid must not be a path, a query or a log line"
        }
        Malformed::Parameter { name: "typ", .. } => "made for another reader (RFC 8725 3.11)",
        Malformed::Parameter { .. } => {
            "brings its own key, or belongs to encryption (RFC 8725 3.10)"
        }
        _ => return None,
    })
}

fn of_claims(fault: &ClaimsFault) -> Option<&'static str> {
    Some(match fault {
        ClaimsFault::Json(fault) => of_json(fault)?,
        ClaimsFault::Missing { name: "user_id" } => "a token about nobody",
        ClaimsFault::Missing { name: "token_type" } => "a token for no known purpose",
        ClaimsFault::Missing { name: "role" } => {
            "an access token without a role could pass for any"
        }
        ClaimsFault::Type { .. } => {
            "a claim of the wrong type; the oracle knows five claims, leniently"
        }
        ClaimsFault::Value { .. } => "a name, role or date out of its bounds",
        ClaimsFault::Order { .. } => "a token that is never valid, whatever the clock says",
        _ => return None,
    })
}

fn of_json(fault: &JsonFault) -> Option<&'static str> {
    let JsonFault::At { problem, .. } = fault else { return None };
    Some(match problem {
        JsonProblem::DuplicateName => "readers disagree which of two counts (RFC 8725 2.6)",
        JsonProblem::TooManyMembers => "64 members are enough",
        JsonProblem::TooDeep => "16 levels are enough",
        _ => return None,
    })
}
