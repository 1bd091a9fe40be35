//! The values of the flags. An error is the end of clap's sentence "invalid value '..' for '--flag \<X\>': ".

use std::str::FromStr;

use mcp_auth::claims::{MAX_NAME_BYTES, RESERVED_CLAIMS, check_name};
use mcp_auth::roles::Role;
use mcp_auth_cli::redact::Shown;
use serde_json::Value;

/// `--user-id`, `--username`, `--audience` and `--issuer`: what a service's own settings may be, too.
pub(super) fn name(text: &str) -> Result<String, String> {
    check_name(text).map(|()| text.to_owned()).map_err(|problem| {
        format!("it {problem}; write 1 to {MAX_NAME_BYTES} bytes without control characters")
    })
}

/// `--role`.
pub(super) fn role(text: &str) -> Result<Role, String> {
    text.parse().map_err(|_| {
        let lower = text.to_lowercase();
        let meant =
            lower.parse::<Role>().is_ok().then(|| format!("; did you mean `{}`?", Shown(&lower)));
        format!(
            "a role is 1 to 32 of a-z 0-9 _ -, such as user, admin or ci-pipeline{}",
            meant.unwrap_or_default()
        )
    })
}

/// `--claim NAME=VALUE`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Claim {
    pub(crate) name: String,
    pub(crate) value: Value,
}

impl FromStr for Claim {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some((name, value)) = text.split_once('=') else {
            return Err("it lacks its value; write NAME=VALUE, such as team=search".into());
        };
        check_name(name).map_err(|problem| format!("its name {problem}; write NAME=VALUE"))?;
        if RESERVED_CLAIMS.contains(&name) {
            return Err(format!("`{name}` has a meaning of its own; {}", remedy(name)));
        }
        let given = value;
        let value = json_or_text(given);
        if matches!(value, Value::Array(_) | Value::Object(_)) && colons(given) != members(&value) {
            return Err("its JSON names a member twice; name each member once".into());
        }
        Ok(Self { name: name.to_owned(), value })
    }
}

fn remedy(reserved: &str) -> &'static str {
    match reserved {
        "user_id" => "set it with --user-id",
        "username" => "set it with --username",
        "role" => "set it with --role",
        "exp" => "set it with --expiry",
        "iss" => "set it with --issuer",
        "aud" => "set it with --audience",
        "token_type" => "this program makes access tokens only; choose another name",
        "iat" => "the clock sets it; choose another name",
        "jti" => "every token gets one of its own; choose another name",
        _ => "only a server sets it; choose another name",
    }
}

/// A whole number that JSON could only hold rounded stays text: it is an id, and must not change.
fn json_or_text(text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(Value::Number(number)) if number.is_f64() && !text.contains(['.', 'e', 'E']) => {
            text.into()
        }
        Ok(value) => value,
        Err(_) => text.into(),
    }
}

/// How many members a JSON text has, each as often as it stands there: every member has one colon outside of
/// strings.
fn colons(json: &str) -> usize {
    let (mut count, mut in_string, mut chars) = (0, false, json.chars());
    while let Some(c) = chars.next() {
        match c {
            '"' => in_string = !in_string,
            // Whatever it is, it ends no string.
            '\\' => drop(chars.next()),
            ':' if !in_string => count += 1,
            _ => {}
        }
    }
    count
}

/// How many members were kept; of two with one name, that is one.
fn members(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(members).sum(),
        Value::Object(object) => object.values().map(|value| 1 + members(value)).sum(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_json_where_they_read_as_json() {
        for (text, value) in [
            ("k=3", json!(3)),
            ("k=\"3\"", json!("3")),
            ("k=true", json!(true)),
            ("k=null", json!(null)),
            ("k=[1,2]", json!([1, 2])),
            ("k={\"a\":1.5}", json!({"a": 1.5})),
            ("k=production", json!("production")),
            ("k=a=b", json!("a=b")),
            ("k=", json!("")),
            ("k=007", json!("007")),
            ("k=18446744073709551616", json!("18446744073709551616")),
            ("k=1e400", json!("1e400")),
        ] {
            assert_eq!(text.parse(), Ok(Claim { name: "k".into(), value }), "{text}");
        }
    }

    #[test]
    fn a_member_that_is_named_twice_is_refused() {
        for json in
            [r#"{"a":1,"a":2}"#, r#"[{"a":{"b":1,"\u0062":1}}]"#, r#"{"a":{"x":1,"y":2},"a":1}"#]
        {
            let error = format!("k={json}").parse::<Claim>().unwrap_err();
            assert!(error.starts_with("its JSON names a member twice"), "{json}: {error}");
        }
        for json in
            [r#"{"a":"::\":\\","b":{"a":[{"a":1}, {"a":":"}]}}"#, "[]", "{}", "a:b", "\":\""]
        {
            assert!(format!("k={json}").parse::<Claim>().is_ok(), "{json}");
        }
    }

    #[test]
    fn reserved_names_are_refused_with_the_remedy() {
        for name in RESERVED_CLAIMS {
            let error = format!("{name}=1").parse::<Claim>().unwrap_err();
            assert!(error.contains("set it with --") || error.ends_with("another name"), "{error}");
        }
        assert!("exp=1".parse::<Claim>().unwrap_err().contains("--expiry"));
        for text in ["", "k", "=v", "a\nb=1"] {
            assert!(text.parse::<Claim>().unwrap_err().contains("NAME=VALUE"), "{text:?}");
        }
    }

    #[test]
    fn names_and_roles_are_checked() {
        for text in ["", "a\r\n", "a\0", &"x".repeat(257)] {
            assert!(name(text).unwrap_err().contains("1 to 256 bytes"), "{text:?}");
        }
        assert!(name(&"x".repeat(256)).is_ok());
        assert!(role("Admin").unwrap_err().ends_with("did you mean `admin`?"));
        assert!(role("a b").unwrap_err().ends_with("ci-pipeline"));
        assert_eq!(role("ops").unwrap().name(), "ops");
    }
}
