//! What the program does, from the command line to the exit code.

use std::sync::Arc;

use mcp_auth::clock::{Clock as _, SystemClock};
use mcp_auth::refusal::RefusalCode;
use mcp_auth::secret::Secret;
use mcp_auth::settings::{Purpose, Settings};
use mcp_auth::validate::{MAX_TOKEN_BYTES, Validator};
use mcp_auth_cli::environment::Environment;
use mcp_auth_cli::input::{self, Input, MAX_BYTES};
use mcp_auth_cli::report::{self, Details};
use mcp_auth_cli::{Failure, exit, key_source, load_settings, load_settings_quietly, output};
use mcp_auth_cli::{print_completions, print_man_page};

use crate::args::Args;
use crate::unverified;

/// Runs the program.
pub(crate) fn run() -> Result<u8, Failure> {
    let args: Args = mcp_auth_cli::parse()?;
    if let Some(shell) = args.completions {
        return print_completions::<Args>(shell).map(|()| exit::OK);
    }
    if args.man {
        return print_man_page::<Args>().map(|()| exit::OK);
    }
    let environment = Environment::load()?;
    let input = input::take(args.token.as_deref(), args.token_file.as_deref(), &environment)?;
    if input.is_cut {
        refuse_unread(&args, &input)
    } else if args.no_verify {
        unverified::show(&args, &input)
    } else {
        validate(&args, &input, &environment)
    }
}

fn validate(args: &Args, input: &Input, environment: &Environment) -> Result<u8, Failure> {
    let settings = settings(args, environment)?;
    refuse_secret_as_name(args, &settings)?;
    let validator = validator(args, &settings);
    let now = SystemClock.now();
    let report = validator.explain(&input.bytes, args.kind.into(), now, settings.secret());
    if args.json {
        output::print(&report::json(&report))?;
    } else if !args.quiet {
        let details = args.verbose.then(|| details(input, &settings, environment));
        output::print(&report::human(&report, details.as_ref()))?;
    }
    Ok(report.code().map_or(exit::OK, RefusalCode::exit_code))
}

/// The variables that can hold the previous keys.
const PREVIOUS: [&str; 2] = ["MCP_JWT_PREVIOUS_SECRETS", "MCP_JWT_PREVIOUS_SECRETS_FILE"];

fn details(input: &Input, settings: &Settings, environment: &Environment) -> Details {
    let current = key_source(settings, environment);
    Details::new(&input.origin, settings.keys(), &current, &place(&PREVIOUS, environment))
}

/// The first of the variables that is set, and where.
fn place(names: &[&str], environment: &Environment) -> String {
    let is_set = |name: &str| environment.get(name).is_some_and(|value| !value.is_empty());
    let name = names.iter().find(|name| is_set(name)).copied().unwrap_or_default();
    format!("{name} in {}", environment.origin(name).unwrap_or_default())
}

/// With `--quiet` the warnings stay away; mistakes are still told, since no exit code could.
fn settings(args: &Args, environment: &Environment) -> Result<Settings, Failure> {
    let load = if args.quiet { load_settings_quietly } else { load_settings };
    load(Purpose::Validate, environment)
}

/// A report says what was expected, and must not show the secret.
fn refuse_secret_as_name(args: &Args, settings: &Settings) -> Result<(), Failure> {
    let is_secret =
        |text: &&String| Secret::from_text(text).is_ok_and(|it| settings.secret() == Some(&it));
    match [&args.audience, &args.issuer].into_iter().flatten().find(is_secret) {
        None => Ok(()),
        Some(_) => Err(Failure::new(exit::USAGE, "--audience or --issuer is the secret itself")
            .with_hint("name the service or the issuer; the secret is read from its variable")),
    }
}

/// The service's validator, but for what the command line asks instead.
fn validator(args: &Args, settings: &Settings) -> Validator {
    let mut rules = settings.rules().clone();
    if args.issuer.is_some() {
        rules = rules.with_issuer(args.issuer.clone());
    }
    if args.audience.is_some() {
        rules = rules.with_audience(args.audience.clone());
    }
    Validator::new(Arc::clone(settings.keys()), rules)
}

/// There is so much that it was not read to its end.
fn refuse_unread(args: &Args, input: &Input) -> Result<u8, Failure> {
    let error = format!(
        "the token has more than {MAX_BYTES} bytes, {MAX_TOKEN_BYTES} are allowed ({})",
        input.origin
    );
    refuse(args, &error, Some("No token is so long. Is this the right file?"))
}

/// Ends with a text that is no token.
pub(crate) fn refuse(args: &Args, error: &str, hint: Option<&str>) -> Result<u8, Failure> {
    let code = RefusalCode::TokenMalformed;
    if args.json {
        output::print(&report::json_no_token(code, error, hint))?;
    }
    if args.json || args.quiet {
        return Ok(code.exit_code());
    }
    let failure = Failure::new(code.exit_code(), error);
    Err(hint.into_iter().fold(failure, Failure::with_hint))
}
