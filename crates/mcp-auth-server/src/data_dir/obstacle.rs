//! What keeps a user from a data directory. A file that cannot be looked for is not a file that is not there: who took it for
//! absent would tell people to make a new one.

use std::ffi::OsString;
use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt as _;

use mcp_auth_cli::redact::ShownPath;

use super::DataDir;
use crate::files;

/// What is in the way, in words that follow the directory's name, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Obstacle {
    pub(crate) problem: String,
    pub(crate) remedy: String,
    /// Whether nothing has the directory's name.
    pub(crate) is_absent: bool,
}

impl Obstacle {
    /// What is in the way of the directory itself.
    pub(super) fn of(data_dir: &DataDir) -> Option<Self> {
        match fs::metadata(data_dir.path()) {
            Err(error) if error.kind() == ErrorKind::NotFound => Some(Self::absent(data_dir)),
            Err(error) => Some(Self::closed(&error, None)),
            Ok(found) if !found.is_dir() => Some(Self::new(
                "is not a directory".to_owned(),
                "name another with --data-dir or MCP_DATA_DIR".to_owned(),
            )),
            Ok(found) => {
                let looked = data_dir.secret().try_exists();
                looked.err().map(|error| Self::closed(&error, Some(found.uid())))
            }
        }
    }

    /// What is in the way of the keys, where `environment` names none and they have to be there.
    pub(super) fn of_keys(
        data_dir: &DataDir,
        environment: &impl Fn(&str) -> Option<OsString>,
    ) -> Option<Self> {
        if DataDir::overruled_by(environment).is_some() {
            return None;
        }
        let is_secret_missing = || files::is_absent(&data_dir.secret());
        Self::of(data_dir).or_else(|| is_secret_missing().then(|| Self::no_secret(data_dir)))
    }

    /// That a part is not there which `init` makes.
    pub(super) fn incomplete(data_dir: &DataDir, part: &str) -> Self {
        Self::new(format!("is not complete: it has no {part}"), data_dir.first_step())
    }

    fn new(problem: String, remedy: String) -> Self {
        Self { problem, remedy, is_absent: false }
    }

    /// People who are in another directory than they think see it by its name.
    fn absent(data_dir: &DataDir) -> Self {
        let here = std::env::current_dir().ok().filter(|_| data_dir.path().is_relative());
        let place = here.map(|here| format!(" in {}", ShownPath(&here))).unwrap_or_default();
        let problem = format!("does not exist{place}");
        Self { is_absent: true, ..Self::new(problem, data_dir.first_step()) }
    }

    fn closed(error: &io::Error, owner: Option<u32>) -> Self {
        let problem = format!("cannot be looked into: {error}");
        let Some(owner) = owner else {
            return Self::new(problem, "run this as the user whom it belongs to".to_owned());
        };
        Self::new(
            format!("{problem}; it belongs to user id {owner}"),
            format!("run this as that user, such as with `sudo -u '#{owner}'`"),
        )
    }

    fn no_secret(data_dir: &DataDir) -> Self {
        let problem = "has no jwt_secret".to_owned();
        if files::is_absent(&data_dir.audit_keys()) {
            return Self::new(problem, data_dir.first_step());
        }
        let remedy = format!(
            "put it back from a backup; `mcp-auth-server init --data-dir {data_dir}` makes a new one, and what the old one \
             signed is refused then"
        );
        Self::new(problem, remedy)
    }
}
