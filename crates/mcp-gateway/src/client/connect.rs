//! From a transport to a connection: which protocol versions, in which order.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rmcp::model::{ProtocolVersion, ServerPeerInfo, SubscriptionFilter};
use rmcp::service::{Peer, RunningService, serve_client_with_lifecycle_and_ct};
use rmcp::transport::Transport;
use rmcp::{ClientLifecycleMode, RoleClient};
use tokio::process::{ChildStdin, ChildStdout};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::direct::Direct;
use super::error::ClientError;
use super::handler::{self, Handler};
use super::stdio::StdioTransport;
use super::{About, Client, Connection, Wire, http};

/// Without the handshake `initialize`.
const NEWEST: ProtocolVersion = ProtocolVersion::V_2026_07_28;
/// With it. Servers answer with what they speak, down to 2024-11-05. Named wherever `initialize` is
/// sent: the library's default is the newest version, which has no handshake.
pub(super) const NEWEST_WITH_HANDSHAKE: ProtocolVersion = ProtocolVersion::V_2025_11_25;
/// So much is told of a version that is none.
const LONGEST_VERSION: usize = 64;
/// Before asking anew for notifications that a server stopped to send.
const PAUSE: Duration = Duration::from_secs(5);

/// How the first words to a server go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Ask with `server/discover` (2026-07-28), and fall back to `initialize` when it is refused.
    Newest,
    /// Begin with `initialize`. Some older servers end at any other first word.
    Handshake,
}

/// What a connection may cost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Bytes of one message.
    pub(crate) message: usize,
    /// Requests at once.
    pub(crate) at_once: usize,
    /// For reaching a host.
    pub(crate) patience: Duration,
}

impl Dialect {
    pub(crate) const fn other(self) -> Self {
        match self {
            Self::Newest => Self::Handshake,
            Self::Handshake => Self::Newest,
        }
    }

    fn lifecycle(self) -> ClientLifecycleMode {
        match self {
            Self::Newest => ClientLifecycleMode::Auto {
                preferred_versions: vec![NEWEST],
                legacy_version: Some(NEWEST_WITH_HANDSHAKE),
            },
            Self::Handshake => ClientLifecycleMode::Initialize,
        }
    }
}

/// Connects over a child's pipes.
pub(crate) async fn connect_stdio(
    stdin: ChildStdin,
    stdout: ChildStdout,
    wire: Arc<Wire>,
    dialect: Dialect,
    limits: Limits,
) -> Result<(Client, Connection), ClientError> {
    let transport = StdioTransport::new(stdin, stdout, limits.message, wire);
    connect(transport, dialect, limits.message).await
}

/// Connects over HTTP.
pub(crate) async fn connect_http(
    url: &str,
    headers: &BTreeMap<String, String>,
    dialect: Dialect,
    limits: Limits,
) -> Result<(Client, Connection), ClientError> {
    let (transport, way) = http::transport(url, headers, limits)?;
    let (client, connection) = connect(transport, dialect, limits.message).await?;
    let version = client.peer.peer_info().map(|info| info.protocol_version.clone());
    // Calls go by themselves where each request stands for itself.
    let direct = version.filter(|version| *version >= NEWEST).and_then(|version| {
        Direct::new(way, version, handler::about_us(), connection.stop.clone())
    });
    Ok((Client { direct, ..client }, connection))
}

async fn connect<T>(
    transport: T,
    dialect: Dialect,
    largest_message: usize,
) -> Result<(Client, Connection), ClientError>
where
    T: Transport<RoleClient> + 'static,
{
    let (changed, stop) = (Arc::new(Notify::new()), CancellationToken::new());
    // A caller that does not wait for the handshake any more ends it.
    let guard = stop.clone().drop_guard();
    let handler = Handler { changed: Arc::clone(&changed) };
    let running =
        serve_client_with_lifecycle_and_ct(handler, transport, dialect.lifecycle(), stop.clone())
            .await?;
    let peer = running.peer().clone();
    let info = peer.peer_info();
    if let Some(info) = &info {
        check(&info.protocol_version)?;
    }
    if info.as_deref().is_some_and(announces_changes) {
        follow_changes(peer.clone(), Arc::clone(&changed), stop.clone());
    }
    let about = info.as_deref().map(about).unwrap_or_default();
    let task = tokio::spawn(wait(running));
    let client = Client { peer, direct: None, changed, largest_message, about };
    Ok((client, Connection { stop: guard.disarm(), task }))
}

/// Whoever does not know the version that a server answers with is to leave it (MCP, lifecycle, version negotiation).
fn check(answered: &ProtocolVersion) -> Result<(), ClientError> {
    let known = ProtocolVersion::KNOWN_VERSIONS;
    if known.contains(answered) {
        return Ok(());
    }
    let answered: String = answered.as_str().chars().take(LONGEST_VERSION).collect();
    let known: Vec<_> = known.iter().map(ProtocolVersion::as_str).collect();
    Err(ClientError::violation(format!(
        "it speaks version `{answered}` of the protocol, and known here are {}; update one of the two",
        known.join(", ")
    )))
}

async fn wait(running: RunningService<RoleClient, Handler>) {
    let stop = running.cancellation_token();
    drop(running.waiting().await);
    // Ends the task that follows changes.
    stop.cancel();
}

fn about(info: &ServerPeerInfo) -> About {
    let protocol = info.protocol_version.to_string();
    let (name, version) = match &info.server_info {
        Some(server) => (server.name.clone(), server.version.clone()),
        None => (String::new(), String::new()),
    };
    About { name, version, protocol }
}

/// Since 2026-07-28, servers send notifications to those only who asked for them.
fn announces_changes(info: &ServerPeerInfo) -> bool {
    let tools = info.capabilities.tools.as_ref();
    info.protocol_version >= NEWEST && tools.is_some_and(|tools| tools.list_changed == Some(true))
}

fn follow_changes(peer: Peer<RoleClient>, changed: Arc<Notify>, stop: CancellationToken) {
    tokio::spawn(stop.run_until_cancelled_owned(async move {
        loop {
            listen(&peer, &changed).await;
            tokio::time::sleep(PAUSE).await;
            // What happened meanwhile was not announced.
            changed.notify_one();
        }
    }));
}

async fn listen(peer: &Peer<RoleClient>, changed: &Notify) {
    let filter = SubscriptionFilter::builder().tools_list_changed().build();
    match peer.listen(filter).await {
        Ok(mut subscription) => {
            while let Ok(Some(_)) = subscription.next().await {
                changed.notify_one();
            }
        }
        Err(error) => tracing::debug!(%error, "no notifications of changed tools"),
    }
}
