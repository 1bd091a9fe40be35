//! What strangers may cost.
//!
//! Each refusal is a line of the audit, which only grows, and nobody needs a token to be refused. So the refusals of an
//! address are counted. Where there are too many, one more line says so, and until the window closes whoever comes from
//! there without a good token hears `rate_limited` with the id of that line, and leaves none of his own.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use mcp_auth::audit::AuditKind;
use mcp_auth::clock::Timestamp;
use mcp_auth::refusal::Reason;
use mcp_auth::validate::{Expect, RawToken};
use mcp_auth::{Gate, Origin, Refused};
use mcp_auth_sessions::CounterKey;
use mcp_auth_sessions::rate_limit::{Hit, Limits, MemoryRateLimits, RateLimitStore as _, Strategy};
use mcp_auth_tower::axum::Rejection;
use mcp_auth_tower::{ClientAddress, RequestId};

use super::app::App;
use super::observe;
use super::routes::{self, Access, Route};

/// Addresses of which is known that they have had too many. Where two share a place, the later one has it, and the other
/// gets one more line.
const PLACES: usize = 1024;

/// Refusals by address, in this process.
#[derive(Debug)]
pub(crate) struct Strangers {
    counts: MemoryRateLimits,
    weary: Box<[Mutex<Option<Weary>>]>,
}

/// An address that has had too many.
#[derive(Debug, Clone)]
struct Weary {
    key: CounterKey,
    until: Timestamp,
    limit: String,
    /// What the audit has a line of.
    refused: Refused,
}

pub(crate) async fn check(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let Some((limits, address)) = is_counted(&app, &request) else {
        return next.run(request).await;
    };
    let key = CounterKey::of_address("refused", address);
    if let Some(refused) = app.strangers.refusal(key, app.now())
        && !has_good_token(&app.gate.load(), request.headers())
    {
        return Rejection(refused).into_response();
    }
    let is_nameless = !request.headers().contains_key(AUTHORIZATION);
    let request_id = request.extensions().get::<RequestId>().cloned();
    let response = next.run(request).await;
    if is_refusal_of_a_stranger(response.status(), is_nameless) {
        let origin = Origin::new(Some(address), request_id.as_ref().map(RequestId::as_str));
        count(&app, limits, key, &origin).await;
    }
    response
}

fn is_counted<'a>(app: &'a App, request: &Request) -> Option<(&'a Limits, IpAddr)> {
    let limits = app.settings().rate_limits.refused.as_ref()?;
    let ClientAddress(address) = *request.extensions().get()?;
    let path = observe::matched(request.extensions());
    let route = path.and_then(|path| routes::matching(request.method(), path));
    (app.settings().auth_enabled && !route.is_some_and(is_exempt)).then_some((limits, address))
}

/// Whoever looks after the server asks it for its health, and has no token.
pub(crate) fn is_exempt(route: &Route) -> bool {
    route.method == Method::GET && route.access == Access::Open
}

/// With a token that was good a request is somebody's, whatever else is wrong with it.
fn is_refusal_of_a_stranger(status: StatusCode, is_nameless: bool) -> bool {
    status == StatusCode::UNAUTHORIZED || (is_nameless && status.is_client_error())
}

/// Whether somebody signed what is in the header. All else, revocation too, is for the gate to find out, and to write down.
fn has_good_token(gate: &Gate, headers: &HeaderMap) -> bool {
    let value = headers.get(AUTHORIZATION).map(HeaderValue::as_bytes).unwrap_or_default();
    let token = value.rsplit(|byte| *byte == b' ').next().unwrap_or_default();
    let validator = gate.validator();
    RawToken::from_bytes(token)
        .and_then(|token| validator.validate(token, Expect::Any, gate.clock().now()))
        .is_ok()
}

async fn count(app: &App, limits: &Limits, key: CounterKey, origin: &Origin<'_>) {
    let now = app.now();
    // It is in memory, where nothing fails.
    let Ok(Hit::Refused { limit, retry_after }) = app.strangers.counts.hit(key, limits, now).await
    else {
        return;
    };
    if app.strangers.refusal(key, now).is_some() {
        return;
    }
    let limit = limit.to_string();
    let event = app.event(AuditKind::RateLimited);
    let refused = app.gate.load().refuse(reason(&limit, retry_after).into(), &event, origin);
    app.strangers.keep(Weary { key, until: now.plus(retry_after), limit, refused });
}

fn reason(limit: &str, retry_after: Duration) -> Reason {
    let key = "refused requests of this address; further ones without a good token get this id and no line".to_owned();
    Reason::RateLimited { limit: limit.to_owned(), key, retry_after }
}

impl Strangers {
    pub(crate) fn new() -> Self {
        let weary = std::iter::repeat_with(Mutex::default).take(PLACES).collect();
        Self { counts: MemoryRateLimits::new(Strategy::FixedWindow), weary }
    }

    /// What to answer an address that has had too many.
    fn refusal(&self, key: CounterKey, now: Timestamp) -> Option<Refused> {
        let place = self.place(key)?;
        let Weary { until, limit, mut refused, .. } =
            place.as_ref().filter(|it| it.key == key && now < it.until)?.clone();
        refused.refusal = reason(&limit, until.since(now)).into();
        Some(refused)
    }

    fn keep(&self, weary: Weary) {
        if let Some(mut place) = self.place(weary.key) {
            *place = Some(weary);
        }
    }

    fn place(&self, key: CounterKey) -> Option<MutexGuard<'_, Option<Weary>>> {
        let [first, second, ..] = *key.as_bytes();
        let place = usize::from(u16::from_le_bytes([first, second])) % PLACES;
        Some(self.weary.get(place)?.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
