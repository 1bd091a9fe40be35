//! As much HTTP as the demo needs, so that it runs where no `curl` is.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

/// One request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) token: Option<&'a str>,
    pub(super) body: Option<&'a Value>,
}

/// Its answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
}

/// Sends it to `host:port`, on a connection of its own.
pub(super) fn send(server: &str, request: &Request<'_>) -> Result<Answer> {
    let mut stream = TcpStream::connect(server).context("the server does not listen")?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    stream.write_all(written(server, request).as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).context("the server's answer does not end")?;
    parse(&answer).with_context(|| format!("this is no answer: {answer}"))
}

fn written(server: &str, request: &Request<'_>) -> String {
    let Request { method, path, token, body } = request;
    let token = token.map(|token| format!("Authorization: Bearer {token}\r\n"));
    let (json, body) = match body {
        Some(body) => ("Content-Type: application/json\r\n", body.to_string()),
        None => ("", String::new()),
    };
    format!(
        "{method} {path} HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\n{}{json}Content-Length: {}\r\n\r\n{body}",
        token.unwrap_or_default(),
        body.len()
    )
}

fn parse(answer: &str) -> Option<Answer> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(Answer { status, body: serde_json::from_str(body).ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_written_and_an_answer_read() {
        let body = serde_json::json!({"a": 1});
        let request = Request { method: "POST", path: "/x", token: Some("t"), body: Some(&body) };
        assert_eq!(
            written("h:1", &request),
            "POST /x HTTP/1.1\r\nHost: h:1\r\nConnection: close\r\nAuthorization: Bearer t\r\n\
             Content-Type: application/json\r\nContent-Length: 7\r\n\r\n{\"a\":1}"
        );
        let answer = parse("HTTP/1.1 401 Unauthorized\r\nA: b\r\n\r\n{\"detail\":\"x\"}").unwrap();
        assert_eq!((answer.status, answer.body["detail"].as_str()), (401, Some("x")));
    }
}
