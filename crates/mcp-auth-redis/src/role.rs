//! What a node says of itself in its answer to `ROLE`.

use redis::{FromRedisValue as _, Value};

use crate::address::Address;

/// Whether it takes itself for the primary.
pub(crate) fn is_primary(role: &Value) -> bool {
    let Value::Array(parts) = role else { return false };
    parts.first().is_some_and(|name| {
        matches!(name, Value::BulkString(name) if name == b"master")
            || matches!(name, Value::SimpleString(name) if name == "master")
    })
}

/// The replicas that follow a primary now, by the addresses that they gave it.
pub(crate) fn following(role: Value) -> Vec<Address> {
    let Value::Array(mut parts) = role else { return Vec::new() };
    let replicas = parts.pop().map(Vec::<(String, u16, String)>::from_redis_value);
    let replicas = replicas.and_then(Result::ok).unwrap_or_default();
    replicas.into_iter().map(|(host, port, _)| Address::new(host, port)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::BulkString(text.into())
    }

    #[test]
    fn a_primary_names_who_follows_it() {
        let replica = Value::Array(vec![text("10.0.0.2"), text("6380"), text("3129659")]);
        let role = Value::Array(vec![text("master"), Value::Int(7), Value::Array(vec![replica])]);
        assert!(is_primary(&role));
        assert_eq!(following(role), [Address::new("10.0.0.2", 6_380)]);
    }

    #[test]
    fn a_replica_and_nonsense_have_no_followers() {
        let replica = Value::Array(vec![
            text("slave"),
            text("h"),
            Value::Int(1),
            text("connected"),
            Value::Int(7),
        ]);
        for role in [replica, Value::Nil, Value::Array(vec![])] {
            assert!(!is_primary(&role));
            assert_eq!(following(role), []);
        }
    }
}
