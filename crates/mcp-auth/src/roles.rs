//! Roles: three that are built in, each above the last, and names that only a policy gives meaning to.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use thiserror::Error;

/// What a user is, as the `role` claim says it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Role {
    /// `user`: lists and calls tools.
    User,
    /// `admin`: also connects servers and manages users.
    Admin,
    /// `superadmin`: also manages admins. Given on the host only.
    Superadmin,
    /// Any other legal name. Grants nothing by itself: a policy must name it.
    Custom(CustomRole),
}

/// The name of a role that is not built in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CustomRole(Box<str>);

impl CustomRole {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Role {
    /// Longest name, in bytes.
    pub const MAX_BYTES: usize = 32;

    /// The value of the `role` claim.
    pub fn name(&self) -> &str {
        match self {
            Self::User => "user",
            Self::Admin => "admin",
            Self::Superadmin => "superadmin",
            Self::Custom(custom) => custom.as_str(),
        }
    }

    /// Whether this is `other` or a built-in role above it. Custom roles stand beside the ladder: they include
    /// nothing, and nothing includes them.
    pub fn includes(&self, other: &Self) -> bool {
        match (self.rung(), other.rung()) {
            (Some(own), Some(asked)) => own >= asked,
            _ => self == other,
        }
    }

    fn rung(&self) -> Option<u8> {
        match self {
            Self::User => Some(1),
            Self::Admin => Some(2),
            Self::Superadmin => Some(3),
            Self::Custom(_) => None,
        }
    }
}

/// Not a legal role name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "is not a legal role: 1 to 32 of a-z 0-9 _ - are, in lower case, such as user, admin or ci-pipeline"
)]
pub struct IllegalRole;

impl FromStr for Role {
    type Err = IllegalRole;

    fn from_str(name: &str) -> Result<Self, IllegalRole> {
        match name {
            "user" => Ok(Self::User),
            "admin" => Ok(Self::Admin),
            "superadmin" => Ok(Self::Superadmin),
            _ if is_legal(name) => Ok(Self::Custom(CustomRole(name.into()))),
            _ => Err(IllegalRole),
        }
    }
}

fn is_legal(name: &str) -> bool {
    let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-');
    (1..=Role::MAX_BYTES).contains(&name.len()) && name.bytes().all(legal)
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Role {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_roles_form_a_ladder_and_custom_ones_stand_beside_it() {
        let ci: Role = "ci".parse().unwrap();
        assert!(Role::Superadmin.includes(&Role::Admin) && Role::Admin.includes(&Role::User));
        assert!(!Role::User.includes(&Role::Admin));
        assert!(ci.includes(&ci) && !ci.includes(&Role::User) && !Role::Superadmin.includes(&ci));
    }

    #[test]
    fn only_short_lower_case_names_are_roles() {
        for name in ["Admin", "a b", "", "admin\0", "rôle", "admin ", &"a".repeat(33)] {
            assert_eq!(name.parse::<Role>(), Err(IllegalRole), "{name:?}");
        }
        assert!("a".repeat(32).parse::<Role>().is_ok());
    }
}
