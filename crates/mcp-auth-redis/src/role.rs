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

/// A replica as its primary sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Follower {
    /// By which it is known to its primary.
    pub(crate) address: Address,
    /// How far it says that it has come.
    pub(crate) offset: u64,
}

/// How far the stream of a primary's writes has come; `None` where it is no primary.
pub(crate) fn offset(role: &Value) -> Option<u64> {
    let Value::Array(parts) = role else { return None };
    parts.get(1).filter(|_| is_primary(role)).and_then(|it| u64::from_redis_value_ref(it).ok())
}

/// The replicas that follow a primary now.
pub(crate) fn followers(role: Value) -> Vec<Follower> {
    let Value::Array(mut parts) = role else { return Vec::new() };
    let replicas = parts.pop().map(Vec::<(String, u16, u64)>::from_redis_value);
    let replicas = replicas.and_then(Result::ok).unwrap_or_default();
    let follower = |(host, port, offset)| Follower { address: Address::new(host, port), offset };
    replicas.into_iter().map(follower).collect()
}

/// Their addresses.
pub(crate) fn following(role: Value) -> Vec<Address> {
    followers(role).into_iter().map(|follower| follower.address).collect()
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
        assert_eq!(offset(&role), Some(7));
        let address = Address::new("10.0.0.2", 6_380);
        assert_eq!(followers(role), [Follower { address, offset: 3_129_659 }]);
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
            assert!(!is_primary(&role) && offset(&role).is_none());
            assert_eq!(following(role), []);
        }
    }
}
