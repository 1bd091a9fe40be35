//! What `serve` reads before it begins, read by the same functions and without beginning anything: no process is started,
//! nobody is asked, no file is written.

use std::path::Path;

use mcp_auth::settings::Mistake;
use mcp_auth_audit::AuditLog;
use mcp_auth_cli::Failure;
use mcp_auth_cli::redact::ShownPath;
use rustix::fs::{Access, access};
use rustls::crypto::aws_lc_rs;
use rustls::sign::CertifiedKey;

use crate::certified_key;
use crate::data_dir::DataDir;
use crate::files;
use crate::gatekeeper::ServersFile;
use crate::house::{audit_options, with_causes};
use crate::policy::LoadedPolicy;
use crate::settings::{McpSettings, ServerSettings};

/// The certificate with its key; `None` where none is named.
pub(crate) fn certified_key(settings: &ServerSettings) -> Result<Option<CertifiedKey>, Mistake> {
    let files = settings.tls.as_ref();
    files.map(|files| certified_key::read(files, &aws_lc_rs::default_provider())).transpose()
}

/// The policy, or all that is wrong with it.
pub(crate) fn policy(settings: &McpSettings) -> Result<LoadedPolicy, Vec<Mistake>> {
    LoadedPolicy::of(settings).map_err(|problems| {
        let mistake = |problem| mistake("MCP_POLICY_FILE", format!("is wrong: {problem}"));
        problems.into_iter().map(mistake).collect()
    })
}

/// How many MCP servers there are, and what is wrong with single entries: these fail, and the others are served.
pub(crate) fn servers(
    settings: &McpSettings,
    data_dir: &DataDir,
) -> Result<(usize, Vec<Mistake>), Mistake> {
    let wrong = |problem: &str| mistake("MCP_CONFIG_FILE", format!("is wrong: {problem}"));
    let file = ServersFile::of(settings, data_dir).map_err(|failure| wrong(failure.message()))?;
    let config = file.read().map_err(|problem| wrong(&problem))?;
    let failing = config.entries().filter_map(|(_, entry)| entry.err());
    let failing = failing.map(|error| {
        mistake("MCP_CONFIG_FILE", format!("has an entry that cannot be started: {error}"))
    });
    Ok((config.entries().count(), failing.collect()))
}

/// Whether the audit could be opened. Without the data directory there are no keys to do it with.
pub(crate) fn audit(settings: &ServerSettings) -> Result<(), Mistake> {
    let options = audit_options(settings).map_err(|failure: Failure| {
        mistake("the keys of the audit", format!("cannot be used: {}", failure.message()))
    })?;
    let of_log = |problem: String| mistake("the audit", format!("cannot be opened: {problem}"));
    AuditLog::check(&options).map_err(|error| of_log(with_causes(&error)))?;
    for path in [&settings.audit.log, &settings.audit.checkpoints] {
        require_place(path).map_err(of_log)?;
    }
    Ok(())
}

/// A file that is still to be made needs a directory that this user may write to.
fn require_place(path: &Path) -> Result<(), String> {
    if !files::is_absent(path) {
        return Ok(());
    }
    let directory = path.parent().filter(|it| !it.as_os_str().is_empty());
    access(directory.unwrap_or(Path::new(".")), Access::WRITE_OK | Access::EXEC_OK).map_err(
        |error| {
            format!(
                "{} cannot be made: {error}; let this user write to its directory",
                ShownPath(path)
            )
        },
    )
}

fn mistake(variable: &str, problem: String) -> Mistake {
    Mistake { variable: variable.to_owned(), problem }
}
