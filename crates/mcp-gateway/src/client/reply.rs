//! The answer to a POST: one JSON message, or a stream of events of which one is the answer.

use futures_util::{Stream, StreamExt, TryStreamExt};
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use rmcp::model::{JsonRpcMessage, RequestId, ServerResult};
use sse_stream::{Error, SseStream};

use super::error::{self, ClientError};
use super::reading;

/// What the server answered.
pub(super) type Reply = ServerResult;

/// Reads until the answer to the request of this id is there.
pub(super) async fn read(response: Response, id: &str, limit: usize) -> Result<Reply, ClientError> {
    let status = response.status();
    // Whatever they say: it is not the tool that speaks.
    if matches!(
        status,
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS
    ) {
        return Err(of_status(&response));
    }
    match (form(&response), status) {
        (Form::Events, StatusCode::OK) => read_events(response, id, limit).await,
        (Form::Json, _) => {
            let no_message = match status {
                StatusCode::OK => ClientError::violation(error::NO_MESSAGE),
                _ => of_status(&response),
            };
            let body = read_body(response, limit).await?;
            answer(&body, id).unwrap_or(Err(no_message))
        }
        (Form::Other, StatusCode::OK) => Err(ClientError::violation(error::NEITHER_FORM)),
        _ => Err(of_status(&response)),
    }
}

enum Form {
    Json,
    Events,
    Other,
}

/// By the media type, whose parameters say nothing here (RFC 9110 section 8.3.1).
fn form(response: &Response) -> Form {
    let value = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = value.and_then(|value| value.split(';').next()).unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        Form::Json
    } else if essence.eq_ignore_ascii_case("text/event-stream") {
        Form::Events
    } else {
        Form::Other
    }
}

fn of_status(response: &Response) -> ClientError {
    let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    ClientError::of_status(response.status().as_u16(), retry_after)
}

async fn read_body(mut response: Response, limit: usize) -> Result<Vec<u8>, ClientError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| ClientError::from(&error))? {
        if chunk.len() > limit - body.len() {
            return Err(ClientError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

async fn read_events(response: Response, id: &str, limit: usize) -> Result<Reply, ClientError> {
    let chunks = response.bytes_stream().map_err(|error| Broken::Off(ClientError::from(&error)));
    let mut events = SseStream::from_bytes_stream(bounded(chunks, limit));
    while let Some(event) = events.next().await {
        let event = event.map_err(told)?;
        // Without a kind, or with an empty one, it is a message (WHATWG HTML section 9.2.6).
        if event.event.as_deref().is_some_and(|kind| !matches!(kind, "" | "message")) {
            continue;
        }
        let data = event.data.unwrap_or_default();
        // Notifications of progress come before it; nobody here follows them.
        if let Some(answer) = answer(data.as_bytes(), id) {
            return answer;
        }
    }
    Err(ClientError::lost(error::BROKEN_OFF))
}

/// Why a stream ends before its time.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error("{0}")]
    Off(ClientError),
    #[error("an event is too large")]
    TooLarge,
}

/// The same chunks, until an event is larger than allowed.
fn bounded<T: AsRef<[u8]>>(
    chunks: impl Stream<Item = Result<T, Broken>>,
    limit: usize,
) -> impl Stream<Item = Result<T, Broken>> {
    let mut event = Event::default();
    chunks.map(move |chunk| {
        let chunk = chunk?;
        if event.grows_beyond(limit, chunk.as_ref()) { Err(Broken::TooLarge) } else { Ok(chunk) }
    })
}

/// The event that has not ended yet.
#[derive(Default)]
struct Event {
    bytes: usize,
    /// Bytes of its last line; an empty line ends it.
    line: usize,
    /// Whether the last byte was a carriage return, which ends a line alone or with the line feed behind it.
    is_returned: bool,
}

impl Event {
    fn grows_beyond(&mut self, limit: usize, bytes: &[u8]) -> bool {
        bytes.iter().any(|byte| {
            self.bytes += 1;
            match byte {
                b'\n' if self.is_returned => {}
                b'\n' | b'\r' if self.line == 0 => self.bytes = 0,
                b'\n' | b'\r' => self.line = 0,
                _ => self.line += 1,
            }
            self.is_returned = *byte == b'\r';
            self.bytes > limit
        })
    }
}

fn told(error: Error) -> ClientError {
    let Error::Body(cause) = error else {
        return ClientError::violation("its stream of events is malformed");
    };
    match cause.downcast::<Broken>().map(|broken| *broken) {
        Ok(Broken::TooLarge) => ClientError::TooLarge,
        Ok(Broken::Off(error)) => error,
        Err(_) => ClientError::lost(error::BROKEN_OFF),
    }
}

/// The answer to this request, where the message is one. An error is, whatever its id: a server that has not read the request
/// writes none (JSON-RPC 2.0, section 5) or one of its own.
fn answer(message: &[u8], id: &str) -> Option<Result<Reply, ClientError>> {
    let is_ours = |told: &RequestId| matches!(told, RequestId::String(told) if **told == *id);
    match reading::message(message).ok()? {
        JsonRpcMessage::Response(response) if is_ours(&response.id) => Some(Ok(response.result)),
        JsonRpcMessage::Error(error) => {
            let (code, message) = (error.error.code.0, error.error.message.into_owned());
            Some(Err(ClientError::Refused { code, message }))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use axum::http;

    use super::*;

    const ANSWER: &str = r#"{"jsonrpc":"2.0","id":"call-1","result":{"content":[]}}"#;
    const PROGRESS: &str = r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}}"#;

    async fn read_as(status: u16, media_type: &str, body: impl Into<String>) -> String {
        let response = http::Response::builder().status(status).header("content-type", media_type);
        let response = Response::from(response.body(body.into()).unwrap());
        match read(response, "call-1", 400).await {
            Ok(ServerResult::CallToolResult(_)) => "answered".to_owned(),
            Ok(other) => format!("{other:?}"),
            Err(error) => format!("{error:?}"),
        }
    }

    #[tokio::test]
    async fn an_answer_is_one_message() {
        let json = "Application/JSON; charset=utf-8";
        assert_eq!(read_as(200, json, ANSWER).await, "answered");
        let others = ANSWER.replace("call-1", "call-2");
        for body in [&others, "{}", ""] {
            let read = read_as(200, json, body).await;
            assert_eq!(read, r#"Violation("its answer is no message")"#, "{body}");
        }
        assert_eq!(read_as(200, json, " ".repeat(401)).await, "TooLarge");
        for id in ["", r#""id":null,"#, r#""id":"server-error","#] {
            let refused =
                format!(r#"{{"jsonrpc":"2.0",{id}"error":{{"code":-32602,"message":"no"}}}}"#);
            for status in [200, 400] {
                let read = read_as(status, json, &refused).await;
                assert_eq!(read, r#"Refused { code: -32602, message: "no" }"#);
            }
        }
    }

    #[tokio::test]
    async fn an_answer_is_an_event_among_others() {
        let events = "text/event-stream";
        let event = |data: &str| format!("data: {data}\n\n");
        let progress = event(PROGRESS);
        let answered = [progress.repeat(9), event(ANSWER)].concat();
        assert_eq!(read_as(200, events, answered).await, "answered");
        let broken = r#"Lost("its answer broke off")"#;
        assert_eq!(read_as(200, events, &progress).await, broken);
        assert_eq!(read_as(200, events, "").await, broken);
        let large = event(&"x".repeat(401));
        assert_eq!(read_as(200, events, &large).await, "TooLarge");
        assert_eq!(read_as(200, events, [&progress, &*large].concat()).await, "TooLarge");
        let others = format!(
            "event: error\n{}",
            event(r#"{"jsonrpc":"2.0","error":{"code":1,"message":""}}"#)
        );
        let unnamed = format!("event:\n{}", event(ANSWER));
        assert_eq!(read_as(200, events, [others, unnamed].concat()).await, "answered");
    }

    #[tokio::test]
    async fn an_event_ends_wherever_its_bytes_are_parted() {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["data: 12345", end, end].concat().repeat(2);
            for length in 1..=text.len() {
                let passes = async |limit| {
                    let chunks = text.as_bytes().chunks(length).map(Ok);
                    let passed = bounded(futures_util::stream::iter(chunks), limit);
                    passed.try_collect::<Vec<_>>().await.is_ok()
                };
                // All but its last end, and at most the rest of the end before.
                assert!(!passes(11).await && passes(14).await, "{end:?} in parts of {length}");
            }
        }
    }

    #[tokio::test]
    async fn what_is_no_answer_names_its_status() {
        let lost = |status| format!(r#"Lost("it answered with the HTTP status {status}")"#);
        for (status, media_type) in [(500, "text/html"), (401, "application/json"), (404, "")] {
            assert_eq!(read_as(status, media_type, "no").await, lost(status));
        }
        let read = read_as(503, "text/html", "no").await;
        assert_eq!(read, "Away { status: 503, again_after: None }");
        for status in [403, 429] {
            let read = read_as(status, "application/json", ANSWER).await;
            assert_eq!(read, format!("Declined {{ status: {status}, again_after: None }}"));
        }
        let read = read_as(200, "text/html", "no").await;
        assert!(read.starts_with("Violation"), "{read}");
    }
}
