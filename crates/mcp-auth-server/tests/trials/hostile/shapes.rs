//! Requests of a shape that two programs might read in two ways, or that no program should read.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use super::others_are_served;
use crate::server::Server;

/// What comes back on one connection, until the server closes it.
fn exchange(server: &Server, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(50))).unwrap();
    // The server may hang up before it has read all.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    if let Err(error) = stream.read_to_end(&mut answer) {
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}");
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// The status of each answer on a connection.
fn statuses(answer: &str) -> Vec<u16> {
    let heads = answer.split("HTTP/1.").skip(1);
    heads.map(|head| head.split(' ').nth(1).unwrap().parse().unwrap()).collect()
}

const LOGIN: &str =
    "POST /api/v1/auth/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
const HIDDEN: &str = "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

#[test]
fn two_ways_to_say_how_long_a_body_is_are_never_both_believed() {
    let server = Server::start();
    let length = HIDDEN.len();
    let cases = [
        format!("{LOGIN}Content-Length: 2\r\nContent-Length: {length}\r\n\r\n{{}}{HIDDEN}"),
        format!("{LOGIN}Content-Length: 2, {length}\r\n\r\n{{}}{HIDDEN}"),
        format!("{LOGIN}Content-Length: +2\r\n\r\n{{}}{HIDDEN}"),
        format!("{LOGIN}Content-Length: 0x2\r\n\r\n{{}}{HIDDEN}"),
        format!("{LOGIN}Content-Length: -1\r\n\r\n{HIDDEN}"),
        format!("{LOGIN}Content-Length: 99999999999999999999\r\n\r\n{HIDDEN}"),
        format!("{LOGIN}Content-Length : 2\r\n\r\n{{}}{HIDDEN}"),
        format!("{LOGIN}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n{HIDDEN}"),
        format!("{LOGIN}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n{HIDDEN}"),
        format!(
            "{LOGIN}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n{HIDDEN}"
        ),
        format!("{LOGIN} Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n{HIDDEN}"),
        format!(
            "{LOGIN}X: y\r\n Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n{HIDDEN}"
        ),
        format!("{LOGIN}X: a\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{HIDDEN}"),
        format!("{LOGIN}Transfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\nzz\r\n{HIDDEN}"),
        format!("{LOGIN}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{HIDDEN}"),
        format!("{LOGIN}Transfer-Encoding: chunked\r\n\r\n-2\r\n{{}}\r\n0\r\n\r\n{HIDDEN}"),
        format!("{LOGIN}Transfer-Encoding: chunked\r\n\r\n2{{}}\r\n0\r\n\r\n{HIDDEN}"),
    ];
    for bytes in cases {
        let answer = exchange(&server, bytes.as_bytes());
        let statuses = statuses(&answer);
        assert!(matches!(statuses.as_slice(), [] | [400..500]), "{bytes:?}: {answer}");
    }
    others_are_served(&server, "after smuggling");
}

/// RFC 9112 section 6.3: chunks win, and the connection is not used again.
#[test]
fn a_length_beside_chunks_hides_no_request() {
    let server = Server::start();
    for order in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
    ] {
        let bytes = format!("{LOGIN}{order}\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n{HIDDEN}");
        let answer = exchange(&server, bytes.as_bytes());
        assert!(matches!(statuses(&answer).as_slice(), [] | [400..500]), "{order:?}: {answer}");
    }
}

#[test]
fn heads_with_what_does_not_belong_there_are_refused() {
    let server = Server::start();
    let get = "GET /health HTTP/1.1\r\nHost: x\r\n";
    let cases: Vec<Vec<u8>> = vec![
        format!("{get}X: a\0b\r\n\r\n").into(),
        format!("{get}X\0: a\r\n\r\n").into(),
        format!("{get}X: a\rb\r\n\r\n").into(),
        format!("{get}: a\r\n\r\n").into(),
        format!("{get}X Y: a\r\n\r\n").into(),
        format!("{get}X\r\n\r\n").into(),
        b"GET /he\0alth HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(),
        b"GET  /health HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(),
        b"GET /health HTTP/9.9\r\nHost: x\r\n\r\n".to_vec(),
        b"GET /health\r\n\r\n".to_vec(),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
        vec![0; 4096],
        vec![b'\n'; 200_000],
        vec![b'A'; 200_000],
        [b"GET /".to_vec(), vec![b'a'; 100_000], b" HTTP/1.1\r\nHost: x\r\n\r\n".to_vec()].concat(),
    ];
    for bytes in cases {
        let answer = exchange(&server, &bytes);
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(80)]).into_owned();
        assert!(matches!(statuses(&answer).as_slice(), [] | [400..500]), "{shown:?}: {answer}");
    }
    others_are_served(&server, "after broken heads");
}

#[test]
fn values_of_any_bytes_are_answered_and_shown_to_nobody() {
    let server = Server::start();
    let head = b"GET /api/v1/auth/me HTTP/1.1\r\nHost: x\r\nConnection: close\r\n".to_vec();
    for name in ["Authorization", "User-Agent", "X-Request-Id", "X-Forwarded-For", "Cookie", "Host"]
    {
        let value = format!("{name}: Bearer \u{fffd}").into_bytes();
        let bytes = [head.clone(), value, b"\xff\xfe\t\x80\r\n\r\n".to_vec()].concat();
        let answer = exchange(&server, &bytes);
        assert!(matches!(statuses(&answer).as_slice(), [400 | 401]), "{name}: {answer}");
    }
    assert!(!server.log().contains('\u{fffd}'), "{}", server.log());
}

#[test]
fn old_clients_and_such_as_do_not_wait_are_answered_in_order() {
    let server = Server::start();
    let old = exchange(&server, b"GET /health HTTP/1.0\r\n\r\n");
    assert_eq!(statuses(&old), [200], "{old}");
    assert!(old.ends_with("{\"status\":\"ok\"}"), "{old}");
    let asked = "GET /health HTTP/1.1\r\nHost: x\r\n\r\nGET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n"
        .repeat(100);
    let last = "GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let answers = exchange(&server, (asked + last).as_bytes());
    let expected: Vec<u16> = [200, 404].into_iter().cycle().take(201).collect();
    assert_eq!(statuses(&answers), expected);
    let expects = format!(
        "{LOGIN}Expect: 100-continue\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{{}}"
    );
    assert_eq!(statuses(&exchange(&server, expects.as_bytes())), [100, 422]);
    let refused = format!(
        "GET /health HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n{}",
        "x".repeat(2_000_000)
    );
    assert_eq!(statuses(&exchange(&server, refused.as_bytes())), [200], "a body that nobody reads");
}

#[test]
fn a_body_over_the_limit_is_refused_however_it_comes() {
    let server = Server::start();
    let announced = format!("{LOGIN}Content-Length: 1048577\r\n\r\n");
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
    let chunked = format!("{LOGIN}Transfer-Encoding: chunked\r\n\r\n{}", chunk.repeat(20));
    let tiny = format!(
        "{LOGIN}Transfer-Encoding: chunked\r\n\r\n{}0\r\n\r\n",
        "1\r\n \r\n".repeat(200_000)
    );
    for (bytes, expected) in [(announced, 413), (chunked, 413), (tiny, 422)] {
        let answer = exchange(&server, bytes.as_bytes());
        assert!(
            matches!(statuses(&answer).as_slice(), [status] if *status == expected),
            "{expected}: {answer}"
        );
    }
    others_are_served(&server, "after large bodies");
}
