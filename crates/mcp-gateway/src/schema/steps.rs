//! How much work it is to check these arguments by this schema. One that contains itself in several ways, each of which the
//! arguments may fit, costs 2^n where they are nested n times.

use serde_json::{Map, Value};

use super::parts::{self, Part};

/// They take a fraction of a second at worst.
const MOST_STEPS: usize = 200_000;
/// To try a pattern on [`PIECE`] bytes, at worst.
const PATTERN: usize = 2_000;
/// As many bytes of a string cost about as much as another value.
const PIECE: usize = 64;
/// So many need not be counted.
const SURELY_FEW: usize = 5_000;
/// Part in part.
const DEEPEST: usize = 1000;

/// How many problems a check may find at most; `None` if it takes too many steps. `parts` are those of a schema that does
/// not contain itself.
pub(super) fn of_check(document: &Value, parts: Option<usize>, arguments: &Value) -> Option<usize> {
    // Where it is surely few, they need not be counted.
    let at_most = parts.map(|parts| parts.saturating_mul(size(arguments)));
    at_most.filter(|steps| *steps <= SURELY_FEW).or_else(|| counted(document, arguments))
}

fn counted(document: &Value, arguments: &Value) -> Option<usize> {
    let mut steps = Steps { document, left: MOST_STEPS, problems: 0 };
    steps.check(document, arguments, 0)?;
    Some(steps.problems)
}

/// How large a value is, in values.
fn size(value: &Value) -> usize {
    let inside = parts::children(value).map(size).fold(0, usize::saturating_add);
    inside.saturating_add(own_size(value))
}

/// Without what is in it.
fn own_size(value: &Value) -> usize {
    let bytes = match value {
        Value::String(text) => text.len(),
        Value::Object(members) => members.keys().map(String::len).sum(),
        _ => 0,
    };
    1 + bytes / PIECE
}

struct Steps<'a> {
    document: &'a Value,
    left: usize,
    /// What may be wrong: each part, and each thing that it names.
    problems: usize,
}

impl<'a> Steps<'a> {
    /// Goes the way of a check, in which everything has to be looked at. `None` when it is too long.
    fn check(&mut self, schema: &'a Value, value: &Value, depth: usize) -> Option<()> {
        self.step()?;
        if depth > DEEPEST {
            return None;
        }
        let Value::Object(members) = schema else { return Some(()) };
        self.problems = self.problems.saturating_add(parts::own_steps(members, 1));
        self.steps(own_steps(members, value))?;
        let times = if parts::is_checked_twice(members) { 2 } else { 1 };
        for part in (0..times).flat_map(|_| parts::parts(members)) {
            self.part(part, value, depth + 1)?;
        }
        Some(())
    }

    fn part(&mut self, part: Part<'a>, value: &Value, depth: usize) -> Option<()> {
        self.step()?;
        match part {
            Part::Here(schema) => self.check(schema, value, depth),
            Part::Reference(name) => self.check(parts::target(self.document, name)?, value, depth),
            Part::Member(name, schema) => self.check_some(schema, value.get(name), depth),
            Part::Element(at, schema) => self.check_some(schema, value.get(at), depth),
            Part::Members(schema, besides) => {
                let is_meant = |name| besides.is_none_or(|names| !names.contains_key(name));
                let mut members = value.as_object().into_iter().flatten();
                members.try_for_each(|(name, child)| {
                    if is_meant(name) { self.check(schema, child, depth) } else { self.step() }
                })
            }
            Part::Names(schema) => {
                let mut members = value.as_object().into_iter().flatten();
                members.try_for_each(|(name, _)| {
                    self.check(schema, &Value::String(name.clone()), depth)
                })
            }
            Part::Elements(schema) => {
                let mut elements = value.as_array().into_iter().flatten();
                elements.try_for_each(|child| self.check(schema, child, depth))
            }
        }
    }

    fn check_some(&mut self, schema: &'a Value, value: Option<&Value>, depth: usize) -> Option<()> {
        value.map_or(Some(()), |value| self.check(schema, value, depth))
    }

    fn step(&mut self) -> Option<()> {
        self.steps(1)
    }

    fn steps(&mut self, steps: usize) -> Option<()> {
        self.left = self.left.checked_sub(steps)?;
        Some(())
    }
}

/// To look at a value by a schema without its parts. Whether elements are all different takes a look at everything in them.
fn own_steps(schema: &Map<String, Value>, value: &Value) -> usize {
    let different = schema.get("uniqueItems").map_or(0, |_| size(value));
    parts::own_steps(schema, PATTERN).saturating_mul(own_size(value)).saturating_add(different)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn are_few(document: &Value, arguments: &Value) -> bool {
        counted(document, arguments).is_some()
    }

    fn nested(times: usize) -> Value {
        (0..times).fold(json!({}), |inner, _| json!({"a": inner}))
    }

    #[test]
    fn a_schema_that_contains_itself_twice_is_for_flat_arguments() {
        let twice = json!({"properties": {"a": {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}}});
        assert!(are_few(&twice, &nested(5)));
        assert!(!are_few(&twice, &nested(40)));
        let once = json!({"properties": {"a": {"$ref": "#"}, "b": {"$ref": "#"}}});
        assert!(are_few(&once, &nested(100)));
        for round in [json!({"$ref": "#"}), json!({"allOf": [{"$ref": "#"}, {"$ref": "#"}]})] {
            assert!(!are_few(&round, &json!({})), "{round}");
        }
    }

    /// Of each kind of value, one part is looked at.
    #[test]
    fn a_schema_of_any_json_is_for_nested_arguments_too() {
        let again = json!({"$ref": "#"});
        let any = json!({"anyOf": [
            {"type": ["string", "number", "null"]},
            {"type": "array", "items": again},
            {"type": "object", "properties": {"a": again}, "additionalProperties": again,
                "propertyNames": {"type": "string"}},
        ]});
        let deep = (0..60).fold(json!("x"), |inner, _| json!({"a": [inner], "b": 1}));
        assert!(are_few(&any, &deep));
    }

    #[test]
    fn many_values_are_no_reason_where_there_is_little_to_look_at() {
        let row = json!({"properties": {"a": {"type": "integer"}, "b": {"type": "string"}}});
        let rows = json!({"properties": {"rows": {"items": row}}});
        let arguments = |rows| json!({"rows": vec![json!({"a": 1, "b": "x"}); rows]});
        assert!(are_few(&rows, &arguments(10_000)) && !are_few(&rows, &arguments(100_000)));
        assert_eq!(of_check(&rows, Some(6), &json!({"rows": [{"a": 1}]})), Some(24));
    }

    #[test]
    fn what_each_value_is_compared_with_counts_for_each() {
        let words: Vec<_> = (0..1_000).map(|word| format!("w{word}")).collect();
        let all = json!({"items": {"enum": words}});
        let required = json!({"items": {"required": words}});
        let pattern = json!({"items": {"pattern": "^a+$"}});
        for schema in [all, required, pattern] {
            assert!(are_few(&schema, &json!(vec!["w1"; 90])), "{schema}");
            assert!(!are_few(&schema, &json!(vec!["w1"; 1_000])), "{schema}");
        }
        let patterns = json!({"allOf": vec![json!({"pattern": "a+b"}); 5]});
        assert!(are_few(&patterns, &json!("a".repeat(1_000))));
        assert!(!are_few(&patterns, &json!("a".repeat(1_000_000))));
        let name = json!({ "a".repeat(1_000_000): 1 });
        assert!(!are_few(&json!({"propertyNames": {"pattern": "a+b"}}), &name));
        let unique = json!({"allOf": vec![json!({"uniqueItems": true}); 20]});
        assert!(!are_few(&unique, &json!(vec![0; 20_000])));
    }
}
