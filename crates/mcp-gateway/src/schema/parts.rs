//! Of what a schema is made, as far as it costs something to check by it.

use serde_json::{Map, Value};

/// A part of a schema, and of what the arguments have to fit it.
#[derive(Clone, Copy)]
pub(super) enum Part<'a> {
    /// What the schema itself is for.
    Here(&'a Value),
    /// The same, and it stands elsewhere.
    Reference(&'a str),
    /// The member of this name.
    Member(&'a str, &'a Value),
    /// The element at this place.
    Element(usize, &'a Value),
    /// Each member, but for those of these names.
    Members(&'a Value, Option<&'a Map<String, Value>>),
    /// Each element.
    Elements(&'a Value),
    /// The name of each member.
    Names(&'a Value),
}

/// The parts of a schema that is an object. Keywords that none of the drafts knows are data, to a check as well.
pub(super) fn parts(schema: &Map<String, Value>) -> impl Iterator<Item = Part<'_>> {
    let named = schema.get("properties").and_then(Value::as_object);
    schema.iter().flat_map(move |(keyword, value)| match keyword.as_str() {
        "additionalProperties" => vec![Part::Members(value, named)],
        _ => parts_of(keyword, value),
    })
}

fn parts_of<'a>(keyword: &str, value: &'a Value) -> Vec<Part<'a>> {
    match (keyword, value) {
        ("$ref" | "$dynamicRef" | "$recursiveRef", Value::String(name)) => {
            vec![Part::Reference(name)]
        }
        ("properties", Value::Object(schemas)) => {
            schemas.iter().map(|(name, schema)| Part::Member(name, schema)).collect()
        }
        ("patternProperties", Value::Object(schemas)) => {
            schemas.values().map(|schema| Part::Members(schema, None)).collect()
        }
        ("dependentSchemas" | "dependencies", Value::Object(schemas)) => {
            schemas.values().map(Part::Here).collect()
        }
        ("prefixItems" | "items", Value::Array(schemas)) => {
            schemas.iter().enumerate().map(|(at, schema)| Part::Element(at, schema)).collect()
        }
        ("items" | "contains" | "additionalItems" | "unevaluatedItems", schema) => {
            vec![Part::Elements(schema)]
        }
        ("unevaluatedProperties", schema) => vec![Part::Members(schema, None)],
        ("propertyNames", schema) => vec![Part::Names(schema)],
        ("not" | "if" | "then" | "else" | "contentSchema", schema) => vec![Part::Here(schema)],
        ("allOf" | "anyOf" | "oneOf", Value::Array(schemas)) => {
            schemas.iter().map(Part::Here).collect()
        }
        // Data, and schemas that cost where they are referred to.
        _ => Vec::new(),
    }
}

/// What it costs to look at a value by the schema itself, without its parts, in steps; `pattern` is what one of those costs.
pub(super) fn own_steps(schema: &Map<String, Value>, pattern: usize) -> usize {
    let steps = |(keyword, value): (&String, &Value)| match (keyword.as_str(), value) {
        ("enum" | "const" | "required" | "dependentRequired" | "dependencies", _) => values(value),
        ("pattern", _) => pattern,
        ("patternProperties", Value::Object(schemas)) => pattern.saturating_mul(schemas.len()),
        _ => 0,
    };
    schema.iter().map(steps).fold(1, usize::saturating_add)
}

/// How many values there are in a value.
pub(super) fn values(value: &Value) -> usize {
    children(value).map(values).fold(1, usize::saturating_add)
}

/// Whether what fits is found out a second time, to know what is left over.
pub(super) fn is_checked_twice(schema: &Map<String, Value>) -> bool {
    schema.contains_key("unevaluatedItems") || schema.contains_key("unevaluatedProperties")
}

/// What a reference within the document leads to. Others are not followed: of what they lead to, nothing is known.
pub(super) fn target<'a>(document: &'a Value, reference: &str) -> Option<&'a Value> {
    let pointer = reference.strip_prefix('#')?;
    if pointer.contains('%') {
        document.pointer(&decoded(pointer)?)
    } else {
        document.pointer(pointer)
    }
}

/// A part of a URL as it is meant (RFC 3986 section 2.1).
fn decoded(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        bytes.extend(hex::decode(digits).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

/// Whether references mean the same everywhere: a part that names itself, or is of another draft, has references of its own.
pub(super) fn is_one_document(document: &Value) -> bool {
    let is_old = document.get("$schema").is_some_and(|it| it.to_string().contains("draft-04"));
    let names: &[_] = if is_old { &["$schema", "$id", "id"] } else { &["$schema", "$id"] };
    children(document).all(|part| has_none_of(part, names))
}

fn has_none_of(part: &Value, names: &[&str]) -> bool {
    let is_named = names.iter().any(|name| part.get(name).is_some_and(Value::is_string));
    !is_named && children(part).all(|part| has_none_of(part, names))
}

/// The members or elements of a value.
pub(super) fn children(value: &Value) -> Box<dyn Iterator<Item = &Value> + '_> {
    match value {
        Value::Object(members) => Box::new(members.values()),
        Value::Array(elements) => Box::new(elements.iter()),
        _ => Box::new(std::iter::empty()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn references_are_followed_within_the_document() {
        let document = json!({"$defs": {"a b": 1, "c/d": 2}});
        let led = ["#/$defs/a%20b", "#/%24defs/c~1d", "#/$defs/a b", "#/%", "#/%zz", "a", ""];
        let led = led.map(|reference| target(&document, reference).and_then(Value::as_u64));
        assert_eq!(led, [Some(1), Some(2), Some(1), None, None, None, None]);
        assert_eq!(target(&document, "#"), Some(&document));
    }

    #[test]
    fn a_part_that_names_itself_is_another_document() {
        let part = |name: &str| json!({"$defs": {"a": {name: "b"}}});
        assert!(!is_one_document(&part("$id")) && is_one_document(&part("id")));
        let old = "http://json-schema.org/draft-04/schema#";
        assert!(!is_one_document(&json!({"$schema": old, "not": {"id": "b"}})));
        assert!(is_one_document(&json!({"$id": "a", "properties": {"$id": {}}})));
        let hidden = json!({"$schema": old, "id": "b", "$ref": "#/definitions/a"});
        assert!(!is_one_document(&json!({"properties": {"p": hidden}})), "of another draft");
    }
}
