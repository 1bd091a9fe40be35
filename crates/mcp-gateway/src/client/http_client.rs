//! `rmcp`'s HTTP client, with one thing told more exactly: that an answer in a stream of events is too
//! large. By itself it ends the stream, and the call cannot be told from one whose server went away.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::StreamExt;
use reqwest::header::{HeaderName, HeaderValue};
use rmcp::model::{
    ClientJsonRpcMessage, ErrorData, JsonRpcMessage, RequestId, ServerJsonRpcMessage,
};
use rmcp::transport::common::client_side_sse::BoxedSseResponse;
use rmcp::transport::streamable_http_client::{
    SseError, StreamableHttpClient, StreamableHttpError, StreamableHttpPostResponse,
    StreamableHttpResponseLimits,
};

use sse_stream::Sse;

use super::answer::TOO_LARGE;

type Headers = HashMap<HeaderName, HeaderValue>;
type Outcome<T> = Result<T, StreamableHttpError<reqwest::Error>>;

#[derive(Clone)]
pub(super) struct HttpClient {
    pub(super) client: reqwest::Client,
    /// Whether the server has named a session.
    pub(super) has_session: Arc<AtomicBool>,
}

impl StreamableHttpClient for HttpClient {
    type Error = reqwest::Error;

    async fn post_message(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session: Option<Arc<str>>,
        auth: Option<String>,
        headers: Headers,
    ) -> Outcome<StreamableHttpPostResponse> {
        let limits = StreamableHttpResponseLimits::default();
        self.post_message_with_response_limits(uri, message, session, auth, headers, limits).await
    }

    async fn post_message_with_response_limits(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session: Option<Arc<str>>,
        auth: Option<String>,
        headers: Headers,
        limits: StreamableHttpResponseLimits,
    ) -> Outcome<StreamableHttpPostResponse> {
        let request = match &message {
            JsonRpcMessage::Request(request) => Some(request.id.clone()),
            _ => None,
        };
        let answer = self
            .client
            .post_message_with_response_limits(uri, message, session, auth, headers, limits)
            .await?;
        if let StreamableHttpPostResponse::Json(_, Some(_))
        | StreamableHttpPostResponse::Sse(_, Some(_)) = &answer
        {
            self.has_session.store(true, Ordering::Relaxed);
        }
        Ok(match (answer, request) {
            (StreamableHttpPostResponse::Sse(events, session), Some(request)) => {
                StreamableHttpPostResponse::Sse(explained(events, request), session)
            }
            (answer, _) => answer,
        })
    }

    async fn delete_session(
        &self,
        uri: Arc<str>,
        session: Arc<str>,
        auth: Option<String>,
        headers: Headers,
    ) -> Outcome<()> {
        self.client.delete_session(uri, session, auth, headers).await
    }

    async fn get_stream(
        &self,
        uri: Arc<str>,
        session: Option<Arc<str>>,
        last_event: Option<String>,
        auth: Option<String>,
        headers: Headers,
    ) -> Outcome<BoxedSseResponse> {
        self.client.get_stream(uri, session, last_event, auth, headers).await
    }

    async fn get_stream_with_max_sse_event_size(
        &self,
        uri: Arc<str>,
        session: Option<Arc<str>>,
        last_event: Option<String>,
        auth: Option<String>,
        headers: Headers,
        limit: usize,
    ) -> Outcome<BoxedSseResponse> {
        self.client
            .get_stream_with_max_sse_event_size(uri, session, last_event, auth, headers, limit)
            .await
    }
}

/// The events, and in the place of one that is too large an error as the answer to the request.
fn explained(events: BoxedSseResponse, request: RequestId) -> BoxedSseResponse {
    let explain = move |event| match event {
        Err(error) if is_too_large(&error) => Ok(Sse::default().data(refusal(request.clone()))),
        other => other,
    };
    events.map(explain).boxed()
}

/// The library keeps the error's type to itself.
fn is_too_large(error: &SseError) -> bool {
    matches!(error, SseError::Body(cause) if cause.to_string().starts_with("SSE event exceeded"))
}

fn refusal(request: RequestId) -> String {
    let error = ErrorData::new(TOO_LARGE, "the answer is too large", None);
    let message = ServerJsonRpcMessage::error(error, Some(request));
    // A message of these parts is always JSON.
    serde_json::to_string(&message).unwrap_or_default()
}
