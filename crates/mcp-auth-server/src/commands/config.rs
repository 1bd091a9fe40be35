//! `config`: what is wrong with the settings, and what each variable means.

mod judged;

use mcp_auth::settings::{Mistake, reference_markdown};
use mcp_auth_cli::{Failure, exit, output};
use serde_json::json;

use self::judged::Judged;
use crate::args::{Common, Config};
use crate::commands::secret::key_source;
use crate::settings::{SERVER_VARIABLES, ServerSettings, Source};
use crate::table;

/// Runs the command.
pub(crate) fn run(common: &Common, command: &Config) -> Result<u8, Failure> {
    match command {
        Config::Check => check(common),
        Config::Variables => variables(common),
    }
}

/// All mistakes and all warnings at once.
fn check(common: &Common) -> Result<u8, Failure> {
    let source = Source::of(common)?;
    let judged = Judged::of(&source);
    let is_good = judged.mistakes.is_empty();
    output::print(&if common.json {
        table::json(&json!({
            "ok": is_good,
            "mistakes": list(&judged.mistakes),
            "warnings": list(&judged.warnings),
            "notes": list(&judged.notes),
        }))
    } else {
        page(&source, &judged)
    })?;
    Ok(if is_good { exit::OK } else { exit::CONFIGURATION })
}

fn page(source: &Source, judged: &Judged) -> String {
    let mut text = String::new();
    let Judged { settings, mistakes, warnings, notes } = judged;
    for (label, found) in [("mistake", mistakes), ("warning", warnings), ("note", notes)] {
        text.extend(found.iter().map(|it| format!("{label}: {it}{}\n", place(source, it))));
    }
    match settings {
        Some(settings) if mistakes.is_empty() => text += &summary(source, settings),
        _ => text.push_str("\nMend the mistakes before the server starts.\n"),
    }
    text
}

/// Where the variable is set, when that is a file: there it is to be mended.
fn place(source: &Source, mistake: &Mistake) -> String {
    let name = mistake.variable.split([' ', ',']).next().unwrap_or_default();
    match source.environment().origin(name) {
        Some(file) if file.starts_with('.') => format!(" (set in {file})"),
        _ => String::new(),
    }
}

/// What will hold, in a few lines.
fn summary(source: &Source, settings: &ServerSettings) -> String {
    let tokens = &settings.tokens;
    let lifetimes = tokens.lifetimes();
    let hours = |span: std::time::Duration| span.as_secs() / 3_600;
    let scheme = if settings.tls.is_some() { "https" } else { "http" };
    let address = std::net::SocketAddr::new(settings.listen.host, settings.listen.port);
    format!(
        "The configuration is good.\n\n\
         listens on        {scheme}://{address}\n\
         data directory    {}\n\
         key               {}, {}, from {}\n\
         access tokens     {} h\n\
         refresh tokens    {} d, a sign-in {} d at most\n",
        settings.data_dir,
        tokens.keys().verifying_keys().first().map(|key| key.id().to_string()).unwrap_or_default(),
        tokens.algorithm(),
        key_source(settings, source),
        hours(lifetimes.access),
        hours(lifetimes.refresh) / 24,
        hours(tokens.max_grant_age()) / 24,
    )
}

fn list(mistakes: &[Mistake]) -> Vec<serde_json::Value> {
    mistakes.iter().map(|it| json!({ "variable": it.variable, "problem": it.problem })).collect()
}

/// The body of the reference page.
fn variables(common: &Common) -> Result<u8, Failure> {
    if common.json {
        let all = mcp_auth::settings::VARIABLES.iter().chain(SERVER_VARIABLES);
        let all = all.map(|it| {
            json!({ "name": it.name, "default": it.default, "values": it.values, "meaning": it.meaning, "or_file": it.or_file })
        });
        output::print(&table::json(&all.collect()))?;
    } else {
        output::print(&reference_markdown(&[("Server", SERVER_VARIABLES)]))?;
    }
    Ok(exit::OK)
}
