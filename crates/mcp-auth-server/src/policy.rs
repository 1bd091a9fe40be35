//! The policy file: TOML, as [`PolicyDocument`] describes it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mcp_auth::policy::{Policy, PolicyDocument, RuleText};
use mcp_auth_cli::redact::ShownPath;
use mcp_auth_cli::{Failure, exit};
use mcp_auth_sessions::rate_limit::Limits;

use crate::settings::McpSettings;

/// A policy that is in force, or could be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LoadedPolicy {
    path: Option<PathBuf>,
    pub(crate) policy: Arc<Policy>,
    limits: HashMap<String, Limits>,
}

impl LoadedPolicy {
    /// The policy where no file is named.
    pub(crate) fn built_in() -> Self {
        Self { path: None, policy: Arc::default(), limits: HashMap::new() }
    }

    /// The policy that the settings name.
    ///
    /// # Errors
    /// As for [`LoadedPolicy::read`].
    pub(crate) fn of(settings: &McpSettings) -> Result<Self, Vec<String>> {
        settings.policy_file.as_deref().map_or_else(|| Ok(Self::built_in()), Self::read)
    }

    /// The same for the beginning of a command.
    ///
    /// # Errors
    /// [`exit::CONFIGURATION`] with all mistakes.
    pub(crate) fn first(settings: &McpSettings) -> Result<Self, Failure> {
        Self::of(settings).map_err(|problems| {
            let message = format!("the policy is wrong:\n  {}", problems.join("\n  "));
            Failure::new(exit::CONFIGURATION, message).with_hint(
                "MCP_POLICY_FILE names the policy; `mcp-auth-server policy check` reads it",
            )
        })
    }

    /// Reads a file.
    ///
    /// # Errors
    /// All that is wrong with it; each sentence names the file, and where it can the rule or the line.
    pub(crate) fn read(path: &Path) -> Result<Self, Vec<String>> {
        let shown = ShownPath(path);
        let text = std::fs::read_to_string(path)
            .map_err(|error| vec![format!("{shown} cannot be read: {error}; correct the path")])?;
        let parsed = parse(&text);
        let (policy, limits) = parsed.map_err(|problems| {
            problems.into_iter().map(|problem| format!("{shown}: {problem}")).collect::<Vec<_>>()
        })?;
        Ok(Self { path: Some(path.to_owned()), policy: Arc::new(policy), limits })
    }

    /// Where it comes from, as it may be shown.
    pub(crate) fn place(&self) -> String {
        self.path
            .as_deref()
            .map_or("the built-in policy".to_owned(), |it| ShownPath(it).to_string())
    }

    /// How often one user may call what this rule allows; `None` where the rule does not say.
    pub(crate) fn limits_of(&self, rule: &str) -> Option<&Limits> {
        self.limits.get(rule)
    }
}

fn parse(text: &str) -> Result<(Policy, HashMap<String, Limits>), Vec<String>> {
    let document: PolicyDocument =
        toml::from_str(text).map_err(|error| vec![one_line(text, &error)])?;
    let policy = document.policy().map_err(|all| all.iter().map(ToString::to_string).collect());
    let limits = limits(&document.rules);
    match (policy, limits) {
        (Ok(policy), Ok(limits)) => Ok((policy, limits)),
        (policy, limits) => {
            let of_rules: Vec<String> = policy.err().unwrap_or_default();
            Err(of_rules.into_iter().chain(limits.err().unwrap_or_default()).collect())
        }
    }
}

fn limits(rules: &[RuleText]) -> Result<HashMap<String, Limits>, Vec<String>> {
    let (mut limits, mut mistakes) = (HashMap::new(), Vec::new());
    for rule in rules {
        match rule.rate_limit.as_deref().map(str::parse) {
            None => {}
            Some(Ok(parsed)) => drop(limits.insert(rule.name.clone(), parsed)),
            Some(Err(error)) => {
                mistakes.push(format!("rule {:?}: `rate_limit`: {error}", rule.name));
            }
        }
    }
    if mistakes.is_empty() { Ok(limits) } else { Err(mistakes) }
}

/// The line at fault and what is wrong there.
fn one_line(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start));
    let message = error.message().replace('\n', ", ");
    match before {
        Some(before) => format!("line {}: {message}", before.matches('\n').count() + 1),
        None => message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<LoadedPolicy, Vec<String>> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        LoadedPolicy::read(file.path())
    }

    #[test]
    fn rules_and_their_limits_are_read() {
        let text = "[[rule]]\nname = 'readers'\neffect = 'allow'\nroles = ['user']\nrate_limit = '2/minute'\n";
        let loaded = read(text).unwrap();
        assert_eq!(loaded.policy.rules().len(), 1);
        assert_eq!(loaded.limits_of("readers").unwrap().to_string(), "2 per 1 minute");
        assert_eq!(loaded.limits_of("others"), None);
    }

    #[test]
    fn mistakes_name_the_line_or_the_rule() {
        let cases = [
            ("[[rule]]\nname = 'a'\neffect = 'alow'\n", "line 3"),
            ("[[rule]\n", "line 1"),
            ("[[rule]]\nname = 'a'\neffect = 'allow'\nrole = ['user']\n", "unknown field `role`"),
            (
                "[[rule]]\nname = 'a'\neffect = 'allow'\nrate_limit = 'often'\n",
                "rule \"a\": `rate_limit`",
            ),
            ("[[rule]]\nname = 'a'\neffect = 'allow'\nroles = []\n", "`roles` is empty"),
        ];
        for (text, expected) in cases {
            let problems = read(text).unwrap_err();
            assert!(problems.iter().any(|it| it.contains(expected)), "{text}: {problems:?}");
        }
        let missing = LoadedPolicy::read(Path::new("/nowhere/policy.toml")).unwrap_err();
        assert!(missing[0].contains("/nowhere/policy.toml cannot be read"), "{missing:?}");
    }
}
