//! The table of routes. The router and the OpenAPI document are made from it, so what is served is what is documented.

use std::sync::Arc;

use axum::Router;
use axum::handler::Handler;
use axum::http::header::ALLOW;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, on};
use mcp_auth::refusal::RefusalCode;
use mcp_auth_tower::{AuthLayer, ClientAddressLayer, RequestIdLayer};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use tower::ServiceBuilder;

use super::app::App;
use super::body::Accepted;
use super::call::{Answer, Call};
use super::{
    auth, body_first, finish, local_only, mcp, observe, probes, refuse, strangers, token_in_url,
};

/// Every route; a part of the API adds its table here.
pub(crate) const TABLES: &[&[Route]] = &[auth::ROUTES, mcp::ROUTES, probes::ROUTES];

/// Routes that are left off where they are when the client goes: an MCP server is told that nobody waits any more.
const ENDS_WITH_ITS_CLIENT: &[&str] = &["execute_tool"];

/// One route: what it is called, who may ask, what it takes and what it answers.
pub(crate) struct Route {
    pub(crate) method: Method,
    /// With parameters in braces.
    pub(crate) path: &'static str,
    /// Its name in the OpenAPI document.
    pub(crate) name: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) access: Access,
    pub(crate) body: Option<Body>,
    /// Names of query parameters that it reads, with what they are.
    pub(crate) query: &'static [(&'static str, &'static str)],
    pub(crate) answers: &'static [(StatusCode, Content)],
    /// What it refuses with, beyond what follows from the rest of the row.
    pub(crate) refusals: &'static [RefusalCode],
    pub(crate) handler: fn() -> MethodRouter<Arc<App>>,
}

/// Who may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Anyone.
    Open,
    /// Anyone, or the holder of an access token: the settings say.
    OpenOrToken,
    /// The holder of an access token.
    Token,
}

/// What a route reads.
#[derive(Clone, Copy)]
pub(crate) struct Body {
    pub(crate) required: bool,
    pub(crate) accepted: Accepted,
    pub(crate) schema: SchemaOf,
}

/// What an answer holds.
#[derive(Clone, Copy)]
pub(crate) enum Content {
    Nothing,
    Text,
    Json(SchemaOf),
}

/// Makes the schema of a type.
pub(crate) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// The schema of `T`.
pub(crate) fn schema<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// The router's half of a row.
pub(crate) fn handle<H, T>(filter: MethodFilter, handler: H) -> MethodRouter<Arc<App>>
where
    H: Handler<T, Arc<App>>,
    T: 'static,
{
    on(filter, handler)
}

/// All rows.
pub(crate) fn all() -> impl Iterator<Item = &'static Route> {
    TABLES.iter().flat_map(|table| table.iter())
}

/// The row that a request matched. `HEAD` asks for what `GET` would.
pub(crate) fn matching(method: &Method, path: &str) -> Option<&'static Route> {
    let method = if method == Method::HEAD { &Method::GET } else { method };
    all().find(|route| route.path == path && route.method == *method)
}

/// The pattern that a request matched, as it stands in the table.
pub(crate) fn pattern(matched: &str) -> Option<&'static str> {
    all().map(|route| route.path).find(|path| *path == matched)
}

/// The service that answers requests. From the outside in: request id, client address, log and metrics and panics, who
/// may ask at all, and on each route that needs it, the token.
pub(crate) fn router(app: &Arc<App>) -> Router {
    let proxies = app.settings().trusted_proxies.clone();
    let randomness = Arc::clone(&app.house().randomness);
    let outside = ServiceBuilder::new()
        .layer(RequestIdLayer::new(randomness).with_trusted_proxies(proxies.clone()))
        .layer(ClientAddressLayer::new(proxies))
        .layer(middleware::from_fn_with_state(Arc::clone(app), observe::observe))
        .layer(middleware::from_fn_with_state(Arc::clone(app), strangers::check))
        .layer(middleware::from_fn_with_state(Arc::clone(app), local_only::check))
        .layer(middleware::from_fn_with_state(Arc::clone(app), token_in_url::check));
    let routes = all().fold(Router::new(), |router, route| {
        let handler = (route.handler)();
        let handler = if route.method == Method::GET || ENDS_WITH_ITS_CLIENT.contains(&route.name) {
            handler
        } else {
            let finish = middleware::from_fn_with_state(Arc::clone(app), finish::to_the_end);
            handler.route_layer(finish)
        };
        let handler = match route.access {
            Access::Token => handler.route_layer(authentication(app)),
            Access::Open | Access::OpenOrToken => handler,
        };
        let handler = match (route.access, route.body) {
            (Access::Token, Some(_)) => handler
                .route_layer(middleware::from_fn_with_state(Arc::clone(app), body_first::read)),
            _ => handler,
        };
        router.route(route.path, handler)
    });
    routes
        .method_not_allowed_fallback(other_method)
        .fallback(nothing_here)
        .layer(outside)
        .with_state(Arc::clone(app))
}

/// Finds out who asks: from this process, or from the store where the settings want it asked each time.
fn authentication(app: &App) -> AuthLayer {
    let layer = AuthLayer::new(app.gate.clone());
    match app.house().store.asked_each_time() {
        Some(store) => layer.asking_each_time(store),
        None => layer,
    }
}

async fn nothing_here(call: Call) -> Answer {
    let detail = "Not Found: no route has this path; see /openapi.json";
    Err(call.refuse(refuse::request(RefusalCode::NotFound, detail)))
}

/// `OPTIONS` is told what is allowed; any other method is refused with the same.
async fn other_method(call: Call) -> Response {
    let matched = observe::matched(&call.parts().extensions);
    let allowed = allowed(matched.unwrap_or_default());
    let mut response = if call.parts().method == Method::OPTIONS {
        StatusCode::NO_CONTENT.into_response()
    } else {
        let detail = format!("Method Not Allowed: this path takes {allowed}");
        call.refuse(refuse::request(RefusalCode::MethodNotAllowed, detail)).into_response()
    };
    if let Ok(value) = HeaderValue::try_from(allowed) {
        response.headers_mut().insert(ALLOW, value);
    }
    response
}

fn allowed(path: &str) -> String {
    let mut methods: Vec<_> =
        all().filter(|it| it.path == path).map(|it| it.method.as_str()).collect();
    if methods.contains(&"GET") {
        methods.push("HEAD");
    }
    methods.push("OPTIONS");
    methods.join(", ")
}
