//! `rmcp`'s HTTP client, with one thing told more exactly: that an answer in a stream of events is too
//! large. By itself it ends the stream, and the call cannot be told from one whose server went away.
//!
//! And with less told of failures: see [`discreet`].

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
    AuthRequiredError, HttpStatusError, InsufficientScopeError, SseError, StreamableHttpClient,
    StreamableHttpError, StreamableHttpPostResponse, StreamableHttpResponseLimits,
};
use sse_stream::Sse;

use super::error::{NO_MESSAGE, TOO_LARGE};

type Headers = HashMap<HeaderName, HeaderValue>;
type HttpError = StreamableHttpError<reqwest::Error>;
type Outcome<T> = Result<T, HttpError>;

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
            .await
            .map_err(discreet)?;
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
        self.client.delete_session(uri, session, auth, headers).await.map_err(discreet)
    }

    async fn get_stream(
        &self,
        uri: Arc<str>,
        session: Option<Arc<str>>,
        last_event: Option<String>,
        auth: Option<String>,
        headers: Headers,
    ) -> Outcome<BoxedSseResponse> {
        let opened = self.client.get_stream(uri, session, last_event, auth, headers).await;
        opened.map_err(discreet)
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
            .map_err(discreet)
    }
}

/// The same error without the server's words, which may be the arguments again, and without the URL, which may hold a secret:
/// the library writes some errors into the log, and others go to callers.
fn discreet(error: HttpError) -> HttpError {
    use StreamableHttpError as E;
    match error {
        E::Client(error) => E::Client(error.without_url()),
        E::HttpStatus(HttpStatusError { status, retry_after, .. }) => {
            let seconds = retry_after.filter(|told| told.parse::<u64>().is_ok());
            HttpStatusError::new(status, seconds).into()
        }
        E::UnexpectedServerResponse(text) => match status_in(&text) {
            Some(status) => HttpStatusError::new(status, None).into(),
            None => E::UnexpectedServerResponse(NO_MESSAGE.into()),
        },
        E::UnexpectedContentType(_) => E::UnexpectedContentType(None),
        E::AuthRequired(_) => E::AuthRequired(AuthRequiredError::new(String::new())),
        E::InsufficientScope(_) => {
            E::InsufficientScope(InsufficientScopeError::new(String::new(), None))
        }
        other => other,
    }
}

/// The library writes the status before the body, and tells it in no other way.
fn status_in(text: &str) -> Option<u16> {
    text.strip_prefix("HTTP ")?.get(..3)?.parse().ok()
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

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::http::StatusCode;
    use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
    use tokio::net::TcpListener;

    use super::*;

    /// What a server says of a request, where it is answered so.
    async fn told_of(status: u16, header: (HeaderName, &'static str)) -> HttpError {
        let status = StatusCode::from_u16(status).unwrap();
        let answer = move || async move { (status, [header], "SECRET-WORD") };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/?SECRET-WORD", listener.local_addr().unwrap());
        let serving = axum::serve(listener, Router::new().fallback(answer)).into_future();
        let ping = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
        let ping = serde_json::from_str(ping).unwrap();
        let client = HttpClient { client: reqwest::Client::new(), has_session: Arc::default() };
        tokio::select! {
            answered = client.post_message(url.into(), ping, None, None, Headers::new()) => {
                answered.unwrap_err()
            }
            _ = serving => unreachable!("it serves for ever"),
        }
    }

    #[tokio::test]
    async fn no_error_holds_what_the_server_said() {
        let json = || (CONTENT_TYPE, "application/json");
        for (status, header, told) in [
            (401, json(), "HTTP 401"),
            (401, (WWW_AUTHENTICATE, "Bearer realm=SECRET-WORD"), "Auth required"),
            (403, json(), "HTTP 403"),
            (403, (WWW_AUTHENTICATE, "Bearer realm=SECRET-WORD"), "Insufficient scope"),
            (422, json(), "HTTP 422"),
            (422, (CONTENT_TYPE, "text/html"), "HTTP 422"),
            (429, (RETRY_AFTER, "SECRET-WORD"), "HTTP 429"),
            (500, json(), "HTTP 500"),
            (200, json(), "unexpected server response: its answer is no message"),
            (200, (CONTENT_TYPE, "text/SECRET-WORD"), "Unexpected content type: None"),
        ] {
            let error = told_of(status, header).await;
            assert_eq!(error.to_string(), told, "{status}");
            assert!(!format!("{error:?}").contains("SECRET-WORD"), "{error:?}");
        }
    }
}
