//! The OpenAPI 3.1 document, made from the table of routes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use axum::body::Bytes;
use mcp_auth::refusal::RefusalCode;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::{JsonSchema, Schema, json_schema};
use serde_json::{Map, Value, json};

use super::routes::{self, Access, Content, Route};
use super::strangers;

/// What every refused request is answered with.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "mcp-auth-tower writes it; this is its schema")]
struct Refusal {
    detail: String,
    status_code: u16,
    code: Code,
    /// What to quote: the audit has the full reason under it.
    error_id: String,
}

/// The codes of the table of refusals.
struct Code;

impl JsonSchema for Code {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "RefusalCode".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names: Vec<_> = RefusalCode::ALL.iter().map(|code| code.name()).collect();
        json_schema!({ "type": "string", "enum": names })
    }
}

/// What any route may answer.
const ALWAYS: &[RefusalCode] = &[RefusalCode::TokenInUrl, RefusalCode::Internal];

/// What a route that takes a token may answer besides.
const WITH_TOKEN: &[RefusalCode] = &[
    RefusalCode::BadRequest,
    RefusalCode::TokenMissing,
    RefusalCode::TokenMalformed,
    RefusalCode::AlgorithmRefused,
    RefusalCode::KeyUnknown,
    RefusalCode::SignatureInvalid,
    RefusalCode::ClaimsInvalid,
    RefusalCode::NotYetValid,
    RefusalCode::IssuerMismatch,
    RefusalCode::AudienceMismatch,
    RefusalCode::TokenTypeMismatch,
    RefusalCode::TokenExpired,
    RefusalCode::TokenTooOld,
    RefusalCode::TokenRevoked,
    RefusalCode::PermissionDenied,
    RefusalCode::AccountDisabled,
    RefusalCode::StoreUnavailable,
];

/// What a route that reads a body may answer besides.
const WITH_BODY: &[RefusalCode] = &[
    RefusalCode::BadRequest,
    RefusalCode::RequestTimeout,
    RefusalCode::TooLarge,
    RefusalCode::UnsupportedMediaType,
    RefusalCode::Unprocessable,
    RefusalCode::StoreUnavailable,
    RefusalCode::Overloaded,
];

/// The whole document as it is served. It is made once, and all answers share its bytes.
pub(crate) fn served() -> Bytes {
    static SERVED: LazyLock<Bytes> = LazyLock::new(|| document().to_string().into());
    SERVED.clone()
}

/// The whole document.
fn document() -> Value {
    let settings = SchemaSettings::draft2020_12();
    let settings = settings.with(|it| it.definitions_path = "/components/schemas".into());
    let mut schemas = settings.into_generator();
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for route in routes::all() {
        let operation = operation(route, &mut schemas);
        let path = paths.entry(route.path).or_default();
        path.insert(route.method.as_str().to_ascii_lowercase(), operation);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "mcp-auth-server",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Signs users in and guards MCP servers.",
            "license": { "name": "MIT", "identifier": "MIT" },
        },
        "paths": paths,
        "components": {
            "schemas": schemas.take_definitions(true),
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" },
            },
        },
    })
}

fn operation(route: &Route, schemas: &mut SchemaGenerator) -> Value {
    let mut operation = Map::new();
    operation.insert("operationId".into(), route.name.into());
    operation.insert("summary".into(), route.summary.into());
    operation.insert("security".into(), security(route.access));
    operation.insert("parameters".into(), parameters(route));
    if let Some(body) = route.body {
        let schema = (body.schema)(schemas);
        let types = body.accepted.types().iter();
        let content: Map<_, _> =
            types.map(|name| ((*name).to_owned(), json!({ "schema": schema }))).collect();
        let body = json!({ "required": body.required, "content": content });
        operation.insert("requestBody".into(), body);
    }
    operation.insert("responses".into(), Value::Object(responses(route, schemas)));
    Value::Object(operation)
}

fn security(access: Access) -> Value {
    match access {
        Access::Open => json!([]),
        Access::OpenOrToken => json!([{}, { "bearer": [] }]),
        Access::Token => json!([{ "bearer": [] }]),
    }
}

fn parameters(route: &Route) -> Value {
    let names = route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let of_path = names.map(|name| {
        let schema = json!({ "type": "string", "minLength": 1 });
        json!({ "name": name, "in": "path", "required": true, "schema": schema })
    });
    let of_query = route.query.iter().map(|(name, meaning)| {
        let schema = match *name {
            "limit" => json!({ "type": "integer", "minimum": 1, "maximum": 1000 }),
            _ => json!({ "type": "string" }),
        };
        json!({ "name": name, "in": "query", "description": meaning, "schema": schema })
    });
    of_path.chain(of_query).collect()
}

fn responses(route: &Route, schemas: &mut SchemaGenerator) -> Map<String, Value> {
    let mut responses = Map::new();
    let refusal = schemas.subschema_for::<Refusal>();
    for (status, codes) in refusals(route) {
        let description = format!("Refused: {}", codes.join(", "));
        let content = json!({ "application/json": { "schema": refusal } });
        let response = json!({ "description": description, "content": content });
        responses.insert(status.to_string(), response);
    }
    for (status, content) in route.answers {
        let content = match content {
            Content::Nothing => json!({}),
            Content::Text => {
                json!({ "application/openmetrics-text": { "schema": { "type": "string" } } })
            }
            Content::Json(schema) => json!({ "application/json": { "schema": schema(schemas) } }),
        };
        let description = status.canonical_reason().unwrap_or_default();
        responses.insert(
            status.as_u16().to_string(),
            json!({ "description": description, "content": content }),
        );
    }
    responses
}

/// The codes that a route may refuse with, by status.
fn refusals(route: &Route) -> BTreeMap<u16, Vec<&'static str>> {
    let token = if route.access == Access::Open { &[] } else { WITH_TOKEN };
    let body = if route.body.is_some() { WITH_BODY } else { &[] };
    let limited = if strangers::is_exempt(route) { &[][..] } else { &[RefusalCode::RateLimited] };
    let codes = [ALWAYS, token, body, limited, route.refusals].into_iter().flatten();
    let unique: BTreeSet<_> = codes.map(|code| (code.status(), code.name())).collect();
    let mut by_status: BTreeMap<u16, Vec<_>> = BTreeMap::new();
    for (status, name) in unique {
        by_status.entry(status).or_default().push(name);
    }
    by_status
}
