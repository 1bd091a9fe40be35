//! The accept loop.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use mcp_auth_cli::{Failure, exit};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::app::App;
use super::connection::{self, Wire};
use super::connections::{Connections, Ticket};
use super::routes;
use super::tls::Tls;
use crate::settings::Listen;

/// Connections that wait to be accepted.
const BACKLOG: u32 = 4_096;

/// What the operating system holds of an answer for a client. It says that a connection can be written to when a third is
/// free: with the megabytes that it would take otherwise, a slow client would seem not to move at all.
const SEND_BUFFER: u32 = 128 * 1024;

/// Most connections at once, as far as the files that the process may have open allow.
const MAX_CONNECTIONS: u64 = 16_384;

/// Files that are none of connections: stores, logs, libraries.
const OTHER_FILES: u64 = 128;

/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// How long requests that run may go on after a signal to stop.
const LAST_REQUESTS: Duration = Duration::from_secs(20);

/// A pause after an accept that failed, as it does while no file can be opened.
const PAUSE: Duration = Duration::from_millis(50);

/// A bound socket, and what its connections speak.
#[derive(Debug)]
pub(crate) struct Listener {
    socket: TcpListener,
    address: SocketAddr,
    tls: Option<Arc<Tls>>,
}

impl Listener {
    /// Binds the address. A port that was in use a moment ago by a server that ended can be bound again.
    ///
    /// # Errors
    /// [`exit::CONFIGURATION`] when the address is taken or not this machine's.
    pub(crate) fn bind(listen: Listen, tls: Option<Arc<Tls>>) -> Result<Self, Failure> {
        let wanted = SocketAddr::new(listen.host, listen.port);
        let bound = bind(wanted).and_then(|socket| Ok((socket.local_addr()?, socket)));
        let (address, socket) = bound.map_err(|error| {
            let message = format!("cannot listen on {wanted}: {error}");
            let hint =
                "choose another address or port with --host and --port, API_HOST and API_PORT";
            Failure::new(exit::CONFIGURATION, message).with_hint(hint)
        })?;
        Ok(Self { socket, address, tls })
    }

    /// Where it listens, as a client would write it.
    pub(crate) fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Accepts until `stop` is cancelled; then lets what runs come to its end, for a while.
    pub(crate) async fn serve(self, app: &Arc<App>, stop: CancellationToken) {
        let router = routes::router(app);
        let connections = Arc::new(Connections::new(most_connections()));
        let (tasks, tls) = (TaskTracker::new(), self.tls);
        loop {
            let accepted = tokio::select! {
                accepted = self.socket.accept() => accepted,
                () = stop.cancelled() => break,
            };
            let Some((stream, peer)) = note(accepted).await else { continue };
            let ticket = tokio::select! {
                ticket = connections.admit() => ticket,
                () = stop.cancelled() => break,
            };
            let (router, tls) = (router.clone(), tls.clone());
            let (stop, counted) = (stop.clone(), app.metrics.connected());
            tasks.spawn(async move {
                let _counted = counted;
                let wire = handshake(stream, tls.as_deref(), &ticket, &stop).await;
                if let Some(wire) = wire {
                    connection::serve(wire, router, peer, ticket, stop).await;
                }
            });
        }
        drop(self.socket);
        finish(&tasks).await;
    }
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    // Connections inherit it.
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// As many as files can be opened; the soft limit is raised to the hard one, as it is low on many systems.
fn most_connections() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let files = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    };
    let most = files.unwrap_or(u64::MAX).saturating_sub(OTHER_FILES).clamp(16, MAX_CONNECTIONS);
    usize::try_from(most).unwrap_or(usize::MAX)
}

async fn note(accepted: io::Result<(TcpStream, SocketAddr)>) -> Option<(TcpStream, SocketAddr)> {
    match accepted {
        Ok(connection) => Some(connection),
        Err(error) => {
            tracing::warn!(%error, "cannot accept a connection");
            sleep(PAUSE).await;
            None
        }
    }
}

async fn handshake(
    stream: TcpStream,
    tls: Option<&Tls>,
    ticket: &Ticket,
    stop: &CancellationToken,
) -> Option<Wire> {
    // Answers are small and written whole: waiting for more to send would only delay them.
    stream.set_nodelay(true).ok()?;
    let Some(tls) = tls else { return Some(Wire::plain(stream)) };
    tokio::select! {
        shaken = timeout(HANDSHAKE, tls.accept(stream)) => match shaken {
            Ok(Ok(stream)) => Some(Wire::encrypted(stream)),
            Ok(Err(error)) => {
                tracing::debug!(%error, "a TLS handshake failed");
                None
            }
            Err(_) => None,
        },
        () = ticket.evicted() => None,
        () = stop.cancelled() => None,
    }
}

async fn finish(tasks: &TaskTracker) {
    tasks.close();
    if timeout(LAST_REQUESTS, tasks.wait()).await.is_err() {
        let left = tasks.len();
        tracing::warn!(left, "requests were cut off: they did not end in time");
    }
}
