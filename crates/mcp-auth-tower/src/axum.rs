//! Extractors for axum's handlers, behind the feature `axum`.
//!
//! They take the [`SharedGate`] from the router's state, as axum's `FromRef` does; a state that is the gate itself
//! will do. [`Rejection`] also is what a handler returns for a refusal of its own: `Result<_, Rejection>`.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::ops::Deref;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{ConnectInfo, FromRef, FromRequestParts};
use axum::response::{IntoResponse, Response};
use http::Extensions;
use http::request::Parts;
use mcp_auth::action::Action;
use mcp_auth::refusal::{Reason, Refusal, RefusalCode};
use mcp_auth::validate::{Caller, Permit};
use mcp_auth::{Origin, Refused};

use crate::{
    ClientAddress, RequestId, SharedGate, known_caller, origin, refusal_response, refuse_caller,
};

/// A refusal as a handler returns it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection(pub Refused);

impl From<Refused> for Rejection {
    fn from(refused: Refused) -> Self {
        Self(refused)
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        refusal_response(&self.0).map(Body::from)
    }
}

/// Who asks, as [`AuthLayer`](crate::AuthLayer) found out. Where that layer did not run, extracting it is a refusal
/// (`internal`).
#[derive(Debug, Clone)]
pub struct Authenticated {
    caller: Caller,
    gate: SharedGate,
    address: Option<IpAddr>,
    request_id: Option<RequestId>,
}

impl Authenticated {
    /// Asks for permission to do this one thing.
    ///
    /// # Errors
    /// As for [`Gate::authorize`](mcp_auth::Gate::authorize); it has been audited.
    pub fn authorize<A: Action>(&self, action: A) -> Result<Permit<A>, Rejection> {
        Ok(self.gate.borrow().authorize(&self.caller, action, &self.origin())?)
    }

    /// Refuses the caller for a reason of the handler's own, and audits it.
    #[must_use]
    pub fn refuse(&self, refusal: impl Into<Refusal>) -> Rejection {
        let refusal = refusal.into();
        Rejection(refuse_caller(&self.gate.borrow(), &self.caller, refusal, &self.origin()))
    }

    /// The caller on its own.
    pub fn into_caller(self) -> Caller {
        self.caller
    }

    /// Where the request comes from, for audit events of the handler's own.
    pub fn origin(&self) -> Origin<'_> {
        Origin::new(self.address, self.request_id.as_ref().map(RequestId::as_str))
    }
}

impl Deref for Authenticated {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

impl<S> FromRequestParts<S> for Authenticated
where
    SharedGate: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        let gate = SharedGate::from_ref(state);
        let caller = known_caller(&gate.borrow(), &parts.extensions)?.clone();
        let address = parts.extensions.get::<ClientAddress>().map(|address| address.0);
        let request_id = parts.extensions.get::<RequestId>().cloned();
        Ok(Self { caller, gate, address, request_id })
    }
}

/// Permission for the action that a [`RequireAction`](crate::RequireAction) in front of the handler asked for. A
/// handler that takes it cannot be reached without that layer: extracting it is a refusal (`internal`) then.
pub struct Permitted<A>(pub Arc<Permit<A>>);

impl<A> Deref for Permitted<A> {
    type Target = Permit<A>;

    fn deref(&self) -> &Permit<A> {
        &self.0
    }
}

impl<A: fmt::Debug> fmt::Debug for Permitted<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Permitted").field(&self.0).finish()
    }
}

impl<S, A> FromRequestParts<S> for Permitted<A>
where
    SharedGate: FromRef<S>,
    S: Send + Sync,
    A: Send + Sync + 'static,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        if let Some(permit) = parts.extensions.get::<Arc<Permit<A>>>() {
            return Ok(Self(Arc::clone(permit)));
        }
        let (gate, extensions) = (SharedGate::from_ref(state), &parts.extensions);
        let caller = known_caller(&gate.borrow(), extensions)?;
        let what =
            "no permit is known: RequireAction for this action must run before what asks for it";
        let failure = Reason::Failure { code: RefusalCode::Internal, what: what.to_owned() };
        let gate = gate.borrow();
        Err(Rejection(refuse_caller(&gate, caller, failure.into(), &origin(extensions))))
    }
}

/// The peer, where the router was made with `into_make_service_with_connect_info::<SocketAddr>()`.
pub(crate) fn connected_from(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<ConnectInfo<SocketAddr>>().map(|connected| connected.0.ip())
}
