//! A tool's JSON schema, compiled once, and what it says of arguments.

mod parts;
mod steps;
mod survey;

use std::sync::Arc;

use jsonschema::{PatternOptions, ValidationError, Validator};
use serde_json::Value;

use crate::json_size::json_size;
use survey::Extent;

/// More problems than anybody corrects at once.
const MOST_PROBLEMS: usize = 10;
/// The library keeps all problems before the first is read, each with copies of what does not fit: in bytes, at most.
const MOST_KEPT: usize = 64 * 1024 * 1024;
/// Where that may be more.
const SOMEWHERE: &str = "they do not fit its schema; they are too many to say where";
/// Longest text of one problem, in bytes: names may be of any length.
const LONGEST_PROBLEM: usize = 1024;
/// A pattern that takes more memory, in bytes, makes its schema not usable.
const LARGEST_PATTERN: usize = 512 * 1024;
/// Parts of all schemas of one server.
const MOST_PARTS: usize = 200_000;

/// What is left for the schemas of a server, all of which take memory for as long as it is connected.
pub(crate) struct Budget(usize);

impl Budget {
    pub(crate) const fn new() -> Self {
        Self(MOST_PARTS)
    }

    fn take(&mut self, parts: usize) -> Option<()> {
        self.0 = self.0.checked_sub(parts)?;
        Some(())
    }
}

/// The check of a tool's arguments.
pub(crate) struct ArgumentCheck(Option<Prepared>);

struct Prepared {
    check: Validator,
    schema: Arc<Value>,
    extent: Extent,
    /// Of the schema as JSON.
    bytes: usize,
}

impl ArgumentCheck {
    /// Prepares the check. A schema that is no JSON schema, or a hostile one, checks nothing: then
    /// the server, which wrote it, has to look at the arguments itself. References to other documents
    /// are not followed, and patterns run in linear time, because servers are not trusted.
    pub(crate) fn new(schema: &Arc<Value>, budget: &mut Budget) -> Self {
        let extent = survey::survey(schema).filter(|extent| budget.take(extent.parts).is_some());
        Self(extent.and_then(|extent| prepared(schema, extent)))
    }

    /// Takes from the budget what it took when it was made.
    pub(crate) fn count_again(&self, budget: &mut Budget) {
        // Where that is more than is left, the new ones have to do without.
        let parts = self.0.as_ref().map_or(0, |prepared| prepared.extent.parts);
        budget.0 = budget.0.saturating_sub(parts);
    }

    pub(crate) fn is_prepared(&self) -> bool {
        self.0.is_some()
    }

    /// What is wrong with the arguments, without their values; empty when nothing is. Those that there are too many ways to
    /// read by the schema are left to the server as well: it knows which way is meant.
    pub(crate) fn problems(&self, arguments: &Value) -> Vec<String> {
        self.0.as_ref().map(|prepared| prepared.problems(arguments)).unwrap_or_default()
    }
}

fn prepared(schema: &Arc<Value>, extent: Extent) -> Option<Prepared> {
    let patterns =
        PatternOptions::regex().size_limit(LARGEST_PATTERN).dfa_size_limit(LARGEST_PATTERN);
    let options = jsonschema::options().with_pattern_options(patterns);
    let check = options.build(schema).ok()?;
    Some(Prepared { check, schema: Arc::clone(schema), extent, bytes: json_size(schema) })
}

impl Prepared {
    fn problems(&self, arguments: &Value) -> Vec<String> {
        let Extent { parts, is_endless, .. } = self.extent;
        let parts = (!is_endless).then_some(parts);
        // Nothing could end it.
        let Some(most) = steps::of_check(&self.schema, parts, arguments) else {
            return Vec::new();
        };
        if self.check.is_valid(arguments) {
            Vec::new()
        } else if most.saturating_mul(self.bytes + json_size(arguments)) > MOST_KEPT {
            vec![SOMEWHERE.to_owned()]
        } else {
            let errors = self.check.iter_errors(arguments).take(MOST_PROBLEMS);
            errors.map(|error| told(&error)).collect()
        }
    }
}

fn told(error: &ValidationError<'_>) -> String {
    let place = error.instance_path().as_str();
    let problem = error.masked();
    let mut told =
        if place.is_empty() { problem.to_string() } else { format!("{place}: {problem}") };
    told.truncate(told.floor_char_boundary(LONGEST_PROBLEM));
    told
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check_by(schema: Value) -> ArgumentCheck {
        ArgumentCheck::new(&Arc::new(schema), &mut Budget::new())
    }

    #[test]
    fn a_pattern_that_takes_much_memory_makes_a_schema_not_usable() {
        let by = |pattern: &str| check_by(json!({"properties": {"a": {"pattern": pattern}}}));
        for usual in [r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?Z$", r"^[\w.+-]+@[\w-]+\.[\w.-]+$"] {
            assert!(by(usual).is_prepared(), "{usual}");
        }
        assert!(!by(r"^\p{L}{100}x$").is_prepared());
        let many: Value = (0..21).map(|n| (n.to_string(), json!({"pattern": "a"}))).collect();
        assert!(!check_by(json!({"properties": many})).is_prepared());
    }

    #[test]
    fn the_schemas_of_a_server_have_a_bound_together() {
        let words: Vec<_> = (0..9_990).collect();
        let schema = Arc::new(json!({"properties": {"a": {"enum": words}}}));
        let mut budget = Budget::new();
        let mut made = || ArgumentCheck::new(&schema, &mut budget);
        let first = made();
        assert!(first.is_prepared());
        assert_eq!((1..100).filter(|_| made().is_prepared()).count(), 19);
        let mut budget = Budget::new();
        (0..20).for_each(|_| first.count_again(&mut budget));
        assert!(!ArgumentCheck::new(&schema, &mut budget).is_prepared(), "what stays counts too");
    }

    /// The library keeps each problem, and all that it was compared with, before the first is read.
    #[test]
    fn where_much_may_be_wrong_it_is_not_said_where() {
        let schema = json!({"properties": {"a": {"items": {"required": ["x", "y", "z"]}}}});
        let check = check_by(schema);
        let wrong = |count| json!({"a": vec![json!({}); count]});
        assert_eq!(check.problems(&wrong(2)).len(), 6);
        assert_eq!(check.problems(&wrong(10_000)), [SOMEWHERE]);
        let branches: Vec<_> = (0..900).map(|n| json!({"required": [n.to_string()]})).collect();
        let either = check_by(json!({ "anyOf": branches }));
        assert_eq!(either.problems(&json!({"k": "x".repeat(1_000_000)})), [SOMEWHERE]);
        let sql = json!({"pattern": r"^\s*SELECT"});
        let query = check_by(json!({"required": ["database"], "properties": {"sql": sql}}));
        let problems = query.problems(&json!({"sql": format!("SELECT {}", "x".repeat(5_000))}));
        assert_eq!(problems, ["\"database\" is a required property"]);
        let long = check_by(json!({"required": ["x".repeat(5_000)]})).problems(&json!({}));
        assert_eq!(long[0].len(), LONGEST_PROBLEM);
        assert!(check.problems(&wrong(1_000_000)).is_empty(), "left to the server");
    }

    #[test]
    fn problems_name_the_place_and_not_the_value() {
        let schema = json!({
            "type": "object",
            "properties": {"path": {"type": "string"}, "n": {"type": "integer", "maximum": 5}},
            "required": ["path"],
        });
        let check = check_by(schema.clone());
        assert!(check.problems(&json!({"path": "/a", "n": 5, "more": true})).is_empty());
        let problems = check.problems(&json!({"n": 777}));
        assert_eq!(problems.len(), 2, "{problems:?}");
        let text = problems.join("\n");
        assert!(text.contains("path") && text.contains("/n") && !text.contains("777"), "{text}");
    }

    #[test]
    fn a_broken_or_far_schema_checks_nothing() {
        for schema in [json!({"type": 5}), json!({"$ref": "https://example.com/schema.json"})] {
            let check = check_by(schema.clone());
            assert!(!check.is_prepared(), "{schema}");
            assert!(check.problems(&json!({"a": 1})).is_empty());
        }
    }

    #[test]
    fn arguments_that_would_take_for_ever_are_left_to_the_server() {
        let twice = json!({"properties": {"a": {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}, "n": {"type": "string"}}});
        let check = check_by(twice);
        let nested = |times| (0..times).fold(json!({"n": 1}), |inner, _| json!({"a": inner}));
        assert!(check.is_prepared() && !check.problems(&nested(3)).is_empty());
        assert!(check.problems(&nested(40)).is_empty());
    }
}
