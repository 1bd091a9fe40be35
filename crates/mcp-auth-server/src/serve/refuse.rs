//! Reasons of this server's own, and what the errors of the rooms below are to a client.

use std::time::Duration;

use mcp_auth::refusal::{Reason, Refusal, RefusalCode};
use mcp_auth::store::RevokedBy;
use mcp_auth_sessions::{AccountError, LoginFailure, RefreshError, SignInError};

/// The request is at fault; `detail` names the input, the problem and the remedy, and the client reads it.
pub(crate) fn request(code: RefusalCode, detail: impl Into<String>) -> Reason {
    Reason::Request { code, detail: detail.into() }
}

/// A field is missing or not legal.
pub(crate) fn unprocessable(detail: impl Into<String>) -> Reason {
    request(RefusalCode::Unprocessable, detail)
}

/// This side failed; `what` is for the log.
pub(crate) fn internal(what: impl Into<String>) -> Reason {
    Reason::Failure { code: RefusalCode::Internal, what: what.into() }
}

fn overloaded(what: &SignInError) -> Reason {
    Reason::Failure { code: RefusalCode::Overloaded, what: what.to_string() }
}

/// What a sign-in that failed is to the client. A name that is not there, a disabled account and a wrong password look
/// alike.
pub(crate) fn sign_in(error: SignInError) -> Reason {
    match error {
        SignInError::Throttled { retry_after } => Reason::RateLimited {
            limit: "too many failed sign-ins".to_owned(),
            key: "this account or address".to_owned(),
            retry_after: retry_after.max(Duration::from_millis(1)),
        },
        SignInError::Failed { why, .. } => Reason::Login { why: reason_of(why) },
        SignInError::Store(error) => Reason::Store(error),
        busy @ SignInError::Busy { .. } => overloaded(&busy),
        other => internal(other.to_string()),
    }
}

fn reason_of(failure: LoginFailure) -> &'static str {
    match failure {
        LoginFailure::NoAccount => "no account has this name",
        LoginFailure::WrongPassword => "the password is wrong",
        LoginFailure::Disabled => "the account is disabled",
        LoginFailure::UnreadableHash => {
            "the stored password hash cannot be read; set a new password"
        }
    }
}

/// What a refresh that failed is to the client.
pub(crate) fn refresh(error: RefreshError) -> Refusal {
    let reason = match error {
        RefreshError::AccountDisabled => Reason::AccountDisabled,
        RefreshError::Outdated => Reason::Revoked(RevokedBy::User),
        RefreshError::NoGrant | RefreshError::Reused { .. } => Reason::Revoked(RevokedBy::Grant),
        RefreshError::Store(error) => Reason::Store(error),
        other => internal(other.to_string()),
    };
    reason.into()
}

/// What an account that was not changed is to the client.
pub(crate) fn account(error: AccountError) -> Reason {
    match error {
        AccountError::NotFound => request(RefusalCode::NotFound, "No account has this user id"),
        AccountError::NameTaken => request(
            RefusalCode::Conflict,
            "Another account has this name, or had it first; choose another",
        ),
        AccountError::Name(problem) => unprocessable(format!("`username` {problem}")),
        AccountError::Password(problem) => unprocessable(format!("`password` {problem}")),
        AccountError::Store(error) => Reason::Store(error),
        busy @ AccountError::Busy { .. } => {
            Reason::Failure { code: RefusalCode::Overloaded, what: busy.to_string() }
        }
        other => internal(other.to_string()),
    }
}
