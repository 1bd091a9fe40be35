//! Files of the data directory: readable by their owner only, and there whole or not at all.

use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::Path;

use tempfile::NamedTempFile;

/// What begins the name of a file that is not whole yet. A crash may leave one behind; nothing reads it.
pub(crate) const UNFINISHED: &str = ".unfinished-";

/// Whether nothing has this name. What cannot be looked for, such as in a directory of somebody else, may well be there.
pub(crate) fn is_absent(path: &Path) -> bool {
    matches!(path.try_exists(), Ok(false))
}

/// Creates the directory and those above it, each for its owner only. One that is there stays as it is.
pub(crate) fn create_directory(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Creates the file; [`ErrorKind::AlreadyExists`] where something has its name.
pub(crate) fn create(path: &Path, content: &str) -> io::Result<()> {
    let written = write_beside(path, content)?;
    written.persist_noclobber(path).map_err(|error| error.error)?;
    sync_directory_of(path)
}

/// Puts the file in the place of one of its name, in one step: whoever reads sees the old content or the new.
pub(crate) fn replace(path: &Path, content: &str) -> io::Result<()> {
    let written = write_beside(path, content)?;
    written.persist(path).map_err(|error| error.error)?;
    sync_directory_of(path)
}

/// Removes the file; one that is not there is fine.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(()) => sync_directory_of(path),
    }
}

/// Waits until no other process, and no other thread, holds the directory; held until what is returned is dropped.
pub(crate) fn lock(directory: &Path) -> io::Result<File> {
    let held = File::open(directory)?;
    held.lock()?;
    Ok(held)
}

/// tempfile creates it with mode 0600.
fn write_beside(path: &Path, content: &str) -> io::Result<NamedTempFile> {
    let mut file = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(directory_of(path))?;
    #[cfg(unix)]
    give_to_owner_of(directory_of(path), file.as_file())?;
    file.write_all(content.as_bytes())?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// What root makes in somebody's directory is for that somebody: the server has to read it, and is not root.
#[cfg(unix)]
fn give_to_owner_of(directory: &Path, file: &File) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let owner = fs::metadata(directory)?;
    if file.metadata()?.uid() == 0 && owner.uid() != 0 {
        fchown(file, Some(owner.uid()), Some(owner.gid()))?;
    }
    Ok(())
}

/// The directory that a file lies in.
pub(crate) fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A name is durable when its directory is.
fn sync_directory_of(path: &Path) -> io::Result<()> {
    File::open(directory_of(path))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name();
        fs::read_dir(directory).unwrap().map(|e| name(e).into_string().unwrap()).collect()
    }

    #[test]
    fn what_is_there_is_replaced_only_on_purpose() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        create(&path, "one").unwrap();
        assert_eq!(create(&path, "two").unwrap_err().kind(), ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&path).unwrap(), "one");
        replace(&path, "four").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "four");
        assert_eq!(names(directory.path()), ["secret"]);
        remove(&path).unwrap();
        remove(&path).unwrap();
        assert!(names(directory.path()).is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_them() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().unwrap();
        let inner = directory.path().join("a/b");
        create_directory(&inner).unwrap();
        let path = inner.join("secret");
        create(&path, "one").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&inner), mode(&path)), (0o700, 0o600));
        replace(&path, "two").unwrap();
        assert_eq!(mode(&path), 0o600);
    }
    #[cfg(unix)]
    #[test]
    fn what_root_makes_belongs_to_the_owner_of_the_directory() {
        use std::os::unix::fs::{MetadataExt as _, chown};
        let directory = tempfile::tempdir().unwrap();
        // Only root can give a directory away; for others there is nothing to give.
        let owner = chown(directory.path(), Some(10_001), Some(10_002)).map(|()| (10_001, 10_002));
        let path = directory.path().join("secret");
        create(&path, "one").unwrap();
        replace(&path, "two").unwrap();
        let found = fs::metadata(directory.path()).unwrap();
        let held = fs::metadata(&path).unwrap();
        assert_eq!((held.uid(), held.gid()), owner.unwrap_or((found.uid(), found.gid())));
    }
}
