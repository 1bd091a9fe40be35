//! Files that hold a token: readable by their owner only, and never written over by accident.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use mcp_auth::random::{Randomness as _, SystemRandom};

use crate::redact::ShownPath;
use crate::{Failure, exit};

/// Writes a new file that only its owner can read. With `force` it takes the place of a file of that name, in
/// one step: whoever reads sees the old content or the new. A symbolic link is never followed.
///
/// # Errors
/// [`exit::USAGE`], naming the path: it exists (the hint names `--force`), is not a file, or cannot be written.
pub fn write_new(path: &Path, content: &str, force: bool) -> Result<(), Failure> {
    if !force {
        return create(path, content).map_err(|error| refused(path, &error));
    }
    if fs::symlink_metadata(path).is_ok_and(|found| !found.is_file()) {
        let message = format!("{} is not a regular file; nothing was written", ShownPath(path));
        return Err(Failure::new(exit::USAGE, message)
            .with_hint("--force replaces files, not links, devices or directories: name a file"));
    }
    replace(path, content).map_err(|error| refused(path, &error))
}

/// Creates the file or fails; a failed attempt leaves nothing behind.
fn create(path: &Path, content: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    fill(file, content).inspect_err(|_| drop(fs::remove_file(path)))
}

fn fill(mut file: File, content: &str) -> io::Result<()> {
    file.write_all(content.as_bytes())?;
    file.sync_all()
}

fn replace(path: &Path, content: &str) -> io::Result<()> {
    let beside = beside(path)?;
    create(&beside, content)?;
    fs::rename(&beside, path).inspect_err(|_| drop(fs::remove_file(&beside)))
}

/// A name in the same directory that nobody can guess, and so nobody has prepared.
fn beside(path: &Path) -> io::Result<PathBuf> {
    path.file_name().ok_or(ErrorKind::IsADirectory)?;
    let mut bytes = [0; 8];
    SystemRandom.fill(&mut bytes);
    Ok(path.with_file_name(format!(".mcp-auth-{:016x}.tmp", u64::from_ne_bytes(bytes))))
}

fn refused(path: &Path, error: &io::Error) -> Failure {
    let path = ShownPath(path);
    let (problem, hint) = match error.kind() {
        ErrorKind::AlreadyExists => (
            format!("{path} exists already; nothing was written"),
            "choose another name, or replace it with --force",
        ),
        _ => (
            format!("cannot write {path}: {error}"),
            "name a file in a directory that exists and that you may write to",
        ),
    };
    Failure::new(exit::USAGE, problem).with_hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names in a directory, for seeing that nothing was left behind.
    fn names(directory: &Path) -> Vec<String> {
        let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name();
        fs::read_dir(directory).unwrap().map(|e| name(e).into_string().unwrap()).collect()
    }

    #[cfg(unix)]
    fn mode(path: &Path) -> u32 {
        use std::os::unix::fs::PermissionsExt as _;
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_file_is_created_once_and_replaced_by_force() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        write_new(&path, "one", false).unwrap();
        let failure = write_new(&path, "two", false).unwrap_err();
        assert_eq!(failure.exit(), exit::USAGE);
        assert!(failure.message().contains("token exists already"), "{failure:?}");
        assert!(failure.hint().unwrap().contains("--force"));
        assert_eq!(fs::read_to_string(&path).unwrap(), "one");
        write_new(&path, "two", true).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
        assert_eq!(names(directory.path()), ["token"]);
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        write_new(&path, "one", false).unwrap();
        assert_eq!(mode(&path), 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        write_new(&path, "two", true).unwrap();
        assert_eq!(mode(&path), 0o600);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_followed() {
        let directory = tempfile::tempdir().unwrap();
        let [target, link] = ["target", "link"].map(|name| directory.path().join(name));
        std::os::unix::fs::symlink(&target, &link).unwrap();
        assert!(write_new(&link, "x", false).unwrap_err().message().contains("exists already"));
        fs::write(&target, "precious").unwrap();
        assert!(write_new(&link, "x", true).unwrap_err().message().contains("not a regular file"));
        assert_eq!(fs::read_to_string(&target).unwrap(), "precious");
    }

    #[test]
    fn places_that_cannot_be_written_are_named() {
        let directory = tempfile::tempdir().unwrap();
        let missing = directory.path().join("no/token");
        for (path, force) in [(missing.as_path(), false), (&missing, true), (Path::new(""), false)]
        {
            let failure = write_new(path, "x", force).unwrap_err();
            assert!(failure.message().starts_with("cannot write "), "{failure:?}");
        }
        assert!(write_new(Path::new(".."), "x", true).is_err());
        assert_eq!(write_new(directory.path(), "x", true).unwrap_err().exit(), exit::USAGE);
        assert!(names(directory.path()).is_empty());
    }
}
