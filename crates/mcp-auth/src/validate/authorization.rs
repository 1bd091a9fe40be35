//! Stage 6: whether the caller may do this one thing.

use std::fmt;

use super::LiveToken;
use crate::action::Action;
use crate::claims::TokenType;
use crate::policy::{Policy, Subject};
use crate::refusal::{Reason, Refusal};
use crate::text::Escaped;

/// Permission to do one thing: call this tool, list that server. What acts on a request takes the permit for exactly
/// that action, so a permit to list cannot call, and nothing runs without one.
pub struct Permit<A> {
    token: LiveToken,
    action: A,
    rule: String,
}

impl LiveToken {
    /// Asks the policy whether the caller may perform `action`.
    ///
    /// # Errors
    /// `permission_denied` with the rule that decided; `token_type_mismatch` for a refresh token.
    pub fn authorize<A: Action>(&self, policy: &Policy, action: A) -> Result<Permit<A>, Refusal> {
        let Some(subject) = self.subject() else {
            let found = Escaped(self.claims().token_type_text()).to_string();
            return Err(Reason::token_type(Some(TokenType::Access), found).into());
        };
        let decision = policy.decide(&subject, &action.request());
        if decision.allowed() {
            return Ok(Permit {
                token: self.clone(),
                rule: decision.decided_by().to_owned(),
                action,
            });
        }
        Err(Reason::Denied {
            action: Escaped(&action.request().to_string()).to_string(),
            role: subject.role.to_string(),
            decided_by: decision.decided_by().to_owned(),
        }
        .into())
    }

    /// Whom a policy judges; `None` for a refresh token, which may do nothing.
    pub fn subject(&self) -> Option<Subject<'_>> {
        self.role().map(|role| Subject { user_id: self.user_id(), role })
    }
}

impl<A> Permit<A> {
    /// Who may act.
    pub fn token(&self) -> &LiveToken {
        &self.token
    }

    /// What they may do.
    pub fn action(&self) -> &A {
        &self.action
    }

    /// The rule that allowed it.
    pub fn rule(&self) -> &str {
        &self.rule
    }
}

impl<A: fmt::Debug> fmt::Debug for Permit<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit")
            .field("token", &self.token)
            .field("action", &self.action)
            .finish_non_exhaustive()
    }
}
