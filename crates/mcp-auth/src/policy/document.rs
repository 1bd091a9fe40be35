//! A policy as people write it, in TOML or any other form that serde reads:
//!
//! ```toml
//! [[rule]]
//! name = "analysts read"
//! effect = "allow"
//! roles = ["analyst"]
//! actions = ["list", "describe", "call"]
//! servers = ["files"]
//! tools = ["read_*"]
//! rate_limit = "30/minute"
//! ```
//!
//! What is left out puts no condition. An empty list is a mistake, because it could be meant either way.

use std::collections::HashSet;
use std::fmt;

use serde::Deserialize;
use thiserror::Error;

use super::{Effect, Glob, Match, Policy, Rule, Who};
use crate::action::ActionKind;
use crate::roles::Role;
use crate::text::Escaped;

/// The whole document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyDocument {
    /// The rules, in order.
    #[serde(default, rename = "rule")]
    pub rules: Vec<RuleText>,
}

/// One rule as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleText {
    /// What explanations and the audit call it; each name stands once.
    pub name: String,
    /// `allow` or `deny`.
    pub effect: Effect,
    /// Role names.
    pub roles: Option<Vec<String>>,
    /// User ids, in addition to the roles.
    pub users: Option<Vec<String>>,
    /// `list`, `describe`, `call`, `connect`, `manage_users`, `manage_admins`.
    pub actions: Option<Vec<ActionKind>>,
    /// Patterns of server names.
    pub servers: Option<Vec<String>>,
    /// Patterns of tool names.
    pub tools: Option<Vec<String>>,
    /// How often one user may call what this rule allows, such as `10/minute`. Kept as it is written: who serves
    /// requests counts them.
    pub rate_limit: Option<String>,
}

/// One mistake in a document: the rule, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("rule {number} ({name:?}): {problem}")]
pub struct PolicyMistake {
    /// Its place, from 1.
    pub number: usize,
    /// Its name, made safe to show.
    pub name: String,
    /// The problem and the remedy.
    pub problem: String,
}

impl PolicyDocument {
    /// The policy that it describes.
    ///
    /// # Errors
    /// All mistakes, in the order of the rules.
    pub fn policy(&self) -> Result<Policy, Vec<PolicyMistake>> {
        let (mut rules, mut mistakes, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
        for (number, text) in (1..).zip(&self.rules) {
            let mut problems = text.problems();
            if !seen.insert(text.name.as_str()) {
                problems.push("another rule has this name; give each its own".to_owned());
            }
            let name = Escaped(&text.name).to_string();
            let mistake = |problem| PolicyMistake { number, name: name.clone(), problem };
            mistakes.extend(problems.into_iter().map(mistake));
            rules.push(text.rule());
        }
        if mistakes.is_empty() { Ok(Policy::new(rules)) } else { Err(mistakes) }
    }
}

impl RuleText {
    fn problems(&self) -> Vec<String> {
        let lists = [
            ("roles", self.roles.as_ref().map(Vec::len)),
            ("users", self.users.as_ref().map(Vec::len)),
            ("actions", self.actions.as_ref().map(Vec::len)),
            ("servers", self.servers.as_ref().map(Vec::len)),
            ("tools", self.tools.as_ref().map(Vec::len)),
        ];
        let empty = lists.into_iter().filter(|(_, length)| *length == Some(0)).map(|(name, _)| {
            format!("`{name}` is empty; leave it out to put no condition, or name what it is about")
        });
        let illegal = self.roles.iter().flatten().filter_map(|role| {
            let error = role.parse::<Role>().err()?;
            Some(format!("the role {:?} {error}", Escaped(role).to_string()))
        });
        let unnamed =
            self.name.trim().is_empty().then(|| "the name is empty; give it one".to_owned());
        let limited = (self.rate_limit.is_some() && self.effect == Effect::Deny).then(|| {
            "`rate_limit` limits what is allowed, and this rule denies; remove it".to_owned()
        });
        empty.chain(illegal).chain(unnamed).chain(limited).collect()
    }

    /// Illegal roles are left out; they are reported as mistakes, so nobody sees such a rule.
    fn rule(&self) -> Rule {
        let patterns = |list: &Option<Vec<String>>| match list {
            None => Match::Any,
            Some(list) => Match::Only(list.iter().map(|pattern| Glob::new(pattern)).collect()),
        };
        let who = match (&self.roles, &self.users) {
            (None, None) => Who::Everybody,
            (roles, users) => Who::Only {
                roles: roles.iter().flatten().filter_map(|role| role.parse().ok()).collect(),
                users: users.clone().unwrap_or_default(),
            },
        };
        Rule {
            name: self.name.clone(),
            effect: self.effect,
            who,
            actions: self.actions.clone().map_or(Match::Any, Match::Only),
            servers: patterns(&self.servers),
            tools: patterns(&self.tools),
        }
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
        })
    }
}
