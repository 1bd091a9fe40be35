//! Requests that may meet nobody, as while the server is dead or cut off.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

use crate::client::{Answer, Ask, read_answer};

/// The whole answer, or `None` where the server went away before its end: nobody knows then what became of the request.
pub(crate) fn attempt(ask: &Ask, to: SocketAddr) -> Option<Answer> {
    attempt_within(ask, to, Duration::from_mins(1))
}

/// The same for a client that waits so long for the connection, and so long for each part of the answer.
pub(crate) fn attempt_within(ask: &Ask, to: SocketAddr, patience: Duration) -> Option<Answer> {
    let mut stream = TcpStream::connect_timeout(&to, patience).ok()?;
    stream.set_read_timeout(Some(patience)).ok()?;
    stream.set_write_timeout(Some(patience)).ok()?;
    stream.write_all(&ask.bytes()).ok()?;
    let mut bytes = Vec::new();
    // A server that was killed may reset the connection behind a whole answer.
    let _ = stream.read_to_end(&mut bytes);
    is_whole(&bytes).then(|| read_answer(&mut bytes.as_slice()))
}

fn is_whole(bytes: &[u8]) -> bool {
    let Some(end) = bytes.windows(4).position(|it| it == b"\r\n\r\n") else { return false };
    let answer = read_answer(&mut &bytes[..end + 4]);
    let length = answer.header("content-length").map_or(0, |length| length.parse().unwrap());
    bytes.len() == end + 4 + length
}

/// The claims of a token, unverified.
pub(crate) fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    let json = base64_simd::URL_SAFE_NO_PAD.decode_to_vec(payload).unwrap();
    serde_json::from_slice(&json).unwrap()
}

/// The `jti` of a token.
pub(crate) fn jti(token: &str) -> String {
    claims(token)["jti"].as_str().unwrap().to_owned()
}
