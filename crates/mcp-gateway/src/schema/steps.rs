//! How much work it is to check these arguments by this schema. One that contains itself in several ways, each of which the
//! arguments may fit, costs 2^n where they are nested n times.

use serde_json::Value;

use super::parts::{self, Part};

/// For any arguments. They take a fraction of a second at worst.
const MOST_STEPS: usize = 100_000;
/// For each value in them, on average.
const MOST_STEPS_EACH: usize = 20;
/// Part in part.
const DEEPEST: usize = 1000;

/// Whether a schema of so many parts, none of which contains itself, is surely checked soon.
pub(super) fn are_surely_few(parts: usize, arguments: &Value) -> bool {
    parts.saturating_mul(values(arguments)) <= MOST_STEPS
}

/// Whether it is.
pub(super) fn are_few(document: &Value, arguments: &Value) -> bool {
    let left = values(arguments).saturating_mul(MOST_STEPS_EACH).saturating_add(MOST_STEPS);
    Steps { document, left }.check(document, arguments, 0).is_some()
}

/// How many values there are in a value.
fn values(value: &Value) -> usize {
    1 + parts::children(value).map(values).sum::<usize>()
}

struct Steps<'a> {
    document: &'a Value,
    left: usize,
}

impl<'a> Steps<'a> {
    /// Goes the way of a check, in which everything has to be looked at. `None` when it is too long.
    fn check(&mut self, schema: &'a Value, value: &Value, depth: usize) -> Option<()> {
        self.step()?;
        if depth > DEEPEST {
            return None;
        }
        let Value::Object(members) = schema else { return Some(()) };
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
        self.left = self.left.checked_sub(1)?;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

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
    fn many_values_are_no_reason() {
        let row = json!({"properties": {"a": {"type": "integer"}, "b": {"type": "string"}}});
        let rows = json!({"properties": {"rows": {"items": row}}});
        let arguments = json!({"rows": vec![json!({"a": 1, "b": "x"}); 20_000]});
        assert!(!are_surely_few(6, &arguments) && are_few(&rows, &arguments));
        assert!(are_surely_few(6, &json!({"rows": [{"a": 1}]})));
    }
}
