//! From the command line to the library's request.

use std::collections::BTreeSet;
use std::path::Path;

use mcp_auth::issue::{IssueError, NewToken};
use mcp_auth::roles::Role;
use mcp_auth_cli::redact::Shown;
use mcp_auth_cli::{Failure, exit};

use crate::args::{Args, Claim};

/// The token that was asked for.
pub(crate) fn new_token(args: &Args) -> Result<NewToken, Failure> {
    refuse_stdout_as_file(args)?;
    refuse_twice(&args.claims)?;
    // clap lets no command line pass that lacks the user id here.
    let user_id = args.user_id.clone().unwrap_or_default();
    let role = args.role.clone().unwrap_or_else(|| default_role(&user_id));
    let mut request = NewToken::access(user_id).with_role(role);
    if let Some(username) = &args.username {
        request = request.with_username(username);
    }
    if let Some(expiry) = args.expiry {
        request = request.with_lifetime(expiry.duration());
    }
    if let Some(audience) = &args.audience {
        request = request.with_audience(audience);
    }
    if let Some(issuer) = &args.issuer {
        request = request.with_issuer(issuer);
    }
    args.claims.iter().try_fold(request, |request, Claim { name, value }| {
        request.with_claim(name, value.clone()).map_err(|error| refused(&error))
    })
}

/// The role that is meant where none is named. Only here, where whoever holds the secret chooses both: a user id that
/// somebody picked at a sign-up must grant nothing.
fn default_role(user_id: &str) -> Role {
    if user_id == "admin" { Role::Admin } else { Role::User }
}

/// Why the library made no token, with the exit code that says whose mistake it is.
pub(crate) fn refused(error: &IssueError) -> Failure {
    let code = match error {
        IssueError::NoSigningKey => exit::CONFIGURATION,
        IssueError::Signing(_) | IssueError::Unwritable => exit::INTERNAL,
        _ => exit::USAGE,
    };
    Failure::new(code, format!("no token was made: {error}"))
}

fn refuse_stdout_as_file(args: &Args) -> Result<(), Failure> {
    if args.output.as_deref() != Some(Path::new("-")) {
        return Ok(());
    }
    Err(Failure::new(exit::USAGE, "--output - does not name a file")
        .with_hint("the token goes to stdout when --output is left out"))
}

fn refuse_twice(claims: &[Claim]) -> Result<(), Failure> {
    let mut names = BTreeSet::new();
    match claims.iter().find(|claim| !names.insert(&claim.name)) {
        None => Ok(()),
        Some(Claim { name, .. }) => {
            Err(Failure::new(exit::USAGE, format!("--claim {} is given twice", Shown(name)))
                .with_hint(
                    "a token holds each claim once; for several values write NAME='[\"a\",\"b\"]'",
                ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;

    fn request(arguments: &[&str]) -> Result<NewToken, Failure> {
        let start = ["mcp-token-gen", "--user-id", "a"];
        new_token(&Args::parse_from(start.iter().chain(arguments)))
    }

    #[test]
    fn a_claim_is_given_once() {
        let failure = request(&["--claim", "a=1", "--claim", "b=1", "--claim", "a=1"]).unwrap_err();
        assert_eq!((failure.exit(), failure.message()), (2, "--claim a is given twice"));
        assert!(request(&["--claim", "a=1", "--claim", "b=1"]).is_ok());
    }

    #[test]
    fn a_dash_is_no_file() {
        assert_eq!(request(&["--output", "-"]).unwrap_err().exit(), exit::USAGE);
    }

    #[test]
    fn the_exit_code_says_whose_mistake_it_is() {
        assert_eq!(refused(&IssueError::NoSigningKey).exit(), exit::CONFIGURATION);
        assert_eq!(refused(&IssueError::Unwritable).exit(), exit::INTERNAL);
        let large = IssueError::TooLarge { bytes: 2, limit: 1 };
        assert_eq!(refused(&large).exit(), exit::USAGE);
    }
}
