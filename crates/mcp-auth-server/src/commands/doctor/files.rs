//! The data directory: what is there, who owns it, who may read it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use mcp_auth_cli::redact::ShownPath;

use super::finding::Findings;
use crate::data_dir::{DataDir, Obstacle};
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
    let of_audit = [settings.audit.log.as_path(), &settings.audit.checkpoints];
    for path in of_audit {
        check_private(path, findings);
    }
    let private = private(data_dir);
    check_owners(private.iter().map(PathBuf::as_path).chain(of_audit), findings);
    for variable in SECRET_FILES {
        if let Some(path) = source.get(variable).filter(|path| !path.is_empty()) {
            note_readable(variable, Path::new(&path), findings);
        }
    }
    if let Some(variable) = DataDir::overruled_by(|name| source.get(name))
        .filter(|_| matches!(data_dir.secret().try_exists(), Ok(true)))
    {
        let what = format!("the data directory has a jwt_secret, and {variable} overrules it");
        findings.note(CHECK, what, "nothing, if that is meant; else remove the variable");
    }
    findings.add_good(CHECK, || format!("{data_dir} is complete, and its owner's alone"));
}

/// The directory and what `init` made in it.
pub(super) fn check_directory(data_dir: &DataDir, with_database: bool, findings: &mut Findings) {
    if let Some(Obstacle { problem, remedy, .. }) = data_dir.obstacle() {
        findings.problem(CHECK, format!("the data directory {data_dir} {problem}"), remedy);
        return;
    }
    let init = data_dir.first_step();
    for missing in data_dir.missing(with_database) {
        findings.problem(
            CHECK,
            format!("the data directory {data_dir} has no {missing}"),
            init.clone(),
        );
    }
    for path in &private(data_dir) {
        check_private(path, findings);
    }
    note_unfinished(data_dir, findings);
}

/// What is nobody's business but the owner's.
fn private(data_dir: &DataDir) -> [PathBuf; 5] {
    [
        data_dir.path().to_owned(),
        data_dir.secret(),
        data_dir.previous_secrets(),
        data_dir.audit_keys(),
        data_dir.database(),
    ]
}

/// A file or directory that must be its owner's alone; one that is not there is somebody else's finding.
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
}

/// Who else owns what. One user who owns many files is told once.
fn check_owners<'a>(paths: impl IntoIterator<Item = &'a Path>, findings: &mut Findings) {
    let user = rustix::process::geteuid().as_raw();
    let mut of_others: BTreeMap<u32, Vec<&Path>> = BTreeMap::new();
    for path in paths {
        match fs::metadata(path).map(|metadata| metadata.uid()) {
            Ok(owner) if owner != user => of_others.entry(owner).or_default().push(path),
            _ => {}
        }
    }
    for (owner, paths) in of_others {
        tell_owner(owner, user, &paths, findings);
    }
}

fn tell_owner(owner: u32, user: u32, paths: &[&Path], findings: &mut Findings) {
    let shown: Vec<_> = paths.iter().map(|path| ShownPath(path).to_string()).collect();
    let (belong, all) = (if paths.len() == 1 { "belongs" } else { "belong" }, shown.join(", "));
    let what = format!("{all} {belong} to user id {owner}, and this is user id {user}");
    if user == 0 {
        let remedy = format!(
            "run commands as that user (`sudo -u '#{owner}' mcp-auth-server ...`), who can do what the server can, and no more"
        );
        findings.note(CHECK, what, remedy);
    } else {
        let remedy = format!("run this as that user, or `chown {user} {}`", shown.join(" "));
        findings.problem(CHECK, what, remedy);
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
