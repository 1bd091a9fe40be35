//! The parts of a data directory, each made where it is missing.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, absolute};

use mcp_auth::random::SystemRandom;
use mcp_auth_audit::AuditKeys;
use mcp_auth_cli::redact::ShownPath;
use mcp_auth_cli::{Failure, configuration_failure, exit};

use crate::data_dir::DataDir;
use crate::files;
use crate::jwt_secret;
use crate::settings::{ServerSettings, Source, StoreSettings};

/// Something that `init` made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub(super) name: &'static str,
    pub(super) meaning: &'static str,
    /// Keys are worth a line in the audit log.
    pub(super) is_key: bool,
}

const SECRET: Part = Part {
    name: "jwt_secret",
    meaning: "the secret that signs tokens: 32 random bytes in hex",
    is_key: true,
};
const AUDIT_KEYS: Part =
    Part { name: "audit_keys", meaning: "the keys that seal the audit log", is_key: true };
const DATABASE: Part = Part {
    name: "mcp-auth.db",
    meaning: "accounts, sign-ins, revocations and records of tokens",
    is_key: false,
};
const AUDIT_LOG: Part =
    Part { name: "audit.log", meaning: "what happened, and who did it", is_key: false };

/// Looks for whatever would stop `init` half way.
///
/// # Errors
/// [`exit::CONFIGURATION`] with every mistake of the settings, or with what is in the way.
pub(super) fn check(source: &Source) -> Result<ServerSettings, Failure> {
    let data_dir = DataDir::at(source.get("MCP_DATA_DIR"));
    if let Some(obstacle) = data_dir.obstacle().filter(|obstacle| !obstacle.is_absent) {
        let message = format!("the data directory {data_dir} {}", obstacle.problem);
        return Err(Failure::new(exit::CONFIGURATION, message).with_hint(obstacle.remedy));
    }
    let settings = settings_to_be(source, &data_dir)?;
    if settings.audit.log.exists() && !data_dir.audit_keys().exists() {
        let log = ShownPath(&settings.audit.log);
        let message = format!("there is an audit log, {log}, and the keys that sealed it are gone");
        return Err(Failure::new(exit::CONFIGURATION, message).with_hint(format!(
            "restore {} from a backup, or move the log and its checkpoints away to begin a new one",
            ShownPath(&data_dir.audit_keys())
        )));
    }
    for path in [&settings.audit.log, &settings.audit.checkpoints] {
        check_directory_of(path, &settings)?;
    }
    Ok(settings)
}

/// A file of the audit that lies elsewhere needs its directory.
fn check_directory_of(path: &Path, settings: &ServerSettings) -> Result<(), Failure> {
    let (directory, data_dir) = (files::directory_of(path), &settings.data_dir);
    let Some(variable) = settings.audit.named_by(path, data_dir) else { return Ok(()) };
    if directory.is_dir() || will_be_made(directory, data_dir) {
        return Ok(());
    }
    let (path, directory) = (ShownPath(path), ShownPath(directory));
    let message = format!("{variable} names {path}, and there is no directory {directory}");
    Err(Failure::new(exit::CONFIGURATION, message)
        .with_hint("make it, so that this user may write there, or name another file"))
}

/// Whether it is the data directory or lies above it.
fn will_be_made(directory: &Path, data_dir: &DataDir) -> bool {
    let (directory, data_dir) = (absolute(directory), absolute(data_dir.path()));
    directory.is_ok_and(|above| data_dir.is_ok_and(|below| below.starts_with(above)))
}

/// The settings as they will be when there is a secret.
fn settings_to_be(source: &Source, data_dir: &DataDir) -> Result<ServerSettings, Failure> {
    let will_be_made =
        DataDir::overruled_by(|name| source.get(name)).is_none() && !data_dir.secret().exists();
    let stand_in = will_be_made.then(|| OsString::from(jwt_secret::random(&SystemRandom).as_str()));
    let lookup = |name: &str| match name {
        "MCP_JWT_SECRET" if stand_in.is_some() => stand_in.clone(),
        _ => source.get(name),
    };
    ServerSettings::load(lookup).map_err(|all| configuration_failure(&all))
}

/// Makes the directory and the keys that are missing. Those of what was made, and of what opening the house will make.
///
/// # Errors
/// [`exit::CONFIGURATION`] when a file cannot be written. What was made stays, and the next run completes it.
pub(super) fn make(settings: &ServerSettings) -> Result<Vec<Part>, Failure> {
    let data_dir = &settings.data_dir;
    files::create_directory(data_dir.path())
        .map_err(|error| cannot("create", data_dir.path(), &error.to_string()))?;
    let mut made = Vec::new();
    let (secret, keys) = (data_dir.secret(), data_dir.audit_keys());
    made.extend(create(&secret, || jwt_secret::create(&secret))?.then_some(SECRET));
    let audit_keys = || AuditKeys::generate(&SystemRandom).file_text();
    made.extend(create(&keys, || files::create(&keys, &audit_keys()))?.then_some(AUDIT_KEYS));
    let is_file = settings.store == StoreSettings::Sqlite;
    made.extend((is_file && !data_dir.database().exists()).then_some(DATABASE));
    made.extend((!settings.audit.log.exists()).then_some(AUDIT_LOG));
    Ok(made)
}

/// Whether the file was created; `false` where it was there.
fn create(path: &Path, write: impl FnOnce() -> std::io::Result<()>) -> Result<bool, Failure> {
    match write() {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(cannot("write", path, &error.to_string())),
    }
}

fn cannot(what: &str, path: &Path, problem: &str) -> Failure {
    Failure::new(exit::CONFIGURATION, format!("cannot {what} {}: {problem}", ShownPath(path)))
        .with_hint("name a directory that this user may write to, with --data-dir or MCP_DATA_DIR, and run `init` again")
}
