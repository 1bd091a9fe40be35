//! A tool's JSON schema, compiled once, and what it says of arguments.

use jsonschema::{PatternOptions, ValidationError, Validator};
use serde_json::Value;

/// More problems than anybody corrects at once.
const MOST_PROBLEMS: usize = 10;

/// The check of a tool's arguments.
pub(crate) struct ArgumentCheck(Option<Validator>);

impl ArgumentCheck {
    /// Prepares the check. A schema that is no JSON schema checks nothing: then the server, which
    /// wrote it, has to look at the arguments itself. References to other documents are not
    /// followed, and patterns run in linear time, because servers are not trusted.
    pub(crate) fn new(schema: &Value) -> Self {
        let options = jsonschema::options().with_pattern_options(PatternOptions::regex());
        Self(options.build(schema).ok())
    }

    pub(crate) fn is_prepared(&self) -> bool {
        self.0.is_some()
    }

    /// What is wrong with the arguments, without their values; empty when nothing is.
    pub(crate) fn problems(&self, arguments: &Value) -> Vec<String> {
        match &self.0 {
            Some(check) if !check.is_valid(arguments) => {
                check.iter_errors(arguments).take(MOST_PROBLEMS).map(|error| told(&error)).collect()
            }
            _ => Vec::new(),
        }
    }
}

fn told(error: &ValidationError<'_>) -> String {
    let place = error.instance_path().as_str();
    let problem = error.masked();
    if place.is_empty() { problem.to_string() } else { format!("{place}: {problem}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn problems_name_the_place_and_not_the_value() {
        let schema = json!({
            "type": "object",
            "properties": {"path": {"type": "string"}, "n": {"type": "integer", "maximum": 5}},
            "required": ["path"],
        });
        let check = ArgumentCheck::new(&schema);
        assert!(check.problems(&json!({"path": "/a", "n": 5, "more": true})).is_empty());
        let problems = check.problems(&json!({"n": 777}));
        assert_eq!(problems.len(), 2, "{problems:?}");
        let text = problems.join("\n");
        assert!(text.contains("path") && text.contains("/n") && !text.contains("777"), "{text}");
    }

    #[test]
    fn a_broken_or_far_schema_checks_nothing() {
        for schema in [json!({"type": 5}), json!({"$ref": "https://example.com/schema.json"})] {
            let check = ArgumentCheck::new(&schema);
            assert!(!check.is_prepared(), "{schema}");
            assert!(check.problems(&json!({"a": 1})).is_empty());
        }
    }
}
