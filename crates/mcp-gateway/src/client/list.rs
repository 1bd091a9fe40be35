//! A server's list of tools, page by page.

use rmcp::model::Tool;

use super::answer;
use super::error::ClientError;
use crate::json_size::json_size;
use crate::tool::ListedTool;

/// A server that lists more has no use for the reader of the list.
const MOST_TOOLS: usize = 10_000;
/// A server that lists so few at a time is mistaken, or wants to keep us.
const MOST_PAGES: usize = 1_000;
/// All pages together, in messages of the largest size.
const MOST_MESSAGES: usize = 4;

/// What has been listed so far.
pub(super) struct List {
    tools: Vec<ListedTool>,
    pages: usize,
    bytes: usize,
    limit: usize,
}

impl List {
    pub(super) fn new(largest_message: usize) -> Self {
        let limit = largest_message.saturating_mul(MOST_MESSAGES);
        Self { tools: Vec::new(), pages: 0, bytes: 0, limit }
    }

    pub(super) fn add(&mut self, page: Vec<Tool>) -> Result<(), ClientError> {
        for tool in page {
            let tool = answer::listed(tool);
            self.bytes = self.bytes.saturating_add(size(&tool));
            self.tools.push(tool);
        }
        self.pages += 1;
        if self.pages > MOST_PAGES {
            return Err(ClientError::violation("it lists its tools on more than 1000 pages"));
        }
        if self.tools.len() > MOST_TOOLS {
            return Err(ClientError::violation("it lists more than 10000 tools"));
        }
        if self.bytes > self.limit {
            let limit = self.limit;
            return Err(ClientError::violation(format!(
                "it lists tools of more than {limit} bytes"
            )));
        }
        Ok(())
    }

    pub(super) fn tools(self) -> Vec<ListedTool> {
        self.tools
    }
}

/// Bytes of what is kept of a tool, its schema as JSON.
fn size(tool: &ListedTool) -> usize {
    tool.name.len() + tool.description.len() + json_size(&tool.parameters)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn tools(count: usize, schema: &Value) -> Vec<Tool> {
        let tool = || Tool::new("name", "words", schema.as_object().unwrap().clone());
        (0..count).map(|_| tool()).collect()
    }

    #[test]
    fn names_words_and_schemas_count_on_all_pages() {
        let schema = json!({"a": "x"});
        let one = "name".len() + "words".len() + schema.to_string().len();
        let mut list = List::new(one);
        for _ in 0..MOST_MESSAGES {
            list.add(tools(1, &schema)).unwrap();
        }
        let refused = list.add(tools(1, &json!({}))).unwrap_err();
        assert_eq!(refused, ClientError::violation("it lists tools of more than 72 bytes"));
    }

    #[test]
    fn a_list_comes_to_an_end() {
        let mut list = List::new(usize::MAX);
        assert!((0..MOST_PAGES).all(|_| list.add(Vec::new()).is_ok()));
        assert!(list.add(Vec::new()).is_err());
    }

    #[test]
    fn so_many_are_listed_and_no_more() {
        let mut list = List::new(usize::MAX);
        list.add(tools(MOST_TOOLS, &json!({}))).unwrap();
        assert!(list.add(tools(1, &json!({}))).is_err());
        assert_eq!(list.tools().len(), MOST_TOOLS + 1);
    }
}
