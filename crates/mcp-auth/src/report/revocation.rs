//! The last check of a report, which only who keeps the revocations can answer.

use super::{Line, Verdict};
use crate::refusal::{Reason, Refusal};
use crate::store::{self, RevokedBy, StoreError};

/// The check.
pub(super) const NAME: &str = "revocation";

/// Whoever has no store must not let a valid token look like one that is not revoked.
pub(super) fn not_checked() -> Line {
    let hint =
        "`mcp-auth-server token explain` asks the store that keeps the revocations.".to_owned();
    let line = line(Verdict::Skipped, "not checked: only the server knows what is revoked");
    Line { hint: Some(hint), ..line }
}

/// The store was not asked.
pub(super) fn not_asked() -> Line {
    line(Verdict::Skipped, "not asked: the token is refused already")
}

pub(super) fn passed() -> Line {
    line(Verdict::Pass, "neither the token nor its sign-in, its user or its key was revoked")
}

pub(super) fn failed(refusal: &Refusal) -> Line {
    let hint = cause(refusal.reason()).map(str::to_owned);
    Line { hint, ..line(Verdict::Fail, refusal.reason().to_string()) }
}

/// What a gate makes of the store's answer.
pub(super) fn refusal(answer: Result<store::Verdict, StoreError>) -> Option<Refusal> {
    match answer {
        Ok(store::Verdict::Live) => None,
        Ok(store::Verdict::Revoked(by)) => Some(Reason::Revoked(by).into()),
        Ok(store::Verdict::Blocked) => Some(Reason::AccountDisabled.into()),
        Err(error) => Some(Reason::from(error).into()),
    }
}

fn line(verdict: Verdict, detail: impl Into<String>) -> Line {
    Line { name: NAME, verdict, detail: detail.into(), hint: None }
}

fn cause(reason: &Reason) -> Option<&'static str> {
    Some(match reason {
        Reason::Revoked(RevokedBy::Token) => "Somebody revoked this one token. Sign in again.",
        Reason::Revoked(RevokedBy::Grant) => {
            "The user signed out, or a refresh token was used twice: the audit says which. Sign in again."
        }
        Reason::Revoked(RevokedBy::User) => {
            "After the token was issued the user's password, role or state was changed, or everything of the user was \
             revoked. Sign in again."
        }
        Reason::Revoked(RevokedBy::Key) => {
            "Everything that this key signed was revoked. Sign in again."
        }
        Reason::AccountDisabled => {
            "The account is disabled or was deleted. Enable it if the user should be let in again; then sign in again."
        }
        Reason::Store(_) => "Nobody is let in while the store does not answer. Mend the store.",
        _ => return None,
    })
}
