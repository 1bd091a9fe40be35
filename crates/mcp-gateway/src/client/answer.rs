//! From `rmcp`'s types to ours.

use rmcp::model::{CallToolResult, ContentBlock, ServerResult, Tool};
use serde_json::Value;

use super::error::{ClientError, OF_ANOTHER_KIND};
use crate::call::Content;
use crate::tool::ListedTool;

/// What a tool answered.
#[derive(Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) content: Content,
    pub(crate) structured: Option<Value>,
    pub(crate) is_error: bool,
    pub(crate) bytes: usize,
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
