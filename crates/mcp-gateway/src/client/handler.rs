//! What the gateway says of itself, and what it does with what servers send by themselves.

use std::sync::Arc;

use rmcp::ClientHandler;
use rmcp::RoleClient;
use rmcp::model::{ClientCapabilities, ClientConfig, Implementation};
use rmcp::service::NotificationContext;
use tokio::sync::Notify;

use super::connect::NEWEST_WITH_HANDSHAKE;

/// Offers no capability: no sampling, no elicitation, no roots. Nobody sits here to answer.
pub(super) struct Handler {
    pub(super) changed: Arc<Notify>,
}

impl ClientHandler for Handler {
    async fn on_tool_list_changed(&self, _context: NotificationContext<RoleClient>) {
        self.changed.notify_one();
    }

    fn get_info(&self) -> ClientConfig {
        about_us()
    }
}

/// What servers are told of the gateway.
pub(super) fn about_us() -> ClientConfig {
    let name = Implementation::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    ClientConfig::new(ClientCapabilities::default(), name)
        .with_protocol_version(NEWEST_WITH_HANDSHAKE)
}
