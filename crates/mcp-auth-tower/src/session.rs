//! The layer that makes an MCP session its user's own.

mod tie;

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::request::Parts;
use http::{HeaderMap, HeaderName, Request, Response};
use mcp_auth::random::Randomness;
use mcp_auth::refusal::{Reason, RefusalCode};
use mcp_auth::validate::Caller;
use mcp_auth::{Gate, Refused};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use self::tie::{SessionKey, Tie};
use crate::caller::{known_caller, refuse_caller};
use crate::{CheckedFuture, RefusableBody, SharedGate, origin};

const MCP_SESSION_ID: HeaderName = HeaderName::from_static("mcp-session-id");

/// Refuses a request whose `Mcp-Session-Id` was given to another user, with `not_found`: the answer of MCP to an unknown
/// session, after which a client starts a new one. Servers such as `rmcp`'s know sessions and no users, so without this
/// whoever learns of an id may use its session. Put it inside of [`AuthLayer`](crate::AuthLayer).
///
/// The client is given the server's id with a MAC over the id and its user; the server behind this layer sees the id
/// as it made it. So nothing is kept, however many sessions there are, and there is nothing to fill up. The key is of
/// this process, as the sessions are, unless [`BindSession::with_key`] gives the same to several.
#[derive(Debug, Clone)]
pub struct BindSession {
    gate: SharedGate,
    key: SessionKey,
}

impl BindSession {
    /// Ties sessions to users with a key of its own from this source.
    pub fn new(gate: impl Into<SharedGate>, randomness: &dyn Randomness) -> Self {
        let mut key = [0; 32];
        randomness.fill(&mut key);
        Self::with_key(gate, &key)
    }

    /// Ties with this secret key, for processes that serve each other's sessions. It should be used for nothing else.
    pub fn with_key(gate: impl Into<SharedGate>, key: &[u8; 32]) -> Self {
        Self { gate: gate.into(), key: SessionKey::new(key) }
    }

    /// Looks at the session that the request names, and prepares to tie the one that the response may.
    fn untie(&self, request: &mut Parts) -> Result<Tie, Refused> {
        let gate = self.gate.borrow();
        let caller = known_caller(&gate, &request.extensions)?;
        let tie = self.key.tie(caller);
        let mut named = request.headers.get_all(MCP_SESSION_ID).iter();
        let inner = match (named.next(), named.next()) {
            (None, _) => return Ok(tie),
            (Some(outer), None) => tie.inner(outer),
            (Some(_), Some(_)) => None,
        };
        let Some(inner) = inner else {
            return Err(refuse_session(&gate, caller, request));
        };
        request.headers.insert(MCP_SESSION_ID, inner);
        Ok(tie)
    }
}

fn refuse_session(gate: &Gate, caller: &Caller, request: &Parts) -> Refused {
    let detail = "The Mcp-Session-Id names no session of yours; initialize a new one".to_owned();
    let reason = Reason::Request { code: RefusalCode::NotFound, detail };
    refuse_caller(gate, caller, reason.into(), &origin(&request.extensions))
}

impl<S> Layer<S> for BindSession {
    type Service = BindSessionService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        BindSessionService { inner, layer: self.clone() }
    }
}

/// A service behind [`BindSession`].
#[derive(Debug, Clone)]
pub struct BindSessionService<S> {
    inner: S,
    layer: BindSession,
}

impl<S, B, R> Service<Request<B>> for BindSessionService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Response = Response<RefusableBody<R>>;
    type Error = S::Error;
    type Future = BindSessionFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (mut parts, body) = request.into_parts();
        let (future, tie) = match self.layer.untie(&mut parts) {
            Ok(tie) => {
                let request = Request::from_parts(parts, body);
                (CheckedFuture::passed(self.inner.call(request)), Some(tie))
            }
            Err(refused) => (CheckedFuture::refused(refused), None),
        };
        BindSessionFuture { future, tie }
    }
}

pin_project! {
    /// The inner service's answer with its session tied to the caller, or a refusal.
    pub struct BindSessionFuture<F> {
        #[pin]
        future: CheckedFuture<F>,
        tie: Option<Tie>,
    }
}

impl<F, R, E> Future for BindSessionFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = Result<Response<RefusableBody<R>>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut response = ready!(this.future.poll(context))?;
        if let Some(tie) = this.tie {
            tie_session(response.headers_mut(), tie);
        }
        Poll::Ready(Ok(response))
    }
}

/// An id that cannot carry a MAC is taken away: the client could use the session, and so could anybody.
fn tie_session(headers: &mut HeaderMap, tie: &Tie) {
    if let Some(id) = headers.remove(MCP_SESSION_ID).and_then(|id| tie.outer(&id)) {
        headers.insert(MCP_SESSION_ID, id);
    }
}

impl<F> fmt::Debug for BindSessionFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BindSessionFuture").finish_non_exhaustive()
    }
}
