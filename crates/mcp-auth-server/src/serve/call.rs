//! One request, as handlers take it.

use std::convert::Infallible;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use axum::http::HeaderValue;
use axum::http::header::{AUTHORIZATION, USER_AGENT};
use axum::http::request::Parts;
use axum::response::Response;
use mcp_auth::action::Action;
use mcp_auth::audit::{AuditEvent, AuditKind};
use mcp_auth::claims::MAX_NAME_BYTES;
use mcp_auth::refusal::{Reason, Refusal, RefusalCode};
use mcp_auth::text::Escaped;
use mcp_auth::validate::{Caller, Expect, LiveToken, Permit};
use mcp_auth::{Gate, Origin, Refused};
use mcp_auth_sessions::Sessions;
use mcp_auth_sessions::client::Client;
use mcp_auth_tower::axum::Rejection;
use mcp_auth_tower::{origin, refuse_caller};
use serde::de::DeserializeOwned;

use super::app::App;
use super::body::Accepted;
use super::{body, refuse};

/// Longest name in a path, in bytes: a server's, two underscores and a tool's. No user's is longer.
const LONGEST_NAME: usize = 64 + 2 + 256;

/// What a handler returns. A refusal has been audited by whoever made it.
pub(crate) type Answer = Result<Response, Rejection>;

/// A request with all that is known of it: who asks, from where, and what the server has to answer with.
pub(crate) struct Call {
    pub(crate) app: Arc<App>,
    gate: Arc<Gate>,
    parts: Parts,
    /// Behind a lock that nobody waits for, so that a call can be shared while its handler waits.
    body: Mutex<Body>,
    parameter: Option<String>,
}

impl FromRequest<Arc<App>> for Call {
    type Rejection = Infallible;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Infallible> {
        let (mut parts, body) = request.into_parts();
        let parameters = RawPathParams::from_request_parts(&mut parts, app).await.ok();
        let first = parameters.as_ref().and_then(|all| all.iter().next());
        let parameter = first.map(|(_, value)| value.to_owned());
        Ok(Self {
            app: Arc::clone(app),
            gate: app.gate.load(),
            parts,
            body: Mutex::new(body),
            parameter,
        })
    }
}

impl Call {
    pub(crate) fn sessions(&self) -> &Sessions {
        self.app.sessions()
    }

    pub(crate) fn gate(&self) -> &Gate {
        &self.gate
    }

    pub(crate) fn parts(&self) -> &Parts {
        &self.parts
    }

    /// Where the request comes from, for audits.
    pub(crate) fn origin(&self) -> Origin<'_> {
        origin(&self.parts.extensions)
    }

    /// Where it comes from, for records.
    pub(crate) fn client(&self) -> Client {
        let agent = self.parts.headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
        Client::new(self.origin().ip_address, agent)
    }

    /// The name in the path, decoded.
    ///
    /// # Errors
    /// `not_found` where it is not UTF-8, or longer than a name can be.
    pub(crate) fn parameter(&self) -> Result<&str, Rejection> {
        let unknown = |detail| self.refuse(refuse::request(RefusalCode::NotFound, detail));
        let name = self.parameter.as_deref().ok_or_else(|| unknown("Not Found"))?;
        if name.len() > LONGEST_NAME {
            return Err(unknown("The name in the path is longer than any that there is"));
        }
        Ok(name)
    }

    /// Who asks.
    ///
    /// # Errors
    /// `internal` where no layer found out, which is a defect of the table of routes.
    pub(crate) fn caller(&self) -> Result<&Caller, Rejection> {
        let missing =
            || self.refuse(refuse::internal("the route does not authenticate its callers"));
        self.parts.extensions.get().ok_or_else(missing)
    }

    /// The token of who asks.
    ///
    /// # Errors
    /// `permission_denied` for the anonymous caller.
    pub(crate) fn token(&self) -> Result<&LiveToken, Rejection> {
        let nobody = || {
            self.refuse(Reason::Denied {
                action: format!("{} {}", self.parts.method, Escaped(self.parts.uri.path())),
                role: "user".to_owned(),
                decided_by: "authentication is switched off, so nobody is known".to_owned(),
            })
        };
        self.caller()?.token().ok_or_else(nobody)
    }

    /// The value of the `Authorization` header as a bearer token, where there is one.
    ///
    /// # Errors
    /// `bad_request` where there are several headers: choosing one would let the caller decide which program sees which.
    pub(crate) fn bearer(&self) -> Result<Option<&[u8]>, Reason> {
        let mut values = self.parts.headers.get_all(AUTHORIZATION).iter();
        let value = values.next();
        if values.next().is_some() {
            return Err(Reason::SeveralHeaders);
        }
        let parts = value.and_then(|value| value.as_bytes().split_at_checked(7));
        let token = parts.filter(|(scheme, _)| scheme.eq_ignore_ascii_case(b"bearer "));
        Ok(token.map(|(_, token)| token.trim_ascii()))
    }

    /// Who asks, where no layer found out; asked of the store where requests are.
    ///
    /// # Errors
    /// As for [`Gate::authenticate`].
    pub(crate) async fn authenticate_caller(&self) -> Result<Caller, Refused> {
        let values = self.parts.headers.get_all(AUTHORIZATION).iter().map(HeaderValue::as_bytes);
        match self.app.house().store.asked_each_time() {
            Some(store) => self.gate.authenticate_with(&*store, values, &self.origin()).await,
            None => self.gate.authenticate(values, &self.origin()),
        }
    }

    /// Whether the caller of a request that goes on still stands; asked of the store where requests are.
    ///
    /// # Errors
    /// As for [`Gate::still_stands`].
    pub(crate) async fn still_stands(&self, caller: &Caller) -> Result<(), Refusal> {
        let gate = self.app.gate.load();
        match self.app.house().store.asked_each_time() {
            Some(store) => gate.still_stands_with(&*store, caller).await,
            None => gate.still_stands(caller),
        }
    }

    /// Whether a token in a body stands, by this gate; asked of the store where requests are.
    ///
    /// # Errors
    /// As for [`Gate::authenticate_token`].
    pub(crate) async fn authenticate(
        &self,
        gate: &Gate,
        token: &[u8],
        expect: Expect,
    ) -> Result<LiveToken, Refused> {
        match self.app.house().store.asked_each_time() {
            Some(store) => {
                gate.authenticate_token_with(&*store, token, expect, &self.origin()).await
            }
            None => gate.authenticate_token(token, expect, &self.origin()),
        }
    }

    /// Asks the policy.
    ///
    /// # Errors
    /// As for [`Gate::authorize`].
    pub(crate) fn authorize<A: Action>(&self, action: A) -> Result<Permit<A>, Rejection> {
        Ok(self.gate.authorize(self.caller()?, action, &self.origin())?)
    }

    /// Asks the policy about one of many things, of which the caller is shown those that are allowed. Not audited: nobody
    /// asked for those that are not.
    pub(crate) fn permit<A: Action>(&self, caller: &Caller, action: A) -> Option<Permit<A>> {
        caller.authorize(self.gate.policy(), action).ok()
    }

    /// The first value of a query parameter that is a name, decoded.
    ///
    /// # Errors
    /// `unprocessable` where it is longer than a name can be.
    pub(crate) fn query(&self, name: &str) -> Result<Option<String>, Rejection> {
        let query = self.parts.uri.query().unwrap_or_default().as_bytes();
        let mut pairs = form_urlencoded::parse(query);
        let found = pairs.find(|(found, _)| found == name).map(|(_, value)| value);
        found.map(|value| self.short_name(name, value.into_owned())).transpose()
    }

    /// The value of a field that is a name.
    ///
    /// # Errors
    /// As for [`Call::query`].
    pub(crate) fn short_name(&self, field: &str, value: String) -> Result<String, Rejection> {
        if value.len() > MAX_NAME_BYTES {
            let detail = format!("`{field}` has more than {MAX_NAME_BYTES} bytes; send a name");
            return Err(self.refuse(refuse::unprocessable(detail)));
        }
        Ok(value)
    }

    /// What the body says.
    ///
    /// # Errors
    /// As for [`body::read`] and [`body::parse`].
    pub(crate) async fn read<T: DeserializeOwned>(
        &mut self,
        accepted: Accepted,
    ) -> Result<T, Rejection> {
        let bytes = self.bytes().await?;
        body::parse(&self.parts.headers, &bytes, accepted).map_err(|reason| self.refuse(reason))
    }

    /// The same where an empty body will do.
    ///
    /// # Errors
    /// As for [`Call::read`].
    pub(crate) async fn read_if_any<T: DeserializeOwned + Default>(
        &mut self,
        accepted: Accepted,
    ) -> Result<T, Rejection> {
        let bytes = self.bytes().await?;
        if bytes.is_empty() {
            return Ok(T::default());
        }
        body::parse(&self.parts.headers, &bytes, accepted).map_err(|reason| self.refuse(reason))
    }

    async fn bytes(&mut self) -> Result<Bytes, Rejection> {
        let body = mem::take(self.body.get_mut().unwrap_or_else(PoisonError::into_inner));
        body::read(body, &self.app.bodies).await.map_err(|reason| self.refuse(reason))
    }

    /// An event of this request.
    pub(crate) fn event(&self, kind: AuditKind) -> AuditEvent<'_> {
        let (mut event, origin) = (self.app.event(kind), self.origin());
        event.ip_address = origin.ip_address;
        event.request_id = origin.request_id;
        event
    }

    /// An event that the caller causes.
    pub(crate) fn event_of_caller(&self, kind: AuditKind) -> AuditEvent<'_> {
        let event = self.event(kind);
        self.parts.extensions.get::<Caller>().map_or(event, |caller| event.by(caller))
    }

    /// Puts events on the audit before the answer goes out.
    ///
    /// # Errors
    /// `store_unavailable` when they could not be written: then nobody may be told that it was done.
    pub(crate) async fn write_down(&self, events: &[AuditEvent<'_>]) -> Result<(), Rejection> {
        self.app.ledger.write(events).await.map_err(|error| self.unwritten(&error.to_string()))
    }

    /// Whether a change can be put on the audit; asked before the change is made.
    ///
    /// # Errors
    /// `store_unavailable`.
    pub(crate) fn require_audit(&self) -> Result<(), Rejection> {
        if self.app.ledger.health().is_writable {
            Ok(())
        } else {
            Err(self.unwritten("it could not be written lately"))
        }
    }

    fn unwritten(&self, why: &str) -> Rejection {
        let what = format!("the audit takes no lines: {why}");
        self.refuse(Reason::Failure { code: RefusalCode::StoreUnavailable, what })
    }

    /// Refuses, and records it within milliseconds.
    pub(crate) fn refuse(&self, refusal: impl Into<Refusal>) -> Rejection {
        self.refuse_as(AuditKind::RequestRefused, refusal)
    }

    /// The same as an event of this kind.
    pub(crate) fn refuse_as(&self, kind: AuditKind, refusal: impl Into<Refusal>) -> Rejection {
        let event = self.event_of_caller(kind);
        Rejection(self.gate.refuse(refusal.into(), &event, &self.origin()))
    }

    /// Refuses the caller for what they may not do.
    pub(crate) fn deny(&self, refusal: impl Into<Refusal>) -> Rejection {
        match self.caller() {
            Ok(caller) => {
                Rejection(refuse_caller(&self.gate, caller, refusal.into(), &self.origin()))
            }
            Err(rejection) => rejection,
        }
    }

    /// Refuses, and the line is on disk before the client hears of it.
    pub(crate) async fn refuse_durably(
        &self,
        kind: AuditKind,
        refusal: impl Into<Refusal>,
        user_id: Option<&str>,
    ) -> Rejection {
        let refused = self.app.refuse_silently(refusal);
        let reason = refused.refusal.reason().to_string();
        let mut event = self.event(kind);
        event.user_id = user_id;
        event.code = Some(refused.refusal.code());
        event.reason = Some(&reason);
        event.error_id = Some(refused.error_id);
        match self.write_down(&[event]).await {
            Ok(()) => Rejection(refused),
            Err(unwritten) => unwritten,
        }
    }
}
