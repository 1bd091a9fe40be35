//! What a policy says in vain or against itself. Cautious: what is reported is so, and not all that is so is reported.

use std::fmt;

use super::{Effect, Glob, Match, Rule, Who};
use crate::roles::Role;

/// A rule that could be meant otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding<'a> {
    /// Whatever it matches, an earlier rule with the same effect matches too.
    Redundant {
        /// The rule.
        rule: &'a Rule,
        /// The rule that says it already.
        covered_by: &'a Rule,
    },
    /// It allows nothing: all that it allows is denied.
    Overruled {
        /// The allowing rule.
        rule: &'a Rule,
        /// The denying rule.
        denied_by: &'a Rule,
    },
    /// It matches nothing.
    Dead {
        /// The rule.
        rule: &'a Rule,
        /// Why.
        why: &'static str,
    },
}

impl fmt::Display for Finding<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Redundant { rule, covered_by } => write!(
                f,
                "{:?} decides nothing that {:?} does not decide before it; remove one of them",
                rule.name, covered_by.name
            ),
            Self::Overruled { rule, denied_by } => write!(
                f,
                "{:?} allows nothing, because {:?} denies all of it and deny wins; narrow the one or remove the other",
                rule.name, denied_by.name
            ),
            Self::Dead { rule, why } => write!(f, "{:?} matches nothing: {why}", rule.name),
        }
    }
}

pub(super) fn of(rules: &[Rule]) -> Vec<Finding<'_>> {
    let mut findings = Vec::new();
    for (at, rule) in rules.iter().enumerate() {
        let earlier = rules.iter().take(at);
        if let Some(why) = why_dead(rule) {
            findings.push(Finding::Dead { rule, why });
        } else if let Some(denied_by) = rules.iter().find(|other| overrules(other, rule)) {
            findings.push(Finding::Overruled { rule, denied_by });
        } else if let Some(covered_by) =
            earlier.clone().find(|other| other.effect == rule.effect && covers(other, rule))
        {
            findings.push(Finding::Redundant { rule, covered_by });
        }
    }
    findings
}

/// Kinds that have no tool are never matched by a rule that names tools.
fn why_dead(rule: &Rule) -> Option<&'static str> {
    let Match::Only(kinds) = &rule.actions else { return None };
    if kinds.iter().any(|kind| kind.is_for_everyday()) {
        return None;
    }
    let has_server = kinds.iter().any(|kind| kind.has_server());
    match (&rule.servers, &rule.tools) {
        (_, Match::Only(_)) => Some("it names tools, and its actions have none; remove `tools`"),
        (Match::Only(_), _) if !has_server => {
            Some("it names servers, and its actions have none; remove `servers`")
        }
        _ => None,
    }
}

fn overrules(deny: &Rule, allow: &Rule) -> bool {
    deny.effect == Effect::Deny && allow.effect == Effect::Allow && covers(deny, allow)
}

/// Whether `wide` matches whatever `narrow` matches.
fn covers(wide: &Rule, narrow: &Rule) -> bool {
    covers_who(wide, narrow)
        && covers_all(&wide.actions, &narrow.actions, |a, b| a == b)
        && covers_all(&wide.servers, &narrow.servers, covers_glob)
        && covers_all(&wide.tools, &narrow.tools, covers_glob)
}

fn covers_who(wide: &Rule, narrow: &Rule) -> bool {
    match (&wide.who, &narrow.who) {
        (Who::Everybody, _) => true,
        (Who::Only { .. }, Who::Everybody) => false,
        (
            Who::Only { roles: wide_roles, users: wide_users },
            Who::Only { roles: narrow_roles, users: narrow_users },
        ) => {
            let has = |role: &Role| {
                wide_roles.iter().any(|wide_role| match (wide.effect, narrow.effect) {
                    (Effect::Allow, _) => role.includes(wide_role),
                    // A denied role is that role alone, and an allowed built-in one is also those above it.
                    (Effect::Deny, Effect::Deny) => role == wide_role,
                    (Effect::Deny, Effect::Allow) => {
                        role == wide_role && (is_custom(role) || *role == Role::Superadmin)
                    }
                })
            };
            narrow_roles.iter().all(has)
                && narrow_users.iter().all(|user| wide_users.contains(user))
        }
    }
}

fn is_custom(role: &Role) -> bool {
    matches!(role, Role::Custom(_))
}

fn covers_all<T>(wide: &Match<T>, narrow: &Match<T>, covers: impl Fn(&T, &T) -> bool) -> bool {
    match (wide, narrow) {
        (Match::Any, _) => true,
        (Match::Only(_), Match::Any) => false,
        (Match::Only(wide), Match::Only(narrow)) => {
            narrow.iter().all(|narrow| wide.iter().any(|wide| covers(wide, narrow)))
        }
    }
}

/// A pattern matches what another matches when they are the same or when it matches the other's text, in which `*` and
/// `?` then stand for themselves: only a `*` of the wide pattern can take a `*`.
fn covers_glob(wide: &Glob, narrow: &Glob) -> bool {
    wide == narrow || (wide.matches(narrow.as_str()) && !has_lone_question_mark(wide, narrow))
}

/// A `?` of the wide pattern takes one character, and a `*` in its place may stand for many.
fn has_lone_question_mark(wide: &Glob, narrow: &Glob) -> bool {
    wide.as_str().contains('?') && narrow.as_str().contains('*')
}

#[cfg(test)]
mod tests {
    use super::super::PolicyDocument;
    use super::*;
    use proptest::prelude::*;

    fn findings(rules: &[(&str, &str)]) -> Vec<String> {
        let rules = rules.iter().enumerate().map(|(number, (effect, rest))| {
            let rest: serde_json::Value = serde_json::from_str(rest).unwrap();
            let mut rule = rest.as_object().unwrap().clone();
            rule.insert("name".into(), number.to_string().into());
            rule.insert("effect".into(), (*effect).into());
            serde_json::Value::from(rule)
        });
        let document = serde_json::json!({ "rule": rules.collect::<Vec<_>>() });
        let document: PolicyDocument = serde_json::from_value(document).unwrap();
        let policy = document.policy().unwrap();
        policy.findings().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_said_before_is_redundant() {
        let found = findings(&[
            ("allow", r#"{"roles": ["user"]}"#),
            ("allow", r#"{"roles": ["admin"], "tools": ["read_*"]}"#),
            ("allow", r#"{"roles": ["analyst"]}"#),
        ]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("\"1\" decides nothing that \"0\""), "{found:?}");
    }

    #[test]
    fn what_is_denied_whole_is_overruled_wherever_the_denial_stands() {
        let found = findings(&[
            ("allow", r#"{"roles": ["analyst"], "tools": ["write_file"]}"#),
            ("deny", r#"{"tools": ["write_*"]}"#),
        ]);
        assert!(found[0].starts_with("\"0\" allows nothing, because \"1\""), "{found:?}");
    }

    /// Denying `user` leaves admins, whom an allowed `user` includes.
    #[test]
    fn denying_a_role_does_not_overrule_those_above_it() {
        let rules = [("allow", r#"{"roles": ["user"]}"#), ("deny", r#"{"roles": ["user"]}"#)];
        assert_eq!(findings(&rules), Vec::<String>::new());
    }

    #[test]
    fn a_rule_whose_actions_have_no_tool_is_dead() {
        let found = findings(&[("allow", r#"{"actions": ["connect"], "tools": ["x"]}"#)]);
        assert!(found[0].contains("matches nothing"), "{found:?}");
    }

    proptest! {
        #[test]
        fn a_pattern_that_covers_another_matches_all_that_it_matches(
            wide in "[ab*?]{0,5}", narrow in "[ab*?]{0,5}", name in "[abc]{0,6}",
        ) {
            let (wide, narrow) = (Glob::new(&wide), Glob::new(&narrow));
            if covers_glob(&wide, &narrow) && narrow.matches(&name) {
                prop_assert!(wide.matches(&name), "{wide:?} {narrow:?} {name:?}");
            }
        }
    }
}
