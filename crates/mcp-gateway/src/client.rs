//! The MCP client. This module and those below it are the only ones that name `rmcp`.

mod answer;
mod connect;
mod direct;
mod error;
mod handler;
mod http;
mod http_client;
mod list;
mod oversized;
mod reading;
mod reply;
mod stdio;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use rmcp::RoleClient;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, ClientRequest, JsonObject, ListToolsRequest,
    ListToolsResult, PaginatedRequestParams, ServerResult,
};
use rmcp::service::Peer;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

pub(crate) use answer::Answer;
pub(crate) use connect::{Dialect, Limits, connect_http, connect_stdio};
pub(crate) use error::ClientError;
pub(crate) use wire::Wire;

use self::direct::Direct;
use self::list::List;
use crate::tool::ListedTool;

/// Ending a session politely takes one message.
const FAREWELL: Duration = Duration::from_secs(4);

/// A connection to one server, to ask things over.
pub(crate) struct Client {
    peer: Peer<RoleClient>,
    /// For calls, where each may go by itself.
    direct: Option<Direct>,
    changed: Arc<Notify>,
    /// Bytes.
    largest_message: usize,
    pub(crate) about: About,
}

/// What a server said of itself.
#[derive(Debug, Clone, Default)]
pub(crate) struct About {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) protocol: String,
}

/// The tasks behind a [`Client`].
pub(crate) struct Connection {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Client {
    /// All pages of the server's list of tools.
    pub(crate) async fn list_tools(&self) -> Result<Vec<ListedTool>, ClientError> {
        let mut list = List::new(self.largest_message);
        let mut cursor = None;
        loop {
            let page = self.page(cursor).await?;
            list.add(page.tools)?;
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        let tools = list.tools();
        if let Some(direct) = &self.direct {
            direct.note(&tools);
        }
        Ok(tools)
    }

    /// Past the client's cache, which would answer for a server that is gone.
    async fn page(&self, cursor: Option<String>) -> Result<ListToolsResult, ClientError> {
        let params = PaginatedRequestParams::default().with_cursor(cursor);
        let request = ListToolsRequest::with_param(params);
        match self.peer.send_request(ClientRequest::ListToolsRequest(request)).await? {
            ServerResult::ListToolsResult(page) => Ok(page),
            _ => Err(ClientError::violation("it answers `tools/list` with something else")),
        }
    }

    /// Calls a tool. Dropping the future tells the server that nobody waits any more.
    pub(crate) async fn call(
        &self,
        tool: String,
        arguments: JsonObject,
    ) -> Result<Answer, ClientError> {
        if let Some(direct) = self.direct.as_ref().filter(|direct| direct.can_call(&tool)) {
            return answer::of_result(direct.call(&tool, &arguments).await?);
        }
        let params = CallToolRequestParams::new(tool).with_arguments(arguments);
        match self.peer.call_tool_once(params).await? {
            CallToolResponse::Complete(result) => answer::answer(result),
            CallToolResponse::InputRequired(_) => Err(answer::wants_input()),
            _ => Err(answer::is_a_task()),
        }
    }

    /// Waits until the server says that its tools are others now.
    pub(crate) async fn tools_changed(&self) {
        self.changed.notified().await;
    }
}

impl Connection {
    /// Waits until the connection ends by itself.
    pub(crate) async fn ended(&mut self) {
        if !self.task.is_finished() {
            // An error would mean a panic in the task: that is an end too.
            drop((&mut self.task).await);
        }
    }

    /// Ends the connection: closes a child's standard input, or the session of an HTTP server.
    pub(crate) async fn close(mut self) {
        self.stop.cancel();
        if timeout(FAREWELL, self.ended()).await.is_err() {
            self.task.abort();
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
