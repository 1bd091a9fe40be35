//! Clients that take their time.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use super::others_are_served;
use crate::process::with_files;
use crate::server::{Server, eventually};

fn begin(server: &Server, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.write_all(bytes).unwrap();
    stream
}

/// Whether the server has hung up.
fn is_over(stream: &mut TcpStream) -> bool {
    stream.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
    match stream.read(&mut [0; 4096]) {
        Ok(read) => read == 0,
        Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
    }
}

const BODY: &[u8] =
    b"POST /api/v1/auth/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
    Content-Length: 1000\r\n\r\n{\"username\":";
const CHUNKS: &[u8] =
    b"POST /api/v1/auth/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
    Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n";

/// The head and the body have a time in which they must come, however lively the client is.
#[test]
fn who_dawdles_is_dropped() {
    let server = Server::start();
    let mut silent = [begin(&server, b""), begin(&server, b"GET /health HTT")];
    let mut dripping: Vec<TcpStream> = [b"GET /health HTTP/1.1\r\nX: ".as_slice(), BODY, CHUNKS]
        .map(|it| begin(&server, it))
        .into();
    eventually("the slow are dropped", || {
        for (at, stream) in dripping.iter_mut().enumerate() {
            let drop: &[u8] = if at == 2 { b"1\r\n \r\n" } else { b"a" };
            let _ = stream.write_all(drop);
        }
        others_are_served(&server, "slow clients");
        silent.iter_mut().chain(&mut dripping).all(is_over)
    });
}

/// Whoever begins a request and does not go on makes room for others, as the idle do, and does not stay until the time
/// for a body is over: the server hangs up without the answer that would come then.
#[test]
fn slow_bodies_shut_nobody_out() {
    let server = with_files(200);
    let mut slow = Vec::new();
    for at in 0..300 {
        slow.push(begin(&server, if at % 2 == 0 { BODY } else { CHUNKS }));
        if at % 50 == 49 {
            others_are_served(&server, "slow bodies");
        }
    }
    let mut made_room = 0;
    for stream in &mut slow {
        stream.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
        made_room += usize::from(!matches!(stream.read(&mut [0; 1]), Ok(1) | Err(_)));
    }
    assert!(made_room > 100, "{made_room} of 300");
}
