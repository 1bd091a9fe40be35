//! `doctor`: looks at the installation from every side and changes nothing. What is wrong comes with what to do.

mod audit;
mod certificate;
mod clock;
mod disk;
mod files;
mod finding;
mod mcp;
mod store;
mod tls;

use mcp_auth_cli::{Failure, exit, output};

use self::finding::{Findings, Level};
use crate::args::Common;
use crate::commands::secret::key_source;
use crate::data_dir::DataDir;
use crate::settings::{McpSettings, ServerSettings, Source, near_misses};

/// Runs the command. Success when there is nothing to do: notes are for reading.
pub(crate) fn run(common: &Common) -> Result<u8, Failure> {
    let source = Source::of(common)?;
    let mut findings = Findings::default();
    let settings = settings(&source, &mut findings);
    match &settings {
        Some(settings) => examine(settings, &source, &mut findings),
        None => examine_the_rest(&source, &mut findings),
    }
    output::print(&if common.json { findings.json() } else { findings.page() })?;
    Ok(match settings {
        None => exit::CONFIGURATION,
        Some(_) if findings.worst() == Level::Problem => exit::INTERNAL,
        Some(_) => exit::OK,
    })
}

/// What can be said without settings. A directory that is in the way of the keys was told with them.
fn examine_the_rest(source: &Source, findings: &mut Findings) {
    let data_dir = DataDir::at(source.get("MCP_DATA_DIR"));
    let has_keys = DataDir::overruled_by(|name| source.get(name)).is_some();
    if has_keys || data_dir.obstacle().is_none() {
        files::check_directory(&data_dir, false, findings);
    }
    if let Ok(settings) = McpSettings::alone(source) {
        mcp::check(&settings, &data_dir, findings);
    }
}

fn examine(settings: &ServerSettings, source: &Source, findings: &mut Findings) {
    contradictions(settings, findings);
    findings.add_good("key", || {
        let key = settings.tokens.keys().verifying_keys().first();
        let id = key.map(|key| key.id().to_string()).unwrap_or_default();
        format!("{id}, {}, from {}", settings.tokens.algorithm(), key_source(settings, source))
    });
    files::check(settings, source, findings);
    clock::check(settings, findings);
    // What makes files must not begin where there is nothing.
    if settings.data_dir.obstacle().is_none() {
        store::check(settings, findings);
        audit::check(settings, findings);
    }
    tls::check(settings, findings);
    mcp::check(&settings.mcp, &settings.data_dir, findings);
    disk::check(settings, findings);
}

fn contradictions(settings: &ServerSettings, findings: &mut Findings) {
    for found in settings.contradictions() {
        let (what, remedy) = (found.what(), found.remedy);
        if found.is_problem {
            findings.problem("settings", what, remedy);
        } else {
            findings.note("settings", what, remedy);
        }
    }
    findings.add_good("settings", || "legal, and they go together".to_owned());
}

/// The settings, or every mistake as a finding.
fn settings(source: &Source, findings: &mut Findings) -> Option<ServerSettings> {
    let loaded = ServerSettings::load(|name| source.get(name));
    for miss in near_misses(source.environment().names()) {
        findings.note("settings", miss.to_string(), "correct the name, or remove the variable");
    }
    match loaded {
        Ok(settings) => {
            for warning in &settings.warnings {
                findings.note("settings", warning.to_string(), "");
            }
            Some(settings)
        }
        Err(mistakes) => {
            for mistake in mistakes.list() {
                findings.problem("settings", mistake.to_string(), "");
            }
            None
        }
    }
}
