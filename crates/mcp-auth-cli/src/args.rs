//! The command line: read once, and described by one table for the help, the shells and the manual.

use std::io;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, Parser};
use clap_complete::Shell;

use crate::redact::{self, Shown};
use crate::{Failure, exit, output};

/// Reads the command line. `--help` and `--version` print and end the run with success; where a command is missing, the
/// help goes to stderr.
///
/// # Errors
/// [`exit::USAGE`] with clap's explanation, in which anything that may be a token or a secret is kept back.
pub fn parse<C: Parser>() -> Result<C, Failure> {
    C::try_parse().map_err(end_of_run)
}

fn end_of_run(error: clap::Error) -> Failure {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // A reader that has left, such as `| head`, has seen what it wanted.
            let _ = error.print();
            Failure::nothing_more(exit::OK)
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            output::print_note(error.render().ansi().to_string().trim_end());
            Failure::nothing_more(exit::USAGE)
        }
        _ => Failure::new(exit::USAGE, explanation(error)),
    }
}

/// Where clap keeps what was typed.
const TYPED: [ContextKind; 4] = [
    ContextKind::InvalidArg,
    ContextKind::InvalidSubcommand,
    ContextKind::InvalidValue,
    ContextKind::TrailingArg,
];

/// clap's text without its `error: `, and without what was typed where that may be a secret.
fn explanation(mut error: clap::Error) -> String {
    for kind in TYPED {
        if let Some(ContextValue::String(typed)) = error.get(kind) {
            let shown = Shown(typed).to_string();
            error.insert(kind, ContextValue::String(shown));
        }
    }
    // The tips repeat what was typed, inside sentences.
    let text = redact::words(&error.to_string());
    text.trim_start_matches("error: ").trim_end().to_owned()
}

/// Prints the completion script of `shell` for the program `C`.
///
/// # Errors
/// When stdout cannot be written.
pub fn print_completions<C: CommandFactory>(shell: Shell) -> Result<(), Failure> {
    let mut command = C::command();
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut script);
    output::print_bytes(&script)
}

/// Prints the manual page of the program `C`, in roff.
///
/// # Errors
/// When stdout cannot be written.
pub fn print_man_page<C: CommandFactory>() -> Result<(), Failure> {
    let mut page = Vec::new();
    clap_mangen::Man::new(C::command()).render(&mut page).map_err(|error: io::Error| {
        Failure::new(exit::INTERNAL, format!("cannot make the manual page: {error}"))
    })?;
    output::print_bytes(&page)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ1c2VyX2lkIjoiYSJ9.c2lnbmF0dXJl";

    /// A program with what can go wrong.
    #[derive(Debug, Parser)]
    #[command(name = "program", version)]
    struct Program {
        /// A token.
        #[arg(long)]
        token: Option<String>,
        /// A number.
        #[arg(long)]
        number: Option<u8>,
        /// A choice.
        #[arg(long)]
        shell: Option<Shell>,
    }

    /// A program with commands.
    #[derive(Debug, Parser)]
    #[command(name = "program")]
    enum Commands {
        /// Does something.
        Run,
    }

    fn failure(arguments: &[&str]) -> Failure {
        failure_of::<Program>(arguments)
    }

    fn failure_of<C: Parser + std::fmt::Debug>(arguments: &[&str]) -> Failure {
        let arguments = std::iter::once(&"program").chain(arguments);
        end_of_run(C::try_parse_from(arguments).unwrap_err())
    }

    #[test]
    fn a_mistake_is_explained() {
        let failure = failure(&["--tokn", "x"]);
        assert_eq!(failure.exit(), exit::USAGE);
        assert!(failure.message().starts_with("unexpected argument '--tokn' found\n"));
        assert!(failure.message().contains("'--token'"), "{failure:?}");
    }

    #[test]
    fn help_in_place_of_a_command_is_no_error_message() {
        assert_eq!(failure_of::<Commands>(&[]), Failure::nothing_more(exit::USAGE));
    }

    #[test]
    fn what_may_be_a_secret_is_never_repeated() {
        let secret = "correct horse battery staple correct horse";
        for typed in [TOKEN, secret, &"x".repeat(10_000)] {
            let flag = format!("--tokn={typed}");
            let dashed = format!("--{typed}");
            for arguments in [
                &[typed][..],
                &["--", typed],
                &["--tokn", typed],
                &[&flag],
                &[&dashed],
                &["--number", typed],
                &["--shell", typed],
                &["--number", "1", "--number", typed],
            ] {
                let failure = failure(arguments);
                assert_eq!(failure.exit(), exit::USAGE);
                let piece = typed.get(2..20).unwrap();
                assert!(!failure.message().contains(piece), "{}", failure.message());
            }
        }
    }

    #[test]
    fn nor_is_one_in_the_place_of_a_command() {
        for typed in [TOKEN, "correct horse battery staple correct horse"] {
            let failure = failure_of::<Commands>(&[typed]);
            assert!(!failure.message().contains(typed.get(2..20).unwrap()), "{failure:?}");
        }
        let failure = failure_of::<Commands>(&["\x1b[2J"]);
        assert!(!failure.message().contains('\x1b'), "{failure:?}");
        let failure = failure_of::<Commands>(&["rum"]);
        assert!(failure.message().contains("'rum'") && failure.message().contains("'run'"));
    }

    #[test]
    fn what_a_terminal_would_obey_is_spelled_out() {
        let failure = failure(&["\x1b[2J"]);
        assert!(failure.message().starts_with("unexpected argument '\\u{1b}[2J'"), "{failure:?}");
        assert!(!failure.message().contains('\x1b'));
    }
}
