//! `doctor`: looks at the installation from every side and changes nothing. What is wrong comes with what to do.

mod audit;
mod certificate;
mod clock;
mod contradictions;
mod disk;
mod files;
mod finding;
mod store;
mod tls;

use mcp_auth_cli::{Failure, exit, output};

use self::finding::{Findings, Level};
use crate::args::Common;
use crate::commands::secret::key_source;
use crate::data_dir::DataDir;
use crate::settings::{ServerSettings, Source, near_misses};

/// Runs the command. Success when there is nothing to do: notes are for reading.
pub(crate) fn run(common: &Common) -> Result<u8, Failure> {
    let source = Source::of(common)?;
    let mut findings = Findings::default();
    let settings = settings(&source, &mut findings);
    match &settings {
        Some(settings) => examine(settings, &source, &mut findings),
        // What can be said without settings.
        None => {
            files::check_directory(&DataDir::at(source.get("MCP_DATA_DIR")), false, &mut findings);
        }
    }
    output::print(&if common.json { findings.json() } else { findings.page() })?;
    Ok(match settings {
        None => exit::CONFIGURATION,
        Some(_) if findings.worst() == Level::Problem => exit::INTERNAL,
        Some(_) => exit::OK,
    })
}

fn examine(settings: &ServerSettings, source: &Source, findings: &mut Findings) {
    contradictions::check(settings, findings);
    findings.add_good("key", || {
        let key = settings.tokens.keys().verifying_keys().first();
        let id = key.map(|key| key.id().to_string()).unwrap_or_default();
        format!("{id}, {}, from {}", settings.tokens.algorithm(), key_source(settings, source))
    });
    files::check(settings, source, findings);
    clock::check(settings, findings);
    store::check(settings, findings);
    audit::check(settings, findings);
    tls::check(settings, findings);
    disk::check(settings, findings);
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
