//! Layers for single routes: who is known already must also be allowed.

use std::fmt;
use std::sync::Arc;

use http::request::Parts;
use mcp_auth::Refused;
use mcp_auth::action::Action;
use mcp_auth::refusal::{Reason, Refusal};
use mcp_auth::roles::Role;
use tower_layer::Layer;

use crate::caller::{known_caller, refuse_caller};
use crate::{Check, Checked, SharedGate, origin};

/// Lets only callers of a role pass. Put it inside of [`AuthLayer`](crate::AuthLayer); where no caller is known, it
/// refuses with `internal`.
///
/// The policy is not asked. Where an operator's policy should decide, take [`RequireAction`].
#[derive(Debug, Clone)]
pub struct RequireRole {
    gate: SharedGate,
    least: Role,
}

impl RequireRole {
    /// Lets `least` and the built-in roles above it pass. A custom role stands beside the ladder: only itself passes.
    pub fn at_least(gate: impl Into<SharedGate>, least: Role) -> Self {
        Self { gate: gate.into(), least }
    }
}

impl<S> Layer<S> for RequireRole {
    type Service = Checked<S, Self>;

    fn layer(&self, inner: S) -> Self::Service {
        Checked::new(inner, self.clone())
    }
}

impl Check for RequireRole {
    fn check(&self, request: &mut Parts) -> Result<(), Refused> {
        let gate = self.gate.borrow();
        let caller = known_caller(&gate, &request.extensions)?;
        if caller.role().is_some_and(|role| role.includes(&self.least)) {
            return Ok(());
        }
        let denied = Reason::Denied {
            action: format!("{} {}", request.method, request.uri.path().escape_default()),
            role: caller.role().map_or_else(|| "none".to_owned(), Role::to_string),
            decided_by: format!("the route requires the role {}", self.least),
        };
        Err(refuse_caller(&gate, caller, denied.into(), &origin(&request.extensions)))
    }
}

/// Lets only requests pass whose action the policy allows to their caller, and puts the permit into the extensions, as
/// `Arc<Permit<A>>`. Put it inside of [`AuthLayer`](crate::AuthLayer); where no caller is known, it refuses with
/// `internal`.
#[derive(Clone)]
pub struct RequireAction<F> {
    gate: SharedGate,
    action: F,
}

impl<F> RequireAction<F> {
    /// Asks for the action that `action` reads from the request: method, URI, headers, extensions. A request that names
    /// none can be refused there, such as by [`Reason::Request`].
    pub fn new<A>(gate: impl Into<SharedGate>, action: F) -> Self
    where
        F: Fn(&Parts) -> Result<A, Refusal>,
    {
        Self { gate: gate.into(), action }
    }
}

impl RequireAction<()> {
    /// Asks for the same action on every request.
    pub fn always<A: Action + Clone>(
        gate: impl Into<SharedGate>,
        action: A,
    ) -> RequireAction<impl Fn(&Parts) -> Result<A, Refusal> + Clone> {
        RequireAction::new(gate, move |_: &Parts| Ok(action.clone()))
    }
}

impl<F> fmt::Debug for RequireAction<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequireAction").field("gate", &self.gate).finish_non_exhaustive()
    }
}

impl<S, F: Clone> Layer<S> for RequireAction<F> {
    type Service = Checked<S, Self>;

    fn layer(&self, inner: S) -> Self::Service {
        Checked::new(inner, self.clone())
    }
}

impl<F, A> Check for RequireAction<F>
where
    F: Fn(&Parts) -> Result<A, Refusal>,
    A: Action + Send + Sync + 'static,
{
    fn check(&self, request: &mut Parts) -> Result<(), Refused> {
        let gate = self.gate.borrow();
        let caller = known_caller(&gate, &request.extensions)?;
        let origin = origin(&request.extensions);
        let action = (self.action)(request)
            .map_err(|refusal| refuse_caller(&gate, caller, refusal, &origin))?;
        let permit = gate.authorize(caller, action, &origin)?;
        request.extensions.insert(Arc::new(permit));
        Ok(())
    }
}
