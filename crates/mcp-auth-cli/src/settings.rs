//! The library's settings, and its mistakes in the words of a terminal program.

use mcp_auth::settings::{Mistakes, Purpose, Settings};

use crate::environment::Environment;
use crate::{Failure, exit, output};

const HINT: &str =
    "variables are read from the environment, then from .env.local and .env in this directory";

/// Reads the settings about tokens, and prints their warnings on stderr.
///
/// # Errors
/// [`exit::CONFIGURATION`] with every mistake that there is, one per line.
pub fn load_settings(purpose: Purpose, environment: &Environment) -> Result<Settings, Failure> {
    let settings = load_settings_quietly(purpose, environment)?;
    for warning in settings.warnings() {
        output::print_warning(&warning.to_string());
    }
    Ok(settings)
}

/// [`load_settings`] without the warnings.
///
/// # Errors
/// As [`load_settings`]: no exit code could tell a mistake.
pub fn load_settings_quietly(
    purpose: Purpose,
    environment: &Environment,
) -> Result<Settings, Failure> {
    Settings::load(purpose, |name| environment.get(name)).map_err(|all| configuration_failure(&all))
}

/// Where the current key came from: the variable, the path where it names a file, and where the variable was set.
pub fn key_source(settings: &Settings, environment: &Environment) -> String {
    let source = settings.key_source();
    let variable = source.split(' ').next().unwrap_or_default();
    format!("{source} in {}", environment.origin(variable).unwrap_or_default())
}

/// All mistakes of a configuration, one per line, as [`exit::CONFIGURATION`].
pub fn configuration_failure(mistakes: &Mistakes) -> Failure {
    let message = match mistakes.list() {
        [mistake] => mistake.to_string(),
        many => format!("the configuration has {} mistakes:\n{mistakes}", many.len()),
    };
    Failure::new(exit::CONFIGURATION, message).with_hint(HINT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_mistakes_are_reported_together() {
        let environment =
            Environment::of(&[("MCP_JWT_SECRET", "short"), ("MCP_JWT_EXPIRY_HOURS", "soon")]);
        let failure = load_settings(Purpose::Issue, &environment).unwrap_err();
        let lines: Vec<_> = failure.message().lines().collect();
        assert_eq!(failure.exit(), exit::CONFIGURATION);
        assert_eq!(lines.len(), 3, "{failure:?}");
        assert_eq!(lines[0], "the configuration has 2 mistakes:");
        assert!(lines[1].starts_with("MCP_JWT_SECRET has 5 bytes"));
        assert!(lines[2].starts_with("MCP_JWT_EXPIRY_HOURS is \"soon\""));
    }

    #[test]
    fn one_mistake_needs_no_heading() {
        let failure = load_settings(Purpose::Validate, &Environment::of(&[])).unwrap_err();
        assert!(failure.message().starts_with("MCP_JWT_SECRET is not set"), "{failure:?}");
        assert!(failure.hint().is_some_and(|hint| hint.contains(".env.local")));
    }

    #[test]
    fn sound_settings_load() {
        let secret = [("MCP_JWT_SECRET", "3d1f0b7c9e8a4625b1c0d9e8f7a6b5c4")];
        assert!(load_settings(Purpose::Issue, &Environment::of(&secret)).is_ok());
    }
}
