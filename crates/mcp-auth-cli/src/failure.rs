//! How a program ends when it cannot do what it was asked.

use std::process::ExitCode;

use crate::{exit, output};

/// Why a program stops: what went wrong, what to do about it, and the exit code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    exit: u8,
    message: String,
    hint: Option<String>,
}

impl Failure {
    /// A failure with one of the codes of [`exit`]. The message names the input and the problem,
    /// and never holds a token or a secret.
    pub fn new(exit: u8, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), hint: None }
    }

    /// Adds the remedy.
    #[must_use]
    pub fn with_hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// The end of a run that has said all there is to say, such as `--help`.
    pub(crate) fn nothing_more(exit: u8) -> Self {
        Self::new(exit, "")
    }

    /// The exit code.
    pub fn exit(&self) -> u8 {
        self.exit
    }

    /// The message, without `error:`.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The remedy, without `hint:`.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    fn print(&self) {
        if !self.message.is_empty() {
            output::print_error(&self.message);
        }
        if let Some(hint) = &self.hint {
            output::print_hint(hint);
        }
    }
}

/// Anything unforeseen: the message is the whole chain of causes.
impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::new(exit::INTERNAL, format!("{error:#}"))
    }
}

/// Runs a program: all that is left for `main` to do.
///
/// A failure is printed on stderr; what the program prints goes through [`output`], where a reader that has
/// left (`| head -1`) is no failure.
///
/// ```no_run
/// fn main() -> std::process::ExitCode {
///     mcp_auth_cli::run(|| Ok(mcp_auth_cli::exit::OK))
/// }
/// ```
pub fn run(main: impl FnOnce() -> Result<u8, Failure>) -> ExitCode {
    let code = main().unwrap_or_else(|failure| {
        failure.print();
        failure.exit
    });
    code.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context as _;

    #[test]
    fn an_unforeseen_error_shows_its_causes() {
        let cause = Err::<(), _>(std::io::Error::other("disk on fire"));
        let failure = Failure::from(cause.context("cannot start").unwrap_err());
        assert_eq!((failure.exit(), failure.message()), (1, "cannot start: disk on fire"));
        assert_eq!(failure.hint(), None);
    }

    #[test]
    fn the_exit_code_is_the_programs_or_the_failures() {
        let shown = |code: ExitCode| format!("{code:?}");
        assert_eq!(shown(run(|| Ok(9))), shown(9.into()));
        assert_eq!(shown(run(|| Err(Failure::nothing_more(8)))), shown(8.into()));
    }
}
