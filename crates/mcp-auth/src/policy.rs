//! Who may do what. A pure function of a caller, an action and a list of rules: no file, no clock, no state.

mod document;
mod findings;
mod glob;

use serde::Deserialize;

use crate::action::{ActionKind, Request};
use crate::roles::Role;

pub use self::document::{PolicyDocument, PolicyMistake, RuleText};
pub use self::findings::Finding;
pub use self::glob::Glob;

/// Whom a policy judges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject<'a> {
    /// The `user_id` claim.
    pub user_id: &'a str,
    /// The `role` claim.
    pub role: &'a Role,
}

/// What a rule does when it matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Permits, unless a rule forbids.
    Allow,
    /// Forbids, whatever else permits.
    Deny,
}

/// One rule. It matches when the caller and the action do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// A name for audit lines and explanations.
    pub name: String,
    /// Allow or deny.
    pub effect: Effect,
    /// Whom it is about.
    pub who: Who,
    /// Kinds of action.
    pub actions: Match<ActionKind>,
    /// Servers. A rule that names servers matches no action without one.
    pub servers: Match<Glob>,
    /// Tools. A rule that names tools matches no action without one.
    pub tools: Match<Glob>,
}

/// Whom a rule is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// Every signed-in caller.
    Everybody,
    /// Callers with one of these roles, and these users.
    Only {
        /// An allowing rule also covers the built-in roles above one that it names; a denying rule covers exactly
        /// what it names.
        roles: Vec<Role>,
        /// User ids.
        users: Vec<String>,
    },
}

/// A condition on one property of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Match<T> {
    /// No condition.
    Any,
    /// One of these. An empty list matches nothing.
    Only(Vec<T>),
}

impl Rule {
    fn matches(&self, subject: &Subject<'_>, request: &Request<'_>) -> bool {
        self.is_about(subject)
            && self.actions.holds(|kind| *kind == request.kind)
            && names(&self.servers, request.server)
            && names(&self.tools, request.tool)
    }

    /// Whether it matches some requests of this kind, or all of them. One that names servers or tools matches none that has
    /// no such thing.
    fn matches_any(&self, subject: &Subject<'_>, kind: ActionKind) -> bool {
        self.is_about(subject)
            && self.actions.holds(|named| *named == kind)
            && (kind.has_server() || self.servers == Match::Any)
            && (kind.is_for_everyday() || self.tools == Match::Any)
    }

    fn is_about(&self, subject: &Subject<'_>) -> bool {
        let Who::Only { roles, users } = &self.who else { return true };
        let role = |named: &Role| match self.effect {
            Effect::Allow => subject.role.includes(named),
            Effect::Deny => subject.role == named,
        };
        roles.iter().any(role) || users.iter().any(|user| user == subject.user_id)
    }
}

impl<T> Match<T> {
    fn holds(&self, matches: impl Fn(&T) -> bool) -> bool {
        match self {
            Self::Any => true,
            Self::Only(list) => list.iter().any(matches),
        }
    }
}

fn names(globs: &Match<Glob>, name: Option<&str>) -> bool {
    globs.holds(|glob| name.is_some_and(|name| glob.matches(name)))
}

/// An ordered list of rules. Deny wins; then the first rule that allows; what no rule allows is forbidden.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    rules: Vec<Rule>,
}

/// The policy where none is configured: built-in roles list, describe and call; admins also connect servers and
/// manage users; superadmins also manage admins. A custom role can do nothing.
impl Default for Policy {
    fn default() -> Self {
        let rule = |name: &str, role: Role, actions: &[ActionKind]| Rule {
            name: name.to_owned(),
            effect: Effect::Allow,
            who: Who::Only { roles: vec![role], users: Vec::new() },
            actions: Match::Only(actions.to_vec()),
            servers: Match::Any,
            tools: Match::Any,
        };
        Self::new(vec![
            rule(
                "users list and call",
                Role::User,
                &[ActionKind::List, ActionKind::Describe, ActionKind::Call],
            ),
            rule(
                "admins connect and manage users",
                Role::Admin,
                &[ActionKind::Connect, ActionKind::ManageUsers],
            ),
            rule("superadmins manage admins", Role::Superadmin, &[ActionKind::ManageAdmins]),
        ])
    }
}

impl Policy {
    /// A policy of exactly these rules: the built-in ones do not apply beside them.
    pub fn new(rules: Vec<Rule>) -> Self {
        Self { rules }
    }

    /// The rules, in order.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// What in it can never decide anything, or decides against itself.
    pub fn findings(&self) -> Vec<Finding<'_>> {
        findings::of(&self.rules)
    }

    /// Decides, and says which rule did.
    pub fn decide(&self, subject: &Subject<'_>, request: &Request<'_>) -> Decision<'_> {
        let mut first_allow = None;
        for rule in self.rules.iter().filter(|rule| rule.matches(subject, request)) {
            match rule.effect {
                Effect::Deny => return Decision { allowed: false, rule: Some(rule) },
                Effect::Allow => first_allow = first_allow.or(Some(rule)),
            }
        }
        Decision { allowed: first_allow.is_some(), rule: first_allow }
    }

    /// Whether the subject may perhaps do this to something: whether a rule allows actions of this kind, to whichever
    /// servers and tools. A denial counts only where it names neither servers nor tools, so this may say yes where
    /// [`Policy::decide`] says no to each; it never says no where that says yes. For asking what a role is worth, which
    /// one request, without a server or with one, cannot tell.
    pub fn may_anywhere(&self, subject: &Subject<'_>, kind: ActionKind) -> bool {
        let matching = || self.rules.iter().filter(|rule| rule.matches_any(subject, kind));
        let forbids_all = |rule: &Rule| {
            rule.effect == Effect::Deny && rule.servers == Match::Any && rule.tools == Match::Any
        };
        matching().any(|rule| rule.effect == Effect::Allow) && !matching().any(forbids_all)
    }
}

/// What a policy decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision<'a> {
    allowed: bool,
    rule: Option<&'a Rule>,
}

impl<'a> Decision<'a> {
    /// Whether the action may go on.
    pub fn allowed(&self) -> bool {
        self.allowed
    }

    /// The rule that decided; `None` when no rule matched, which forbids.
    pub fn rule(&self) -> Option<&'a Rule> {
        self.rule
    }

    /// The name of that rule.
    pub fn decided_by(&self) -> &'a str {
        self.rule.map_or("no rule allows it", |rule| rule.name.as_str())
    }
}

#[cfg(test)]
mod tests;
