//! `rmcp`'s HTTP client, with two things told more exactly. That an answer in a stream of events is too large: by itself it
//! ends the stream, and the call cannot be told from one whose server went away. And which request an error answers: one
//! without its id is dropped, and whoever asked waits for ever.
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
use serde::Deserialize;
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
        Ok(match request {
            Some(request) => addressed(answer, request),
            None => answer,
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

/// The answer to this request, also where it is an error that does not say so: a POST has one answer. Servers that have not
/// read the request know no id, and write none or one of their own.
fn addressed(answer: StreamableHttpPostResponse, request: RequestId) -> StreamableHttpPostResponse {
    use StreamableHttpPostResponse::{Json, Sse};
    match answer {
        Json(JsonRpcMessage::Error(error), session) => {
            Json(JsonRpcMessage::error(error.error, Some(request)), session)
        }
        Sse(events, session) => Sse(explained(events, request), session),
        other => other,
    }
}

/// The events, with errors as answers to the request: those that are there, and one in the place of an event that is too
/// large.
fn explained(events: BoxedSseResponse, request: RequestId) -> BoxedSseResponse {
    let explain = move |event| match event {
        Err(error) if is_too_large(&error) => {
            let error = ErrorData::new(TOO_LARGE, "the answer is too large", None);
            Ok(Sse::default().data(refusal(error, &request)))
        }
        Ok(Sse { data: Some(data), event, id, retry }) => {
            let data = error_in(&data).map_or(data, |error| refusal(error, &request));
            Ok(Sse { data: Some(data), event, id, retry })
        }
        other => other,
    };
    events.map(explain).boxed()
}

/// The error of a message that is one.
fn error_in(data: &str) -> Option<ErrorData> {
    #[derive(Deserialize)]
    struct Failure {
        error: ErrorData,
    }
    // Nearly all events are none, and are read once only.
    let may_be = data.contains("\"error\"");
    may_be.then(|| serde_json::from_str(data).ok()).flatten().map(|Failure { error }| error)
}

/// The library keeps the error's type to itself.
fn is_too_large(error: &SseError) -> bool {
    matches!(error, SseError::Body(cause) if cause.to_string().starts_with("SSE event exceeded"))
}

fn refusal(error: ErrorData, request: &RequestId) -> String {
    let message = ServerJsonRpcMessage::error(error, Some(request.clone()));
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
        answer_of(status, header, "SECRET-WORD".to_owned()).await.unwrap_err()
    }

    async fn answer_of(
        status: u16,
        header: (HeaderName, &'static str),
        body: String,
    ) -> Outcome<StreamableHttpPostResponse> {
        let status = StatusCode::from_u16(status).unwrap();
        let answer = move || async move { (status, [header], body) };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/?SECRET-WORD", listener.local_addr().unwrap());
        let serving = axum::serve(listener, Router::new().fallback(answer)).into_future();
        let ping = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
        let ping = serde_json::from_str(ping).unwrap();
        let client = HttpClient { client: reqwest::Client::new(), has_session: Arc::default() };
        tokio::select! {
            answered = client.post_message(url.into(), ping, None, None, Headers::new()) => answered,
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

    /// The official Python SDK writes `server-error`.
    #[tokio::test]
    async fn an_error_answers_the_request_whatever_its_id() {
        for id in [r#""id":null,"#, r#""id":"server-error","#, r#""id":7,"#, ""] {
            let error =
                format!(r#"{{"jsonrpc":"2.0",{id}"error":{{"code":-32600,"message":"no"}}}}"#);
            for status in [200, 400, 404] {
                let header = (CONTENT_TYPE, "application/json");
                let answer = answer_of(status, header, error.clone()).await.unwrap();
                let StreamableHttpPostResponse::Json(message, _) = answer else { panic!("{id}") };
                refuses_the_first(&message);
            }
            let header = (CONTENT_TYPE, "text/event-stream");
            let other = r#"{"jsonrpc":"2.0","method":"a","params":{"error":1}}"#;
            let events = format!("id: 5\ndata: {other}\n\nid: 6\ndata: {error}\n\n");
            let answer = answer_of(200, header, events).await.unwrap();
            let StreamableHttpPostResponse::Sse(events, _) = answer else { panic!("{id}") };
            let [first, second] =
                events.map(Result::unwrap).collect::<Vec<_>>().await.try_into().unwrap();
            assert_eq!(first.data.unwrap(), other);
            refuses_the_first(&serde_json::from_str(&second.data.unwrap()).unwrap());
            assert_eq!(second.id.unwrap(), "6");
        }
    }

    fn refuses_the_first(message: &ServerJsonRpcMessage) {
        let JsonRpcMessage::Error(error) = message else { panic!("{message:?}") };
        assert_eq!((error.id.clone(), error.error.code.0), (Some(RequestId::Number(1)), -32_600));
    }
}
