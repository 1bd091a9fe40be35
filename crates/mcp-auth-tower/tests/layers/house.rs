//! A gate whose clock stands still, and a service behind layers that shows what reached it.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::request::Builder;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use mcp_auth::clock::{NumericDate, Timestamp};
use mcp_auth::store::{MemoryRevocations, Revocation};
use mcp_auth::testing::{AttackSetting, FixedClock, Forge, MemoryAudit, SequenceRandom};
use mcp_auth::validate::{Caller, Expect, Validator};
use mcp_auth::{Gate, Origin};
use mcp_auth_tower::{AuthLayer, SharedGate};
use serde_json::Value;
use tower::{Service, ServiceExt, service_fn};

pub(crate) const SECRET: &str = "f0e1d2c3b4a5968778695a4b3c2d1e0f";
pub(crate) const OTHER_SECRET: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";
pub(crate) const NOW: u64 = 1_767_225_600;

pub(crate) struct House {
    pub(crate) gate: SharedGate,
    pub(crate) audit: Arc<MemoryAudit>,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) revocations: Arc<MemoryRevocations>,
}

impl House {
    pub(crate) fn new() -> Self {
        let (audit, clock) = (Arc::new(MemoryAudit::default()), Arc::new(FixedClock::at(NOW)));
        let revocations = Arc::new(MemoryRevocations::new());
        let gate = Gate::new(validator(SECRET))
            .with_revocations(revocations.clone())
            .with_audit(audit.clone())
            .with_clock(clock.clone())
            .with_randomness(Arc::new(SequenceRandom::default()));
        Self { gate: SharedGate::new(gate), audit, clock, revocations }
    }

    pub(crate) fn auth(&self) -> AuthLayer {
        AuthLayer::new(self.gate.clone())
    }

    /// The newest event.
    pub(crate) fn event(&self) -> Value {
        self.audit.events().pop().unwrap()
    }

    pub(crate) fn revocation_of(&self, token: &Forge) -> Revocation {
        let gate = self.gate.load();
        let live = gate.authenticate_token(&token.token(), Expect::Access, &Origin::default());
        let id = live.unwrap().revocation_id();
        Revocation::Entry { id, keep_until: NumericDate::new(NOW + 9000).unwrap() }
    }

    pub(crate) fn revoke(&self, token: &Forge) {
        let now = Timestamp::from_unix_seconds(NOW);
        self.revocations.insert(self.revocation_of(token), now);
    }
}

pub(crate) fn validator(secret: &str) -> Validator {
    AttackSetting::default().validator(secret).unwrap()
}

pub(crate) fn token(user: &str, role: &str) -> Forge {
    Forge::new(SECRET, NOW)
        .with_claim("user_id", format!(r#""{user}""#))
        .with_claim("role", format!(r#""{role}""#))
}

pub(crate) fn get(uri: &str) -> Builder {
    Request::get(uri)
}

/// A request of the holder of this token.
pub(crate) fn of(token: &Forge) -> Builder {
    get("/").header("Authorization", token.authorization())
}

/// What came back, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }
}

/// Sends one request without a body through `service`.
pub(crate) async fn send<S, B>(service: S, request: Builder) -> Answer
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error = Infallible>,
    B: http_body::Body<Data = Bytes, Error: std::fmt::Debug>,
{
    let request = request.body(Full::default()).unwrap();
    let response = service.oneshot(request).await.unwrap_or_else(|never| match never {});
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes().to_vec();
    let body = String::from_utf8(body).unwrap();
    Answer { status: parts.status, headers: parts.headers, body }
}

/// A handler that says who was let through and which headers it sees.
pub(crate) fn show()
-> impl Service<Request<Full<Bytes>>, Response = Response<Full<Bytes>>, Error = Infallible, Future: Send>
+ Clone
+ Send
+ 'static {
    service_fn(async |request: Request<Full<Bytes>>| {
        let caller = request.extensions().get::<Caller>().map_or("nobody", Caller::user_id);
        let headers: Vec<_> = request.headers().keys().map(http::HeaderName::as_str).collect();
        let text = format!("{caller} {}", headers.join(","));
        Ok(Response::new(Full::from(text)))
    })
}
