//! Stage 6: whether the caller may do this one thing.

use std::fmt;

use super::LiveToken;
use crate::action::{Action, Request};
use crate::claims::TokenType;
use crate::policy::{Policy, Subject};
use crate::refusal::{Reason, Refusal};
use crate::roles::Role;
use crate::text::Escaped;

/// Who asks: what a request is allowed is decided about one of these.
#[derive(Debug, Clone)]
pub enum Caller {
    /// The holder of a token.
    Token(LiveToken),
    /// Somebody, on a machine where authentication is switched off. May do what the role `user` may, but for what
    /// changes servers or accounts.
    Anonymous,
}

/// Permission to do one thing: call this tool, list that server. What acts on a request takes the permit for exactly
/// that action, so a permit to list cannot call, and nothing runs without one.
pub struct Permit<A> {
    caller: Caller,
    action: A,
    rule: String,
}

impl Caller {
    /// `user_id` of the token, or `anonymous`.
    pub fn user_id(&self) -> &str {
        self.token().map_or("anonymous", LiveToken::user_id)
    }

    /// The role that a policy judges. A refresh token has none.
    pub fn role(&self) -> Option<&Role> {
        self.token().map_or(Some(&Role::User), LiveToken::role)
    }

    /// The token, where there is one.
    pub fn token(&self) -> Option<&LiveToken> {
        match self {
            Self::Token(token) => Some(token),
            Self::Anonymous => None,
        }
    }

    /// Asks the policy whether the caller may perform `action`.
    ///
    /// # Errors
    /// `permission_denied` with the rule that decided; `token_type_mismatch` for a refresh token.
    pub fn authorize<A: Action>(&self, policy: &Policy, action: A) -> Result<Permit<A>, Refusal> {
        let Some(role) = self.role() else {
            return Err(Reason::token_type(Some(TokenType::Access), "refresh".to_owned()).into());
        };
        let (allowed, decided_by) = self.decide(policy, role, &action.request());
        if allowed {
            return Ok(Permit { caller: self.clone(), rule: decided_by.to_owned(), action });
        }
        Err(Reason::Denied {
            action: Escaped(&action.request().to_string()).to_string(),
            role: role.to_string(),
            decided_by: decided_by.to_owned(),
        }
        .into())
    }

    /// Whether they may: for showing only what they may use. No substitute for a permit.
    pub fn may(&self, policy: &Policy, request: &Request<'_>) -> bool {
        self.role().is_some_and(|role| self.decide(policy, role, request).0)
    }

    /// Whatever the policy grants to `user`, nobody in particular changes servers or accounts.
    fn decide<'p>(
        &self,
        policy: &'p Policy,
        role: &Role,
        request: &Request<'_>,
    ) -> (bool, &'p str) {
        if matches!(self, Self::Anonymous) && !request.kind.is_for_everyday() {
            return (false, "authentication is switched off, so nobody is known");
        }
        let decision = policy.decide(&Subject { user_id: self.user_id(), role }, request);
        (decision.allowed(), decision.decided_by())
    }
}

impl From<LiveToken> for Caller {
    fn from(token: LiveToken) -> Self {
        Self::Token(token)
    }
}

impl<A> Permit<A> {
    /// Who may act.
    pub fn caller(&self) -> &Caller {
        &self.caller
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
            .field("caller", &self.caller)
            .field("action", &self.action)
            .finish_non_exhaustive()
    }
}
