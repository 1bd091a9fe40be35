//! From `rmcp`'s types to ours.

use std::error::Error;

use rmcp::ServiceError;
use rmcp::model::{CallToolResult, ContentBlock, ErrorCode, ServerResult, Tool};
use rmcp::service::ClientInitializeError;
use rmcp::transport::streamable_http_client::{HttpStatusError, StreamableHttpError};
use serde_json::Value;

use crate::call::Content;
use crate::tool::ListedTool;

/// What our own transport puts in the place of an answer that is too large. In the range that
/// JSON-RPC leaves to implementations.
pub(super) const TOO_LARGE: ErrorCode = ErrorCode(-32_099);

/// What a tool answered.
#[derive(Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) content: Content,
    pub(crate) structured: Option<Value>,
    pub(crate) is_error: bool,
    pub(crate) bytes: usize,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    /// A JSON-RPC error.
    #[error("{message} (code {code})")]
    Refused { code: i32, message: String },
    /// An answer against the protocol.
    #[error("{0}")]
    Violation(String),
    #[error("its answer is too large")]
    TooLarge,
    /// The server is there and would not take this one request: an HTTP status that says nothing of others.
    #[error("it answered with the HTTP status {0}")]
    Declined(u16),
    /// The connection is of no use.
    #[error("{0}")]
    Lost(String),
}

impl ClientError {
    pub(super) fn violation(what: impl Into<String>) -> Self {
        Self::Violation(what.into())
    }

    pub(super) fn lost(why: impl Into<String>) -> Self {
        Self::Lost(why.into())
    }

    /// By the status of an answer that holds no message. To be forbidden one tool, or to ask too often, ends no connection
    /// that others use; to be unknown to the server (401) or to find it out of order does.
    pub(super) fn of_status(status: u16) -> Self {
        match status {
            403 | 429 => Self::Declined(status),
            _ => Self::Lost(format!("it answered with the HTTP status {status}")),
        }
    }
}

impl From<ServiceError> for ClientError {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::McpError(error) if error.code == TOO_LARGE => Self::TooLarge,
            ServiceError::McpError(error) => {
                Self::Refused { code: error.code.0, message: error.message.into_owned() }
            }
            ServiceError::TransportSend(error) => Self::of_transport(error.error.as_ref()),
            ServiceError::TransportClosed => Self::lost("the connection was closed"),
            ServiceError::UnexpectedResponse => Self::violation(OF_ANOTHER_KIND),
            other => Self::Lost(other.to_string()),
        }
    }
}

impl From<&reqwest::Error> for ClientError {
    fn from(error: &reqwest::Error) -> Self {
        Self::Lost(causes(error))
    }
}

/// The texts of some of these errors quote whole messages.
impl From<ClientInitializeError> for ClientError {
    fn from(error: ClientInitializeError) -> Self {
        use ClientInitializeError as E;
        match error {
            E::ConnectionClosed(_) => Self::lost("it ended before the handshake"),
            E::TransportError { error, .. } => Self::Lost(causes(error.error.as_ref())),
            E::JsonRpcError(error) => {
                Self::Refused { code: error.code.0, message: error.message.into_owned() }
            }
            E::NoCompatibleProtocolVersion { .. } => {
                Self::violation("it speaks no protocol version that is known here")
            }
            E::LegacyFallbackFailed { fallback, .. } => (*fallback).into(),
            E::Cancelled => Self::lost("the handshake was cancelled"),
            _ => Self::violation("its handshake is against the protocol"),
        }
    }
}

type HttpError = StreamableHttpError<reqwest::Error>;

impl ClientError {
    fn of_transport(error: &(dyn Error + 'static)) -> Self {
        let mut causes = std::iter::successors(Some(error), |error| (*error).source());
        match causes.find_map(|cause| cause.downcast_ref()) {
            Some(HttpError::ResponseBodyTooLarge { .. }) => Self::TooLarge,
            Some(HttpError::HttpStatus(HttpStatusError { status, .. })) => Self::of_status(*status),
            Some(HttpError::InsufficientScope(_)) => Self::of_status(403),
            _ => Self::Lost(self::causes(error)),
        }
    }
}

/// The error with its causes. URLs are left out: they may hold secrets.
fn causes(error: &(dyn Error + 'static)) -> String {
    let texts = std::iter::successors(Some(error), |error| (*error).source()).map(told);
    let mut told: Vec<String> = Vec::new();
    for text in texts {
        if !told.iter().any(|before| before.contains(&text)) {
            told.push(text);
        }
    }
    told.join(": ")
}

fn told(error: &(dyn Error + 'static)) -> String {
    match (error.downcast_ref::<HttpError>(), error.downcast_ref::<reqwest::Error>()) {
        (Some(HttpError::Client(client)), _) | (_, Some(client)) => kind(client),
        _ => error.to_string(),
    }
}

fn kind(error: &reqwest::Error) -> String {
    let kind = match error {
        error if error.is_connect() => "it cannot be reached",
        error if error.is_timeout() => "it does not answer",
        error if error.is_builder() => "its URL is not valid",
        error if error.is_body() || error.is_decode() => "its answer broke off",
        _ => "the request failed",
    };
    kind.to_owned()
}

/// A tool of a server's list.
pub(super) fn listed(tool: Tool) -> ListedTool {
    ListedTool {
        name: tool.name.into_owned(),
        description: tool.description.unwrap_or_default().into_owned(),
        parameters: Value::Object((*tool.input_schema).clone()),
    }
}

/// A result that comes as the answer to a call.
pub(super) fn of_result(result: ServerResult) -> Result<Answer, ClientError> {
    match result {
        ServerResult::CallToolResult(result) => answer(result),
        // A tool that has nothing to say.
        ServerResult::EmptyResult(_) | ServerResult::TaskAckResult(_) => {
            answer(CallToolResult::default())
        }
        ServerResult::CustomResult(custom) if has_meta_only(&custom.0) => {
            answer(CallToolResult::default())
        }
        ServerResult::InputRequiredResult(_) => Err(wants_input()),
        ServerResult::CreateTaskResult(_) => Err(is_a_task()),
        _ => Err(ClientError::violation(OF_ANOTHER_KIND)),
    }
}

fn has_meta_only(result: &Value) -> bool {
    result.as_object().is_some_and(|members| members.len() == 1 && members.contains_key("_meta"))
}

pub(super) fn wants_input() -> ClientError {
    ClientError::violation("the tool asks for input, which nobody here can give")
}

pub(super) fn is_a_task() -> ClientError {
    ClientError::violation("the tool answers with a task, which was not offered")
}

const OF_ANOTHER_KIND: &str = "the answer is of another kind";

/// A tool's answer.
pub(super) fn answer(result: CallToolResult) -> Result<Answer, ClientError> {
    let (content, bytes) = content(result.content)?;
    Ok(Answer {
        content,
        structured: result.structured_content,
        is_error: result.is_error.unwrap_or_default(),
        bytes,
    })
}

fn content(blocks: Vec<ContentBlock>) -> Result<(Content, usize), ClientError> {
    if blocks.iter().all(|block| matches!(block, ContentBlock::Text(_))) {
        let text = text(blocks);
        let bytes = text.len();
        return Ok((Content::Text(text), bytes));
    }
    let read = serde_json::to_value(&blocks).ok();
    let Some(Value::Array(blocks)) = read else {
        return Err(ClientError::violation("its content is not JSON"));
    };
    let bytes = blocks.iter().map(|block| block.to_string().len()).sum();
    Ok((Content::Blocks(blocks), bytes))
}

/// The usual case, one block, moves the text and copies nothing.
fn text(blocks: Vec<ContentBlock>) -> String {
    let mut texts = blocks.into_iter().filter_map(|block| match block {
        ContentBlock::Text(text) => Some(text.text),
        _ => None,
    });
    let mut all = texts.next().unwrap_or_default();
    for text in texts {
        all.push('\n');
        all.push_str(&text);
    }
    all
}
