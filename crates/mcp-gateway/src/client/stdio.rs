//! MCP over a child's standard input and output, for children that are not trusted: no line is read
//! beyond the limit, nothing that is no message gets further, and nothing waits for ever.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rmcp::RoleClient;
use rmcp::model::{ErrorData, JsonRpcMessage, RequestId, ServerNotification};
use rmcp::service::{RxJsonRpcMessage, TxJsonRpcMessage};
use rmcp::transport::Transport;
use tokio::io::AsyncWriteExt;
use tokio::process::{ChildStdin, ChildStdout};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::Wire;
use super::error::TOO_LARGE;
use super::oversized::{id_at_the_end, id_of};
use super::reading;
use crate::lines::{Line, Lines};

/// A child that reads nothing for so long, with its pipe full, is stuck.
const STUCK: Duration = Duration::from_secs(30);
/// So many times the largest message, and nothing of it a message: nobody writes that by mistake.
const FLOOD: usize = 8;
/// Requests of the server that were not answered yet. It gets answers as fast as it reads them.
const MOST_REQUESTS: usize = 64;

type Incoming = RxJsonRpcMessage<RoleClient>;
type Outgoing = TxJsonRpcMessage<RoleClient>;

pub(super) struct StdioTransport {
    lines: Lines<ChildStdout>,
    sieve: Sieve,
}

/// What of a child's output gets through.
struct Sieve {
    limit: usize,
    /// Bytes since the last message.
    junk: usize,
    /// Whether the line that is skipped may be an answer that nobody was told of.
    is_untold: bool,
    wire: Arc<Wire>,
    shared: Arc<Shared>,
}

struct Shared {
    stdin: Mutex<Option<ChildStdin>>,
    closed: CancellationToken,
    requests: AtomicUsize,
}

impl StdioTransport {
    pub(super) fn new(
        stdin: ChildStdin,
        stdout: ChildStdout,
        limit: usize,
        wire: Arc<Wire>,
    ) -> Self {
        let shared = Arc::new(Shared {
            stdin: Mutex::new(Some(stdin)),
            closed: CancellationToken::new(),
            requests: AtomicUsize::new(0),
        });
        Self {
            lines: Lines::new(stdout, limit),
            sieve: Sieve { limit, junk: 0, is_untold: false, wire, shared },
        }
    }

    async fn next(&mut self) -> Option<Incoming> {
        while !self.sieve.is_flooded() {
            if let Some(message) = self.sieve.pass(self.lines.next().await?) {
                return Some(message);
            }
        }
        self.sieve.wire.give_up("it floods its standard output with what is no message");
        None
    }
}

impl Sieve {
    fn is_flooded(&self) -> bool {
        self.junk > self.limit.saturating_mul(FLOOD)
    }

    fn pass(&mut self, line: Line<'_>) -> Option<Incoming> {
        match line {
            Line::Whole([]) => None,
            Line::Whole(line) => self.read(line),
            Line::TooLong(beginning) => {
                self.discard(beginning.len());
                let id = id_of(beginning);
                self.is_untold = id.is_none();
                id.map(refusal)
            }
            Line::Skipped(bytes) => {
                self.junk += bytes;
                None
            }
            Line::End(bytes, end) => {
                self.junk += bytes;
                let id = id_at_the_end(end).filter(|_| self.is_untold);
                id.map(refusal)
            }
        }
    }

    fn read(&mut self, line: &[u8]) -> Option<Incoming> {
        let Ok(message) = reading::message(line) else {
            self.discard(line.len());
            return None;
        };
        self.junk = 0;
        self.shared.is_wanted(&message).then_some(message)
    }

    fn discard(&mut self, bytes: usize) {
        self.junk += bytes;
        self.wire.count_junk();
    }
}

/// What stands for an answer that is too large.
fn refusal(id: RequestId) -> Incoming {
    let error = ErrorData::new(TOO_LARGE, "the answer is too large", None);
    JsonRpcMessage::error(error, Some(id))
}

impl Shared {
    /// Notifications that nobody here follows are dropped before they cost a task each, and so are
    /// requests of a server that does not read the answers.
    fn is_wanted(&self, message: &Incoming) -> bool {
        match message {
            JsonRpcMessage::Notification(message) => matches!(
                message.notification,
                ServerNotification::ToolListChangedNotification(_)
                    | ServerNotification::CancelledNotification(_)
                    | ServerNotification::SubscriptionsAcknowledgedNotification(_)
            ),
            JsonRpcMessage::Request(_) => self.count_request(),
            JsonRpcMessage::Response(_) | JsonRpcMessage::Error(_) => true,
        }
    }

    /// Whether a further one is answered. One that is not must not count: only answers are taken off.
    fn count_request(&self) -> bool {
        let is_wanted = self.requests.fetch_add(1, Ordering::Relaxed) < MOST_REQUESTS;
        if !is_wanted {
            self.requests.fetch_sub(1, Ordering::Relaxed);
        }
        is_wanted
    }

    async fn write(&self, line: &[u8]) -> io::Result<()> {
        let mut stdin = self.stdin.lock().await;
        let Some(stdin) = stdin.as_mut() else {
            return Err(io::ErrorKind::NotConnected.into());
        };
        tokio::time::timeout(STUCK, stdin.write_all(line)).await?
    }

    async fn send(&self, message: Outgoing, wire: &Wire) -> io::Result<()> {
        let is_answer = matches!(message, JsonRpcMessage::Response(_) | JsonRpcMessage::Error(_));
        let mut line = serde_json::to_vec(&message)?;
        line.push(b'\n');
        let written = self.closed.run_until_cancelled(self.write(&line)).await;
        if is_answer {
            self.requests.fetch_sub(1, Ordering::Relaxed);
        }
        let written = written.unwrap_or_else(|| Err(io::ErrorKind::NotConnected.into()));
        if written.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::TimedOut) {
            wire.give_up("it does not read its standard input");
            self.closed.cancel();
        }
        written
    }
}

impl Transport<RoleClient> for StdioTransport {
    type Error = io::Error;

    fn send(
        &mut self,
        message: Outgoing,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        let (shared, wire) = (Arc::clone(&self.sieve.shared), Arc::clone(&self.sieve.wire));
        async move { shared.send(message, &wire).await }
    }

    async fn receive(&mut self) -> Option<Incoming> {
        let closed = self.sieve.shared.closed.clone();
        closed.run_until_cancelled(self.next()).await.flatten()
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        // First, so that a write that hangs lets the lock go.
        self.sieve.shared.closed.cancel();
        drop(self.sieve.shared.stdin.lock().await.take());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of a burst of pings get through.
    fn wanted(shared: &Shared) -> usize {
        let ping = reading::message(br#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#).unwrap();
        (0..128).filter(|_| shared.is_wanted(&ping)).count()
    }

    #[tokio::test]
    async fn after_a_burst_of_requests_further_ones_are_answered() {
        let (stdin, closed) = (Mutex::default(), CancellationToken::new());
        let shared = Shared { stdin, closed, requests: AtomicUsize::new(0) };
        for _ in 0..3 {
            assert_eq!(wanted(&shared), MOST_REQUESTS);
            assert_eq!(wanted(&shared), 0);
            for id in 0..64 {
                let error = ErrorData::internal_error("no", None);
                let answer = JsonRpcMessage::error(error, Some(RequestId::Number(id)));
                assert!(shared.send(answer, &Wire::default()).await.is_err(), "nobody is there");
            }
        }
    }
}
