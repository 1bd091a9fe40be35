use std::convert::Infallible;

use proptest::prelude::*;

use super::*;

fn names(text: &str) -> Result<Vec<String>, JsonFault> {
    let mut names = Vec::new();
    read_object(text, &[("known", "known")], |name, value| {
        names.push(name.text.into_owned());
        value.value().map(|(_, end)| end)
    })?;
    Ok(names)
}

#[test]
fn members_come_in_order_with_their_names_unescaped() {
    let text = " { \"a\" : 1 , \"r\\u006fle\":[{}, []], \"\\ud83d\\ude00\":null }\n";
    assert_eq!(names(text).unwrap(), ["a", "role", "😀"]);
    assert_eq!(names("{}").unwrap(), [""; 0]);
}

#[test]
fn only_an_object_will_do() {
    for text in ["", "[]", "\"a\"", "1", "null", "\u{feff}{}", "// c\n{}"] {
        assert_eq!(names(text), Err(JsonFault::NotAnObject), "{text:?}");
    }
}

#[test]
fn what_rfc_8259_refuses_is_refused() {
    let broken = [
        "{",
        "{}}",
        "{} x",
        "{,}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "{'a':1}",
        "{\"a\":1 \"b\":2}",
        "{\"a\":01}",
        "{\"a\":+1}",
        "{\"a\":.5}",
        "{\"a\":1.}",
        "{\"a\":1e}",
        "{\"a\":-}",
        "{\"a\":NaN}",
        "{\"a\":Infinity}",
        "{\"a\":0x1}",
        "{\"a\":tru}",
        "{\"a\":\"\n\"}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12\"}",
        "{\"a\":\"\\ud800\"}",
        "{\"a\":\"\\udc00\"}",
        "{\"a\":\"\\ud800\\u0041\"}",
        "{\"a\":\"",
        "{\"a\":[1,]}",
        "{\"a\":[1 2]}",
        "{\"a\":1e999}",
        "{\"a\":[-1e400]}",
        "{\"a\":1/**/}",
    ];
    for text in broken {
        assert!(names(text).is_err(), "{text:?}");
    }
}

#[test]
fn a_name_stands_once_at_every_level() {
    for text in [
        r#"{"a":1,"a":1}"#,
        r#"{"role":"user","ro\u006ce":"admin"}"#,
        r#"{"known":1,"a":2,"known":3}"#,
        r#"{"known":1,"\u006bnown":3}"#,
        r#"{"x":{"a":1,"b":2,"\u0061":3}}"#,
        r#"{"x":[{"a":1,"a":2}]}"#,
    ] {
        assert!(
            matches!(names(text), Err(JsonFault::At { problem: JsonProblem::DuplicateName, .. })),
            "{text:?}"
        );
    }
}

#[test]
fn depth_and_members_are_bounded() {
    let nested =
        |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
    assert!(names(&nested(MAX_DEPTH)).is_ok());
    assert!(matches!(
        names(&nested(MAX_DEPTH + 1)),
        Err(JsonFault::At { problem: JsonProblem::TooDeep, .. })
    ));
    assert!(names(&nested(100_000)).is_err());

    let wide = |members: usize| {
        format!("{{{}}}", (0..members).map(|i| format!("\"m{i}\":0")).collect::<Vec<_>>().join(","))
    };
    assert!(names(&wide(MAX_MEMBERS)).is_ok());
    assert!(names(&wide(MAX_MEMBERS + 1)).is_err());
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            prop::collection::hash_map(any::<String>(), inner, 0..6)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    /// What `serde_json` writes, this reads, with the same names and values.
    #[test]
    fn reads_what_serde_json_writes(members in prop::collection::hash_map(any::<String>(), any_json(), 0..20)) {
        let object = serde_json::Map::from_iter(members);
        let text = serde_json::to_string(&object).unwrap();
        let mut read = serde_json::Map::new();
        read_object(&text, &[], |name: Name<'_, Infallible>, value| {
            let (value, end) = value.value()?;
            let value = match value {
                Value::String(text) => text.into_owned().into(),
                Value::Number(raw) | Value::Literal(raw) | Value::Array(raw) | Value::Object(raw) =>
                    serde_json::from_str(raw).unwrap(),
            };
            read.insert(name.text.into_owned(), value);
            Ok::<_, JsonFault>(end)
        }).unwrap();
        prop_assert_eq!(read, serde_json::from_str::<serde_json::Map<_, _>>(&text).unwrap());
    }

    /// What this reads, `serde_json` reads: we accept a subset, also of text that was damaged.
    #[test]
    fn accepts_nothing_that_serde_json_refuses(
        value in any_json(),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<char>()), 0..3),
    ) {
        let mut text: Vec<char> = serde_json::json!({ "a": value, "b": 1 }).to_string().chars().collect();
        for (index, replacement) in cuts {
            let at = index.index(text.len());
            text[at] = replacement;
        }
        let text = String::from_iter(text);
        if names(&text).is_ok() {
            prop_assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{}", text);
        }
    }
}
