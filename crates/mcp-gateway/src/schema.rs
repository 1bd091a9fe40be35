//! A tool's JSON schema, compiled once, and what it says of arguments.

mod parts;
mod steps;
mod survey;

use std::sync::Arc;

use jsonschema::{PatternOptions, ValidationError, Validator};
use serde_json::Value;

use survey::Extent;

/// More problems than anybody corrects at once.
const MOST_PROBLEMS: usize = 10;

/// The check of a tool's arguments.
pub(crate) struct ArgumentCheck(Option<Prepared>);

struct Prepared {
    check: Validator,
    schema: Arc<Value>,
    extent: Extent,
}

impl ArgumentCheck {
    /// Prepares the check. A schema that is no JSON schema, or a hostile one, checks nothing: then
    /// the server, which wrote it, has to look at the arguments itself. References to other documents
    /// are not followed, and patterns run in linear time, because servers are not trusted.
    pub(crate) fn new(schema: &Arc<Value>) -> Self {
        Self(survey::survey(schema).and_then(|extent| prepared(schema, extent)))
    }

    pub(crate) fn is_prepared(&self) -> bool {
        self.0.is_some()
    }

    /// What is wrong with the arguments, without their values; empty when nothing is. Those that there are too many ways to
    /// read by the schema are left to the server as well: it knows which way is meant.
    pub(crate) fn problems(&self, arguments: &Value) -> Vec<String> {
        match &self.0 {
            Some(prepared @ Prepared { check, .. })
                if prepared.is_soon_done(arguments) && !check.is_valid(arguments) =>
            {
                check.iter_errors(arguments).take(MOST_PROBLEMS).map(|error| told(&error)).collect()
            }
            _ => Vec::new(),
        }
    }
}

fn prepared(schema: &Arc<Value>, extent: Extent) -> Option<Prepared> {
    let options = jsonschema::options().with_pattern_options(PatternOptions::regex());
    let check = options.build(schema).ok()?;
    Some(Prepared { check, schema: Arc::clone(schema), extent })
}

impl Prepared {
    /// Whether the check ends before anybody notices: nothing can end it.
    fn is_soon_done(&self, arguments: &Value) -> bool {
        let Extent { parts, is_endless, .. } = self.extent;
        (!is_endless && steps::are_surely_few(parts, arguments))
            || steps::are_few(&self.schema, arguments)
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
        let check = ArgumentCheck::new(&Arc::new(schema.clone()));
        assert!(check.problems(&json!({"path": "/a", "n": 5, "more": true})).is_empty());
        let problems = check.problems(&json!({"n": 777}));
        assert_eq!(problems.len(), 2, "{problems:?}");
        let text = problems.join("\n");
        assert!(text.contains("path") && text.contains("/n") && !text.contains("777"), "{text}");
    }

    #[test]
    fn a_broken_or_far_schema_checks_nothing() {
        for schema in [json!({"type": 5}), json!({"$ref": "https://example.com/schema.json"})] {
            let check = ArgumentCheck::new(&Arc::new(schema.clone()));
            assert!(!check.is_prepared(), "{schema}");
            assert!(check.problems(&json!({"a": 1})).is_empty());
        }
    }

    #[test]
    fn arguments_that_would_take_for_ever_are_left_to_the_server() {
        let twice = json!({"properties": {"a": {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}, "n": {"type": "string"}}});
        let check = ArgumentCheck::new(&Arc::new(twice));
        let nested = |times| (0..times).fold(json!({"n": 1}), |inner, _| json!({"a": inner}));
        assert!(check.is_prepared() && !check.problems(&nested(3)).is_empty());
        assert!(check.problems(&nested(40)).is_empty());
    }
}
