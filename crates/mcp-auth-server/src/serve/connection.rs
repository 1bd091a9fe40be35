//! One connection: HTTP/1.1, or HTTP/2 where TLS agreed on it.

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use mcp_auth_tower::PeerAddress;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tower::Service as _;

use super::connections::{Awaited, Ticket, Untaken, Unwritten};

/// How long the head of a request may take, and how long a connection is kept without one.
const HEAD: Duration = Duration::from_secs(20);

/// Most headers, and most bytes of a head. What is over is answered with 431, or with 414 where the target alone is.
const MAX_HEADERS: usize = 100;
const MAX_HEAD_BYTES: u16 = 32 * 1024;

/// The same for HTTP/2, where dozens of requests wait at once, and a byte may stand for a header of four thousand.
const MAX_HEADERS_BYTES: u32 = 16 * 1024;

/// Most requests at once on one HTTP/2 connection.
const MAX_STREAMS: u32 = 32;

/// Most bytes that one HTTP/2 stream, and one connection, may send before they are read.
const STREAM_WINDOW: u32 = 64 * 1024;
const CONNECTION_WINDOW: u32 = 256 * 1024;

/// How long a connection that should end may take to do so.
const GOODBYE: Duration = Duration::from_secs(25);

/// The same without a request: enough to write the end of an answer, too little to begin to ask.
const GOODBYE_IDLE: Duration = Duration::from_millis(100);

/// A stream of bytes, and which protocol is spoken on it.
pub(crate) struct Wire {
    io: Pin<Box<dyn Stream>>,
    is_http2: bool,
}

trait Stream: AsyncRead + AsyncWrite + Send {}

impl<T: AsyncRead + AsyncWrite + Send> Stream for T {}

impl Wire {
    pub(crate) fn plain(stream: TcpStream) -> Self {
        Self { io: Box::pin(stream), is_http2: false }
    }

    pub(crate) fn encrypted(stream: TlsStream<TcpStream>) -> Self {
        let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        Self { io: Box::pin(stream), is_http2 }
    }
}

/// Answers requests until the client leaves, is idle for too long, or must make room.
pub(crate) async fn serve(
    wire: Wire,
    router: Router,
    peer: SocketAddr,
    ticket: Ticket,
    stop: CancellationToken,
) {
    let ticket = Arc::new(ticket);
    let service = service_fn({
        let ticket = Arc::clone(&ticket);
        move |request| answer(router.clone(), request, peer, &ticket)
    });
    let io = TokioIo::new(Unwritten::new(wire.io, &ticket));
    if wire.is_http2 {
        let connection = http2().serve_connection(io, service);
        drive(connection, http2::Connection::graceful_shutdown, &ticket, &stop).await;
    } else {
        let connection = http1().serve_connection(io, service);
        drive(connection, http1::Connection::graceful_shutdown, &ticket, &stop).await;
    }
}

fn http1() -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEAD_BYTES.into());
    builder
}

fn http2() -> http2::Builder<TokioExecutor> {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_header_list_size(MAX_HEADERS_BYTES)
        .keep_alive_interval(HEAD)
        .keep_alive_timeout(HEAD);
    builder
}

fn answer(
    mut router: Router,
    request: Request<Incoming>,
    peer: SocketAddr,
    ticket: &Arc<Ticket>,
) -> impl Future<Output = Result<Response<Body>, Infallible>> + use<> {
    let (ticket, busy) = (Arc::clone(ticket), ticket.busy());
    let mut request = request.map(|body| Body::new(Awaited::new(body, &ticket)));
    request.extensions_mut().insert(PeerAddress::from(peer));
    async move {
        if let Some(status) = refused_head(&request) {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = status;
            return Ok(response);
        }
        let Ok(response) = router.call(request).await;
        drop(busy);
        Ok(response.map(|body| Body::new(Untaken::new(body, &ticket))))
    }
}

/// The answer to a head that is too large, as hyper gives it. What hyper reads at once may be a good deal more than what it was
/// told to keep.
fn refused_head<B>(request: &Request<B>) -> Option<StatusCode> {
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    let headers = request.headers().iter();
    let headers: usize = headers.map(|(name, value)| name.as_str().len() + value.len()).sum();
    let most = usize::from(MAX_HEAD_BYTES);
    match (target > most, target + headers > most) {
        (true, _) => Some(StatusCode::URI_TOO_LONG),
        (_, true) => Some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
        _ => None,
    }
}

/// Runs the connection to its end. One that should end finishes the request that it has, and takes no other.
async fn drive<C: Future<Output = Result<(), hyper::Error>>>(
    connection: C,
    finish: impl FnOnce(Pin<&mut C>),
    ticket: &Ticket,
    stop: &CancellationToken,
) {
    let mut connection = pin!(connection);
    let is_idle = tokio::select! {
        // How a client left is its own affair.
        _ = poll_fn(|context| connection.as_mut().poll(context)) => return,
        () = ticket.evicted() => ticket.is_idle(),
        // Others do not wait for its place, so that a client which is slow may say the rest.
        () = stop.cancelled() => !ticket.has_request(),
    };
    finish(connection.as_mut());
    let patience = if is_idle { GOODBYE_IDLE } else { GOODBYE };
    let _ = timeout(patience, connection).await;
}
