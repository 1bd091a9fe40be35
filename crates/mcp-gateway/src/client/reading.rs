//! Reading a message of a server.
//!
//! `rmcp` tries one kind of message after the other, and in it one kind of result after the other, each on a copy. Nearly
//! all that comes is the answer of a tool, so that is tried first and at once: a tenth of what a call costs.

use rmcp::RoleClient;
use rmcp::model::{CallToolResult, JsonRpcMessage, JsonRpcVersion2_0, RequestId, ServerResult};
use rmcp::service::RxJsonRpcMessage;
use serde::Deserialize;

/// An answer of a tool, and nothing besides.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    #[serde(rename = "jsonrpc")]
    _version: JsonRpcVersion2_0,
    id: RequestId,
    /// Has at least one member that only answers of tools have.
    result: CallToolResult,
}

/// Reads one message.
///
/// # Errors
/// When it is none.
pub(super) fn message(text: &[u8]) -> serde_json::Result<RxJsonRpcMessage<RoleClient>> {
    match serde_json::from_slice(text) {
        Ok(Answer { id, result, .. }) => {
            Ok(JsonRpcMessage::response(ServerResult::CallToolResult(result), id))
        }
        Err(_) => serde_json::from_slice(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the library reads it.
    fn slowly(text: &str) -> serde_json::Result<RxJsonRpcMessage<RoleClient>> {
        serde_json::from_str(text)
    }

    #[test]
    fn every_message_is_what_the_library_makes_of_it() {
        for text in [
            r#"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"a"}]}}"#,
            r#"{"jsonrpc":"2.0","id":"x","result":{"content":[],"isError":true,"_meta":{"a":1}}}"#,
            r#"{"result":{"structuredContent":null,"resultType":"complete"},"id":2,"jsonrpc":"2.0"}"#,
            r#"{"jsonrpc":"2.0","id":1,"result":{"resultType":"input_required","inputRequests":{}}}"#,
            r#"{"jsonrpc":"2.0","id":1,"result":{"tools":[]}}"#,
            r#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
            r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"no"}}"#,
            r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#,
        ] {
            let (ours, theirs) = (message(text.as_bytes()), slowly(text));
            assert_eq!(format!("{:?}", ours.unwrap()), format!("{:?}", theirs.unwrap()), "{text}");
        }
    }

    #[test]
    fn what_is_no_message_is_refused() {
        for text in [
            "",
            "1",
            r#"{"jsonrpc":"1.0","id":1,"result":{"content":[]}}"#,
            r#"{"id":1,"result":{"content":[]}}"#,
            r#"{"jsonrpc":"2.0","id":1,"result":{"content":[]},"error":{"code":1,"message":""}}"#,
        ] {
            assert!(message(text.as_bytes()).is_err() && slowly(text).is_err(), "{text}");
        }
    }
}
