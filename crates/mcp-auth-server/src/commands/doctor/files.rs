//! The data directory: what is there, who owns it, who may read it.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use mcp_auth_cli::redact::ShownPath;

use super::finding::Findings;
use crate::data_dir::DataDir;
use crate::files::UNFINISHED;
use crate::settings::{ServerSettings, Source, StoreSettings};

const CHECK: &str = "files";

/// Variables that name files with secrets.
const SECRET_FILES: [&str; 4] = [
    "MCP_JWT_SECRET_FILE",
    "MCP_JWT_PREVIOUS_SECRETS_FILE",
    "MCP_JWT_PRIVATE_KEY_FILE",
    "MCP_TLS_KEY",
];

pub(super) fn check(settings: &ServerSettings, source: &Source, findings: &mut Findings) {
    let data_dir = &settings.data_dir;
    check_directory(data_dir, settings.store == StoreSettings::Sqlite, findings);
    for path in [&settings.audit.log, &settings.audit.checkpoints] {
        check_private(path, findings);
    }
    for variable in SECRET_FILES {
        if let Some(path) = source.get(variable).filter(|path| !path.is_empty()) {
            note_readable(variable, Path::new(&path), findings);
        }
    }
    if let Some(variable) =
        DataDir::overruled_by(|name| source.get(name)).filter(|_| data_dir.secret().exists())
    {
        let what = format!("the data directory has a jwt_secret, and {variable} overrules it");
        findings.note(CHECK, what, "nothing, if that is meant; else remove the variable");
    }
    findings.add_good(CHECK, || format!("{data_dir} is complete, and this user's alone"));
}

/// The directory and what `init` made in it.
pub(super) fn check_directory(data_dir: &DataDir, with_database: bool, findings: &mut Findings) {
    let init = data_dir.first_step();
    if !data_dir.path().is_dir() {
        findings.problem(CHECK, format!("the data directory {data_dir} is not there"), init);
        return;
    }
    for missing in data_dir.missing(with_database) {
        findings.problem(
            CHECK,
            format!("the data directory {data_dir} has no {missing}"),
            init.clone(),
        );
    }
    check_private(data_dir.path(), findings);
    let private = [
        data_dir.secret(),
        data_dir.previous_secrets(),
        data_dir.audit_keys(),
        data_dir.database(),
    ];
    for path in &private {
        check_private(path, findings);
    }
    note_unfinished(data_dir, findings);
}

/// A file or directory that must be this user's alone; one that is not there is somebody else's finding.
fn check_private(path: &Path, findings: &mut Findings) {
    let Ok(metadata) = fs::metadata(path) else { return };
    let shown = ShownPath(path);
    if metadata.mode() & 0o077 != 0 {
        let mode = if metadata.is_dir() { "700" } else { "600" };
        let what = format!(
            "{shown} is open to other users of this machine (mode {:03o})",
            metadata.mode() & 0o777
        );
        let remedy =
            format!("chmod {mode} {shown}; if others may have read a secret in it, rotate that");
        findings.problem(CHECK, what, remedy);
    }
    check_owner(path, &metadata, findings);
}

fn check_owner(path: &Path, metadata: &Metadata, findings: &mut Findings) {
    let (shown, owner, user) =
        (ShownPath(path), metadata.uid(), rustix::process::geteuid().as_raw());
    if owner == user {
        return;
    }
    let what = format!("{shown} belongs to user id {owner}, and this is user id {user}");
    if user == 0 {
        let remedy = format!(
            "run commands as that user (`sudo -u '#{owner}' mcp-auth-server ...`), who can do what the server can, and no more"
        );
        findings.note(CHECK, what, remedy);
    } else {
        findings.problem(CHECK, what, format!("run this as that user, or `chown {user} {shown}`"));
    }
}

/// A secret that the operator keeps elsewhere, often mounted by somebody who decides about its mode.
fn note_readable(variable: &str, path: &Path, findings: &mut Findings) {
    let Ok(metadata) = fs::metadata(path) else { return };
    let mode = metadata.mode() & 0o777;
    if mode & 0o007 != 0 {
        let what = format!(
            "{variable} names a file that every user of this machine can read (mode {mode:03o})"
        );
        findings.note(
            CHECK,
            what,
            "chmod 600, or mount it so; in a container of its own this is harmless",
        );
    }
}

/// What a crash left of a file that was being written.
fn note_unfinished(data_dir: &DataDir, findings: &mut Findings) {
    let Ok(entries) = fs::read_dir(data_dir.path()) else { return };
    let is_unfinished = |path: &PathBuf| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(UNFINISHED))
    };
    let unfinished = entries.flatten().map(|entry| entry.path()).filter(is_unfinished).count();
    if unfinished > 0 {
        let what =
            format!("unfinished files in {data_dir}: {unfinished}; a command was cut off there");
        let remedy = format!("when no command is running: rm -r {data_dir}/{UNFINISHED}*");
        findings.note(CHECK, what, remedy);
    }
}
