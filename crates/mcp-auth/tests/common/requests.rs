//! Requests for tokens, legal and not: any names, any custom claims, lifetimes up to the longest setting.

use std::time::Duration;

use mcp_auth::claims::{Claims, RESERVED_CLAIMS, check_name};
use mcp_auth::issue::{IssueError, NewToken};
use mcp_auth::roles::Role;
use mcp_auth::validate::Expect;
use proptest::prelude::*;
use serde_json::{Value, json};

/// The longest lifetime that the environment can ask for.
const LONGEST: u64 = 87_600 * 3600;

#[derive(Debug, Clone)]
pub(crate) struct Request {
    refresh: bool,
    user_id: String,
    username: Option<String>,
    role: Option<String>,
    lifetime: Option<u64>,
    session: Option<(String, u64)>,
    custom: Vec<(String, Value)>,
}

pub(crate) fn request() -> impl Strategy<Value = Request> {
    let name = || prop_oneof![4 => "[^\\pC]{1,20}", 1 => ".{0,300}"];
    let custom = prop::collection::vec(
        (prop_oneof![8 => ".{0,12}", 1 => "(iss|role|exp|sid)"], value()),
        0..6,
    );
    (
        any::<bool>(),
        name(),
        prop::option::of(name()),
        prop::option::of("[a-z0-9_-]{1,32}"),
        prop::option::of(1..=LONGEST),
        prop::option::of((name(), any::<u64>())),
        custom,
    )
        .prop_map(|(refresh, user_id, username, role, lifetime, session, custom)| Request {
            refresh,
            user_id,
            username,
            role,
            lifetime,
            session,
            custom,
        })
}

/// Any JSON; fractions in eighths, which every reader reads alike.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i32>().prop_map(|eighths| json!(f64::from(eighths) / 8.0)),
        ".{0,30}".prop_map(Value::from),
    ];
    leaf.prop_recursive(18, 40, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(".{0,8}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

impl Request {
    pub(crate) fn new_token(&self) -> Result<NewToken, IssueError> {
        let new = if self.refresh { NewToken::refresh } else { NewToken::access };
        let mut token = new(self.user_id.clone());
        if let Some(username) = &self.username {
            token = token.with_username(username);
        }
        if let Some(role) = self.role.as_ref().and_then(|role| role.parse().ok()) {
            token = token.with_role(role);
        }
        if let Some(seconds) = self.lifetime {
            token = token.with_lifetime(Duration::from_secs(seconds));
        }
        if let Some((id, generation)) = &self.session {
            token = token.with_session(id, *generation);
        }
        self.custom
            .iter()
            .try_fold(token, |token, (name, value)| token.with_claim(name, value.clone()))
    }

    /// Whether nothing about it could be refused.
    pub(crate) fn is_plain(&self) -> bool {
        let session = self.session.as_ref().map(|(id, _)| id);
        let names = [Some(&self.user_id), self.username.as_ref(), session];
        names.into_iter().flatten().all(|name| check_name(name).is_ok()) && self.custom.is_empty()
    }

    pub(crate) fn expect(&self) -> Expect {
        if self.refresh { Expect::Refresh } else { Expect::Access }
    }

    /// Whether the claims say what was asked for.
    pub(crate) fn check(&self, claims: &Claims) -> Result<(), TestCaseError> {
        prop_assert_eq!(claims.user_id(), &self.user_id);
        prop_assert_eq!(claims.username(), self.username.as_ref().unwrap_or(&self.user_id));
        prop_assert_eq!(claims.role().is_none(), self.refresh);
        if let (false, Some(role)) = (self.refresh, &self.role) {
            prop_assert_eq!(claims.role().map(Role::name), Some(role.as_str()));
        }
        let session = self.session.as_ref();
        prop_assert_eq!(claims.session_id(), session.map(|(id, _)| id.as_str()));
        prop_assert_eq!(claims.generation(), session.map(|(_, generation)| *generation));
        let all = claims.to_json();
        for (name, _) in &self.custom {
            // Of two custom claims with one name the later holds.
            let last = self.custom.iter().rev().find(|(other, _)| other == name);
            prop_assert_eq!(all.get(name), last.map(|(_, value)| value));
            prop_assert!(!RESERVED_CLAIMS.contains(&name.as_str()));
        }
        Ok(())
    }
}
