//! MCP over streamable HTTP.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use reqwest::header::{HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;

use super::Limits;
use super::direct::Way;
use super::error::ClientError;
use super::http_client::HttpClient;

/// What the library sends besides calls: lists, subscriptions and the look at a server that seems to be gone. A call that
/// goes on, or many of them, must not keep these waiting.
const BESIDE_CALLS: usize = 4;

/// Makes a transport, and the way for calls beside it. Nothing is sent yet.
///
/// The client keeps connections open between calls, follows no redirect, because the headers carry
/// secrets, and takes no proxy from the environment, which libraries do not read.
pub(super) fn transport(
    url: &str,
    headers: &BTreeMap<String, String>,
    limits: Limits,
) -> Result<(StreamableHttpClientTransport<HttpClient>, Way), ClientError> {
    let client = reqwest::Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .connect_timeout(limits.patience)
        .pool_max_idle_per_host(limits.at_once)
        .build()
        .map_err(|_| ClientError::lost("the HTTP client cannot be made on this system"))?;
    let (headers, has_session) = (read(headers)?, Arc::new(AtomicBool::new(false)));
    let config = StreamableHttpClientTransportConfig::with_uri(url)
        .custom_headers(headers.clone())
        .max_concurrent_requests(limits.at_once.saturating_add(BESIDE_CALLS))
        .max_sse_event_size(limits.message)
        .max_json_response_size(limits.message);
    let way = Way {
        http: client.clone(),
        url: url.to_owned(),
        headers,
        limit: limits.message,
        has_session: Arc::clone(&has_session),
    };
    Ok((
        StreamableHttpClientTransport::with_client(HttpClient { client, has_session }, config),
        way,
    ))
}

fn read(
    headers: &BTreeMap<String, String>,
) -> Result<HashMap<HeaderName, HeaderValue>, ClientError> {
    let read = |(name, value): (&String, &String)| {
        let wrong = || ClientError::lost(format!("the header `{name}` is not valid; correct it"));
        let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
        let mut value = HeaderValue::from_str(value).map_err(|_| wrong())?;
        value.set_sensitive(true);
        Ok((header, value))
    };
    headers.iter().map(read).collect()
}
