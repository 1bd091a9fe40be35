//! What a run prints: the block of the guide, JSON, or the token alone.

mod json;

use std::fmt::Write as _;
use std::path::Path;

use mcp_auth::issue::IssuedToken;
use mcp_auth::settings::Settings;
use mcp_auth::text::Escaped;
use mcp_auth_cli::environment::Environment;
use mcp_auth_cli::output::{print, print_note, write_new};
use mcp_auth_cli::redact::ShownPath;
use mcp_auth_cli::{Failure, key_source};

use crate::args::{Args, Expiry};

/// A token, and what is known about its making.
pub(crate) struct Made<'a> {
    pub(crate) issued: &'a IssuedToken,
    pub(crate) expiry: Expiry,
    pub(crate) settings: &'a Settings,
}

/// Writes the token to its file or to stdout, never to both.
pub(crate) fn deliver(
    args: &Args,
    made: &Made<'_>,
    environment: &Environment,
) -> Result<(), Failure> {
    let file = args.output.as_deref();
    if let Some(file) = file {
        write_new(file, &format!("{}\n", made.issued.token.expose()), args.force)?;
    }
    if args.verbose {
        print_note(details(made, environment));
    }
    match (args.quiet, args.json, file) {
        (true, _, Some(_)) => Ok(()),
        (true, _, None) => print(&format!("{}\n", made.issued.token.expose())),
        (false, true, _) => print(&json::object(made, file)?),
        (false, false, _) => print(&block(made, file)),
    }
}

/// The guide's block, to the letter.
fn block(made: &Made<'_>, file: Option<&Path>) -> String {
    let claims = &made.issued.claims;
    let role = claims.role().map(ToString::to_string).unwrap_or_default();
    let token = match file {
        Some(file) => format!("written to {}, which only you can read", ShownPath(file)),
        None => made.issued.token.expose().to_owned(),
    };
    let fields = [
        ("User ID:", Escaped(claims.user_id()).to_string()),
        ("Username:", Escaped(claims.username()).to_string()),
        ("Role:", role),
        ("Expires In:", made.expiry.to_string()),
        ("Expiry:", claims.expires_at().to_string()),
    ];
    format!(
        "MCP Authentication Token Generated\n\
         =====================================\n\
         {}\n\
         Token:\n{token}\n\n\
         Save this token securely. Do not commit to git or share in logs.\n",
        aligned(&fields),
    )
}

/// What `--verbose` adds: enough to tell which key signed, and nothing of the key.
fn details(made: &Made<'_>, environment: &Environment) -> String {
    let key = made.settings.keys().signing_key().map(|key| key.verifying_key().id().to_string());
    let fields = [
        ("Algorithm:", made.settings.algorithm().to_string()),
        ("Key:", key.unwrap_or_default()),
        ("Key from:", key_source(made.settings, environment)),
        ("Token ID:", made.issued.claims.token_id().unwrap_or_default().to_owned()),
    ];
    aligned(&fields).trim_end().to_owned()
}

fn aligned(fields: &[(&str, String)]) -> String {
    fields.iter().fold(String::new(), |mut text, (label, value)| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{label:<12}{value}");
        text
    })
}
