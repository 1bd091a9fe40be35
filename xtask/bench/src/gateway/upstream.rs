//! The MCP server behind everything that is measured: as little as the protocol allows, so that it is the way to it that
//! takes the time. It speaks 2026-07-28 and, for who begins with a handshake, 2025-11-25.

use std::io::{BufRead as _, Write as _};
use std::time::Duration;

use anyhow::Result;
use axum::Router;
use axum::body::Bytes;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::http::serve_at_a_free_port;

/// What its tool answers with.
pub(super) const ANSWER: &str = "an answer of thirty-two characters";

const DISCOVERED: &str = r#"{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{}},"ttlMs":0,"cacheScope":"private","_meta":{"io.modelcontextprotocol/serverInfo":{"name":"upstream","version":"1"}}}"#;
const INITIALIZED: &str = r#"{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"upstream","version":"1"}}"#;
const LISTED: &str = r#"{"resultType":"complete","ttlMs":0,"cacheScope":"private","tools":[
{"name":"echo","description":"Answers at once","inputSchema":{"type":"object","properties":{"text":{"type":"string"}},"required":["text"]}},
{"name":"hang","description":"Answers never","inputSchema":{"type":"object"}}]}"#;

#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    method: &'a str,
    #[serde(borrow)]
    params: Option<Params<'a>>,
}

#[derive(Deserialize)]
struct Params<'a> {
    name: Option<&'a str>,
}

/// What becomes of a message.
enum Told {
    Answer(String),
    Nothing,
    Never,
}

fn told(message: &[u8]) -> Result<Told> {
    let request: Request<'_> = serde_json::from_slice(message)?;
    let Some(id) = request.id else { return Ok(Told::Nothing) };
    let tool = request.params.and_then(|params| params.name);
    let called = format!(
        r#"{{"resultType":"complete","content":[{{"type":"text","text":"{ANSWER}"}}],"isError":false}}"#
    );
    let result = match (request.method, tool) {
        ("tools/call", Some("hang")) => return Ok(Told::Never),
        ("tools/call", _) => called.as_str(),
        ("tools/list", _) => LISTED,
        ("server/discover", _) => DISCOVERED,
        ("initialize", _) => INITIALIZED,
        _ => "{}",
    };
    Ok(Told::Answer(format!(
        r#"{{"jsonrpc":"2.0","id":{id},"result":{}}}"#,
        result.replace('\n', "")
    )))
}

/// Serves streamable HTTP until it is killed; says first where.
pub(crate) fn serve_http() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(serve_at_a_free_port(Router::new().route("/mcp", post(answer))))
}

async fn answer(body: Bytes) -> Response {
    match told(&body) {
        Ok(Told::Answer(answer)) => {
            ([(header::CONTENT_TYPE, "application/json")], answer).into_response()
        }
        Ok(Told::Nothing) => StatusCode::ACCEPTED.into_response(),
        Ok(Told::Never) => {
            tokio::time::sleep(Duration::from_hours(1)).await;
            StatusCode::REQUEST_TIMEOUT.into_response()
        }
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}

/// Serves standard input and output until the input ends.
pub(crate) fn serve_stdio() -> Result<()> {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        if let Told::Answer(answer) = told(line?.as_bytes())? {
            out.write_all(format!("{answer}\n").as_bytes())?;
            out.flush()?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn every_answer_is_json_with_the_id_of_its_request() {
        for method in ["server/discover", "initialize", "tools/list", "tools/call", "ping"] {
            let message = format!(
                r#"{{"jsonrpc":"2.0","id":"a7","method":"{method}","params":{{"name":"echo"}}}}"#
            );
            let Ok(Told::Answer(answer)) = told(message.as_bytes()) else { panic!("{method}") };
            assert!(!answer.contains('\n'), "{answer}");
            let answer: Value = serde_json::from_str(&answer).unwrap();
            assert_eq!(answer["id"], "a7");
        }
        let note = br#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
        assert!(matches!(told(note), Ok(Told::Nothing)));
    }
}
