//! `secret`: generate, fingerprint, rotate.

use std::io;
use std::time::Duration;

use mcp_auth::audit::AuditKind;
use mcp_auth::random::SystemRandom;
use mcp_auth::settings::Settings;
use mcp_auth_cli::{Failure, exit, output};
use serde_json::json;

use super::desk::{self, Desk};
use crate::args::{Common, Secret};
use crate::data_dir::DataDir;
use crate::house::House;
use crate::jwt_secret;
use crate::settings::{ServerSettings, Source};
use crate::table::{self, Table};

/// Runs the command.
pub(crate) fn run(common: &Common, command: &Secret) -> Result<u8, Failure> {
    match command {
        Secret::Generate => generate(common),
        Secret::Fingerprint => fingerprint(common),
        Secret::Rotate { drop_previous } => rotate(common, *drop_previous),
    }
}

fn generate(common: &Common) -> Result<u8, Failure> {
    let secret = jwt_secret::random(&SystemRandom);
    let text = if common.json {
        table::json(&json!({ "secret": *secret }))
    } else {
        format!("{}\n", *secret)
    };
    output::print(&text)?;
    Ok(exit::OK)
}

/// Needs no store: the keys are in the environment or in files.
fn fingerprint(common: &Common) -> Result<u8, Failure> {
    let source = Source::of(common)?;
    let settings = desk::settings(&source)?;
    let keys = settings.tokens.keys().verifying_keys();
    let rank = |index| if index == 0 { "current" } else { "previous" };
    let keys = keys.iter().enumerate().map(|(index, key)| (rank(index), key));
    let text = if common.json {
        let keys = keys.map(|(rank, key)| {
            json!({ "rank": rank, "fingerprint": key.id().to_string(), "algorithm": key.algorithm().name() })
        });
        table::json(
            &json!({ "source": key_source(&settings, &source), "keys": keys.collect::<Vec<_>>() }),
        )
    } else {
        let mut table = Table::new(&["KEY", "FINGERPRINT", "ALGORITHM"]);
        keys.for_each(|(rank, key)| {
            table.row([rank, &key.id().to_string(), key.algorithm().name()]);
        });
        format!("From {}\n\n{}", key_source(&settings, &source), table.text())
    };
    output::print(&text)?;
    Ok(exit::OK)
}

/// Where the current key came from, in words.
pub(super) fn key_source(settings: &ServerSettings, source: &Source) -> String {
    match DataDir::overruled_by(|name| source.get(name)) {
        Some(_) => mcp_auth_cli::key_source(&settings.tokens, source.environment()),
        None => format!("jwt_secret in the data directory {}", settings.data_dir),
    }
}

fn rotate(common: &Common, drop_previous: bool) -> Result<u8, Failure> {
    let source = Source::of(common)?;
    refuse_elsewhere(&source)?;
    let desk = Desk::over(House::open(desk::settings(&source)?)?)?;
    desk.check_audit()?;
    let data_dir = &desk.house.settings.data_dir;
    let (target, what, told) = if drop_previous {
        let dropped =
            jwt_secret::drop_previous(data_dir).map_err(|error| failed(data_dir, &error))?;
        let told =
            format!("Older secrets forgotten: {dropped}. Tokens that they signed are refused.\n");
        ("jwt_previous_secrets", format!("older secrets forgotten: {dropped}"), told)
    } else {
        let kept = jwt_secret::rotate(data_dir).map_err(|error| failed(data_dir, &error))?;
        (
            "jwt_secret",
            format!("rotated; older secrets that still verify: {kept}"),
            rotated(&desk, kept),
        )
    };
    desk.record(AuditKind::KeysChanged, target, &what)?;
    output::print(&if common.json {
        table::json(&json!({ "changed": target, "what": what }))
    } else {
        told
    })?;
    Ok(exit::OK)
}

/// Of any token that a sign-in gives: from the next refresh on the new secret signs.
fn longest_life(tokens: &Settings) -> Duration {
    let lifetimes = tokens.lifetimes();
    lifetimes.access.max(lifetimes.refresh).min(tokens.max_grant_age())
}

fn rotated(desk: &Desk, kept: usize) -> String {
    let settings = &desk.house.settings;
    let days = longest_life(&settings.tokens).as_secs().div_ceil(86_400);
    format!(
        "Made a new secret. Older ones that still verify: {kept}. A running server takes it by itself.\n\
         Give it to every service that checks tokens with the secret: {}\n\
         When every older token has expired ({days} days for those of sign-ins; mcp-token-gen may have made longer ones), \
         or at once if the old secret leaked:\n  \
         mcp-auth-server secret rotate --drop-previous --data-dir {}\n",
        settings.data_dir.secret().display(),
        settings.data_dir
    )
}

/// What the environment says wins, so another file would change nothing.
fn refuse_elsewhere(source: &Source) -> Result<(), Failure> {
    let Some(variable) = DataDir::overruled_by(|name| source.get(name)) else { return Ok(()) };
    let place = source.environment().origin(variable).unwrap_or("the command line");
    let message = format!(
        "the key comes from {variable} in {place}, not from the data directory; nothing was changed"
    );
    Err(Failure::new(exit::CONFIGURATION, message).with_hint(
        "put the output of `mcp-auth-server secret generate` there and the old secret in front of \
         MCP_JWT_PREVIOUS_SECRETS, or remove the variable to use the data directory's secret",
    ))
}

fn failed(data_dir: &DataDir, error: &io::Error) -> Failure {
    let message = format!("cannot replace the secrets in {data_dir}: {error}");
    Failure::new(exit::INTERNAL, message)
        .with_hint("nothing is lost: mend what is in the way (is jwt_secret there? is the disk full?), and try again")
}
