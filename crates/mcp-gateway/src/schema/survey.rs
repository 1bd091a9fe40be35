//! How large a schema is with all its references written out. References to references double it each time, which costs
//! whoever prepares or uses it 2^n; and a long chain of them exhausts the stack.

use std::collections::HashMap;

use serde_json::Value;

use super::parts::{self, Part};

/// More than people read, and soon prepared.
const MOST_PARTS: usize = 20_000;
/// A pattern takes memory, up to [`super::LARGEST_PATTERN`].
const PATTERN: usize = 1_000;
/// Part in part, references included.
const DEEPEST: usize = 128;

/// What is known of a schema that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    pub(super) parts: usize,
    depth: usize,
    /// Whether it contains itself, so that the arguments say how far it goes.
    pub(super) is_endless: bool,
}

/// Looks through a schema. `None` if it is not to be used: too large, too deep, or with references that are not followed.
pub(super) fn survey(document: &Value) -> Option<Extent> {
    if !parts::is_one_document(document) {
        return None;
    }
    let mut survey = Survey { document, known: HashMap::new() };
    survey.schema(document, 0)
}

struct Survey<'a> {
    document: &'a Value,
    /// What references lead to; without an extent while that is looked through.
    known: HashMap<&'a str, Option<Extent>>,
}

impl<'a> Survey<'a> {
    fn schema(&mut self, schema: &'a Value, depth: usize) -> Option<Extent> {
        if depth > DEEPEST {
            return None;
        }
        let mut extent = Extent { parts: 1, depth: 0, is_endless: false };
        let Value::Object(members) = schema else { return Some(extent) };
        extent.parts = parts::own_steps(members, PATTERN);
        for part in parts::parts(members) {
            let part = match part {
                Part::Reference(name) => self.reference(name, depth + 1)?,
                Part::Here(part)
                | Part::Member(_, part)
                | Part::Members(part, _)
                | Part::Element(_, part)
                | Part::Elements(part)
                | Part::Names(part) => self.schema(part, depth + 1)?,
            };
            extent.parts = extent.parts.saturating_add(part.parts);
            extent.depth = extent.depth.max(part.depth + 1);
            extent.is_endless |= part.is_endless;
            // References to one and the same may be so many that nobody lives to see the end.
            if extent.parts > MOST_PARTS {
                return None;
            }
        }
        if parts::is_checked_twice(members) {
            extent.parts = extent.parts.saturating_mul(2);
        }
        Some(extent).filter(|it| it.parts <= MOST_PARTS && it.depth <= DEEPEST)
    }

    fn reference(&mut self, name: &'a str, depth: usize) -> Option<Extent> {
        match self.known.get(name) {
            Some(Some(extent)) => Some(*extent),
            Some(None) => Some(Extent { parts: 1, depth: 0, is_endless: true }),
            None => {
                self.known.insert(name, None);
                let extent = self.schema(parts::target(self.document, name)?, depth)?;
                self.known.insert(name, Some(extent));
                Some(extent)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;

    /// Each definition refers so often to the next one.
    fn chain(length: usize, references: usize, keyword: &str) -> Value {
        let mut definitions: Map<String, Value> = (0..length)
            .map(|at| {
                let next = json!({"$ref": format!("#/$defs/a{}", at + 1)});
                (format!("a{at}"), json!({keyword: vec![next; references]}))
            })
            .collect();
        definitions.insert(format!("a{length}"), json!(false));
        json!({"$defs": definitions, "$ref": "#/$defs/a0"})
    }

    #[test]
    fn a_schema_that_doubles_itself_again_and_again_is_not_used() {
        for keyword in ["anyOf", "oneOf", "allOf"] {
            assert_eq!(survey(&chain(40, 2, keyword)), None, "{keyword}");
        }
        assert!(survey(&chain(40, 2, "x-unknown")).is_some(), "nobody looks at that");
        let in_a_member = json!({"properties": {"default": {"$ref": "#/$defs/a0"}}});
        let mut hidden = chain(40, 2, "anyOf");
        hidden.as_object_mut().unwrap().remove("$ref");
        hidden.as_object_mut().unwrap().extend(in_a_member.as_object().unwrap().clone());
        assert_eq!(survey(&hidden), None);
        let extent = survey(&chain(5, 2, "anyOf")).unwrap();
        assert!((64..200).contains(&extent.parts) && !extent.is_endless, "{extent:?}");
    }

    /// Preparing it would end the program.
    #[test]
    fn a_schema_that_is_too_deep_is_not_used() {
        assert_eq!(survey(&chain(20_000, 1, "anyOf")), None);
        // Nor in pieces of which each is known when it is met.
        let mut pieces = chain(20_000, 1, "anyOf");
        let members: Map<_, _> = (0..400)
            .rev()
            .map(|at| {
                (format!("{:05}", 400 - at), json!({"$ref": format!("#/$defs/a{}", at * 50)}))
            })
            .collect();
        pieces["properties"] = Value::Object(members);
        assert_eq!(survey(&pieces), None);
    }

    #[test]
    fn what_refers_to_itself_or_elsewhere_is_told_apart() {
        let tree = json!({"properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}}});
        assert!(survey(&tree).unwrap().is_endless);
        for not_followed in [
            json!({"$ref": "https://example.com/schema.json"}),
            json!({"$ref": "#/$defs/none"}),
            json!({"$dynamicRef": "#name"}),
            json!({"$defs": {"a": {"$id": "https://example.com/a", "$ref": "#/b"}}}),
        ] {
            assert_eq!(survey(&not_followed), None, "{not_followed}");
        }
        let usual = json!({
            "$id": "https://example.com/a",
            "type": "object",
            "properties": {"id": {"type": "string"}, "at": {"$ref": "#/definitions/at"}},
            "examples": [{"id": "x", "at": "$ref"}],
            "definitions": {"at": {"type": ["string", "null"], "default": {"$ref": "no"}}},
        });
        assert!(!survey(&usual).unwrap().is_endless);
    }
}
