//! Calls of tools over HTTP since protocol 2026-07-28. There every request is a POST of its own, without a session; servers
//! ask nothing in between, and closing the connection cancels. So whoever calls can post for itself.
//!
//! `rmcp` leads each request through three tasks and copies it on the way, a quarter of what a call through the gateway
//! costs. It keeps everything else: finding out what the server speaks, lists, subscriptions, and calls of tools whose
//! arguments go into headers as well.

use std::collections::{HashMap, HashSet};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, Request, Url};
use rmcp::model::{ClientConfig, JsonObject, ProtocolVersion, RequestMetaObject};
use serde::Serialize;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::error::ClientError;
use super::reply;
use crate::tool::ListedTool;

const METHOD: HeaderName = HeaderName::from_static("mcp-method");
const NAME: HeaderName = HeaderName::from_static("mcp-name");
const VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");

/// What the argument schemas of tools may ask for: an argument as a header.
const IN_HEADER: &str = "x-mcp-header";

const CALL: &str = "tools/call";

/// What the library's transport and these calls share.
pub(super) struct Way {
    pub(super) http: Client,
    pub(super) url: String,
    /// Those that the configuration names.
    pub(super) headers: HashMap<HeaderName, HeaderValue>,
    /// Bytes of one message.
    pub(super) limit: usize,
    /// Whether the server wants a session named, which the library keeps.
    pub(super) has_session: Arc<AtomicBool>,
}

/// Calls of one server.
pub(super) struct Direct {
    way: Way,
    url: Url,
    headers: HeaderMap,
    meta: RequestMetaObject,
    /// When the library's side of the connection ends.
    closed: CancellationToken,
    /// Tools that the library has to call.
    others: Mutex<HashSet<String>>,
    calls: AtomicU64,
}

#[derive(Serialize)]
struct Message<'a> {
    jsonrpc: &'static str,
    id: &'a str,
    method: &'static str,
    params: Params<'a>,
}

#[derive(Serialize)]
struct Params<'a> {
    #[serde(rename = "_meta")]
    meta: &'a RequestMetaObject,
    name: &'a str,
    arguments: &'a JsonObject,
}

impl Direct {
    /// In this version, with what every request says of who asks, until the connection is closed. `None` where the URL is none,
    /// which the library says.
    pub(super) fn new(
        way: Way,
        version: ProtocolVersion,
        about: ClientConfig,
        closed: CancellationToken,
    ) -> Option<Self> {
        let mut headers: HeaderMap = way.headers.clone().into_iter().collect();
        let ours = [
            (ACCEPT, "application/json, text/event-stream"),
            (CONTENT_TYPE, "application/json"),
            (METHOD, CALL),
            (VERSION, version.as_str()),
        ];
        // One of each, whatever the configuration names.
        for (name, value) in ours {
            headers.insert(name, HeaderValue::from_str(value).ok()?);
        }
        let mut meta = RequestMetaObject::default();
        meta.set_protocol_version(version);
        meta.set_client_info(about.client_info);
        meta.set_client_capabilities(about.capabilities);
        let (url, others) = (way.url.parse().ok()?, Mutex::default());
        Some(Self { way, url, headers, meta, closed, others, calls: AtomicU64::new(0) })
    }

    /// Takes note of the tools that the server lists now.
    pub(super) fn note(&self, tools: &[ListedTool]) {
        let others = tools.iter().filter(|tool| mentions(&tool.parameters, IN_HEADER));
        *self.others() = others.map(|tool| tool.name.clone()).collect();
    }

    /// Whether this tool can be called here.
    pub(super) fn can_call(&self, tool: &str) -> bool {
        let has_session = self.way.has_session.load(Ordering::Relaxed);
        !has_session && is_legible(tool) && !self.others().contains(tool)
    }

    /// Calls a tool. Dropping the future closes the connection, which cancels the call. It ends with the library's side of
    /// the connection too: what that gives up is lost.
    pub(super) async fn call(
        &self,
        tool: &str,
        arguments: &JsonObject,
    ) -> Result<reply::Reply, ClientError> {
        // Beside the ids of the library, which are numbers.
        let id = format!("call-{}", self.calls.fetch_add(1, Ordering::Relaxed));
        let request = self.request(&id, tool, arguments)?;
        let answered = async {
            let response = self.way.http.execute(request).await;
            let response = response.map_err(|error| ClientError::from(&error))?;
            reply::read(response, &id, self.way.limit).await
        };
        let answered = self.closed.run_until_cancelled(pin!(answered)).await;
        answered.unwrap_or_else(|| Err(ClientError::lost("the connection was closed")))
    }

    fn request(
        &self,
        id: &str,
        tool: &str,
        arguments: &JsonObject,
    ) -> Result<Request, ClientError> {
        let unfit = |_| ClientError::violation("its name cannot be sent in a header");
        let params = Params { meta: &self.meta, name: tool, arguments };
        let message = Message { jsonrpc: "2.0", id, method: CALL, params };
        let body = serde_json::to_vec(&message);
        let body = body.map_err(|_| ClientError::violation("the arguments are no JSON"))?;
        let mut request = Request::new(Method::POST, self.url.clone());
        request.headers_mut().clone_from(&self.headers);
        request.headers_mut().insert(NAME, HeaderValue::from_str(tool).map_err(unfit)?);
        *request.body_mut() = Some(body.into());
        Ok(request)
    }

    // A panic cannot leave the set half written.
    fn others(&self) -> MutexGuard<'_, HashSet<String>> {
        self.others.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a name stands in a header as it is. Others are encoded (SEP-2243).
fn is_legible(name: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:".contains(&byte);
    !name.is_empty() && name.bytes().all(legal)
}

fn mentions(schema: &Value, wanted: &str) -> bool {
    match schema {
        Value::Object(members) => {
            members.iter().any(|(name, value)| name == wanted || mentions(value, wanted))
        }
        Value::Array(values) => values.iter().any(|value| mentions(value, wanted)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::handler::about_us;
    use super::*;

    fn direct() -> Direct {
        let headers = [("authorization", "x"), ("content-type", "application/json")];
        let headers =
            headers.map(|(name, it)| (HeaderName::from_static(name), HeaderValue::from_static(it)));
        let way = Way {
            http: Client::new(),
            url: "http://host/mcp".to_owned(),
            headers: headers.into(),
            limit: 10,
            has_session: Arc::default(),
        };
        let version = ProtocolVersion::V_2026_07_28;
        Direct::new(way, version, about_us(), CancellationToken::new()).unwrap()
    }

    #[test]
    fn tools_with_headers_of_their_own_are_left_to_the_library() {
        let direct = direct();
        let tool = |name: &str, parameters| ListedTool {
            name: name.to_owned(),
            description: String::new(),
            parameters,
        };
        let annotated =
            json!({"properties": {"region": {"type": "string", "x-mcp-header": "Region"}}});
        direct.note(&[tool("plain", json!({"type": "object"})), tool("annotated", annotated)]);
        let can = ["plain", "annotated", "née", "a b", ""].map(|tool| direct.can_call(tool));
        assert_eq!(can, [true, false, false, false, false]);
        direct.note(&[tool("annotated", json!({}))]);
        assert!(direct.can_call("annotated"), "its schema is another one now");
        direct.way.has_session.store(true, Ordering::Relaxed);
        assert!(!direct.can_call("annotated"), "the library knows the session");
    }

    #[tokio::test]
    async fn a_call_ends_with_its_connection() {
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut direct = direct();
        direct.url = format!("http://{}/mcp", silent.local_addr().unwrap()).parse().unwrap();
        let (arguments, closed) = (JsonObject::new(), direct.closed.clone());
        let call = direct.call("echo", &arguments);
        let close = async {
            drop(silent.accept().await.unwrap());
            closed.cancel();
        };
        let (answered, ()) = tokio::join!(call, close);
        assert!(matches!(answered, Err(ClientError::Lost(_))));
    }

    #[test]
    fn a_request_says_in_headers_and_body_what_is_called() {
        let arguments = json!({"text": "x"}).as_object().unwrap().clone();
        let request = direct().request("call-0", "echo", &arguments).unwrap();
        for (name, value) in [
            ("mcp-method", "tools/call"),
            ("mcp-name", "echo"),
            ("mcp-protocol-version", "2026-07-28"),
            ("authorization", "x"),
            ("content-type", "application/json"),
        ] {
            let values: Vec<_> = request.headers().get_all(name).iter().collect();
            assert_eq!(values, [value], "{name}");
        }
        let body = request.body().unwrap().as_bytes().unwrap();
        let body: Value = serde_json::from_slice(body).unwrap();
        assert_eq!(body["params"]["arguments"], json!({"text": "x"}));
        assert_eq!((&body["id"], &body["params"]["name"]), (&json!("call-0"), &json!("echo")));
        let version = &body["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"];
        assert_eq!(version, "2026-07-28");
    }
}
