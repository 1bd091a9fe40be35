//! HTTP/2 clients that ask and let nothing be sent to them.

use std::io::{Read, Write};

use crate::certified::{certify, connect, serve_with};
use crate::client::Ask;
use crate::process::{peak, resident, size};
use crate::server::eventually;

/// Requests of each connection: what the server takes at once.
const STREAMS: u32 = 32;

const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let head = [&length[1..], &[kind, flags], &stream.to_be_bytes()].concat();
    [&head, payload].concat()
}

/// A window of zero, and then the requests.
fn requests(path: &str) -> Vec<u8> {
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    bytes.extend(frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0]));
    // `GET`, `https`, a path and an authority, the latter two as they stand.
    let length = u8::try_from(path.len()).unwrap();
    let headers = [&[0x82, 0x87, 0x04, length], path.as_bytes(), &[0x01, 1, b'x']].concat();
    for at in 0..STREAMS {
        // The end of the headers and of the stream.
        bytes.extend(frame(HEADERS, 0x5, 2 * at + 1, &headers));
    }
    bytes
}

/// The kind of the next frame; `None` where the server has hung up.
fn next(stream: &mut impl Read) -> Option<u8> {
    let mut head = [0; 9];
    stream.read_exact(&mut head).ok()?;
    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
    let mut payload = vec![0; usize::try_from(length).unwrap()];
    stream.read_exact(&mut payload).ok()?;
    Some(head[3])
}

/// Asks, and reads until each request has the head of its answer. The bodies wait.
fn ask(stream: &mut (impl Read + Write)) {
    stream.write_all(&requests("/openapi.json")).unwrap();
    let mut answers = 0;
    while answers < STREAMS {
        let kind = next(stream);
        assert!(!matches!(kind, None | Some(GOAWAY)), "{kind:?} after {answers} answers");
        answers += u32::from(kind == Some(HEADERS));
    }
}

/// All of them would wait with more than may. Those go that have waited for longest, and the document is one.
#[test]
fn answers_that_nobody_takes_take_bounded_memory() {
    let many = size(150, 700);
    let directory = tempfile::tempdir().unwrap();
    let trusted = certify(directory.path());
    let server = serve_with(directory.path());
    let before = resident(&server);
    let mut crowd: Vec<_> =
        (0..many).map(|_| connect(server.address, &trusted, "h2").unwrap()).collect();
    crowd.iter_mut().for_each(ask);
    let highest = peak(&server);
    println!("{many} times {STREAMS} answers: {before} MiB before, {highest} MiB at most");
    assert!(highest - before < 80, "{before} MiB, then {highest} MiB");
    eventually("the first make room", || next(&mut crowd[0]).is_none());
    let last = connect(server.address, &trusted, "http/1.1");
    assert_eq!(Ask::get("/health").send_on(&mut last.unwrap()).status, 200);
}
