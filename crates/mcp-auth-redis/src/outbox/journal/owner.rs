//! Whose the journal is. A command that root runs must leave nothing that the server, which is not root, cannot read.

use std::fs::File;
use std::io;
use std::path::Path;

/// Gives a directory that this process has just made to the owner of the one that it lies in.
#[cfg(unix)]
pub(super) fn give_directory(directory: &Path) -> io::Result<()> {
    use rustix::fs::{Mode, OFlags};
    let parent = directory.parent().filter(|parent| !parent.as_os_str().is_empty());
    // Not through a link: whoever owns the other directory may have put one here since.
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let made = rustix::fs::open(directory, flags, Mode::empty())?;
    give(&File::from(made), parent.unwrap_or(Path::new(".")))
}

/// Gives a file to the owner of the directory that it was made in.
#[cfg(unix)]
pub(super) fn give(file: &File, directory: &Path) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let owner = std::fs::metadata(directory)?;
    if file.metadata()?.uid() == 0 && owner.uid() != 0 {
        fchown(file, Some(owner.uid()), Some(owner.gid()))?;
    }
    Ok(())
}

#[cfg(not(unix))]
pub(super) fn give_directory(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
pub(super) fn give(_: &File, _: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{MetadataExt as _, chown, symlink};

    use super::super::{Journal, make_directory};
    use super::*;

    fn owner(path: &Path) -> (u32, u32) {
        let found = fs::metadata(path).unwrap();
        (found.uid(), found.gid())
    }

    #[test]
    fn what_root_makes_belongs_to_the_owner_of_the_directory_above() {
        let above = tempfile::tempdir().unwrap();
        // Only root can give a directory away; for others there is nothing to give.
        let _ = chown(above.path(), Some(10_001), Some(10_002));
        let directory = above.path().join("outbox");
        let _journal = Journal::begin(&directory).unwrap();
        let mut made: Vec<_> =
            fs::read_dir(&directory).unwrap().map(|it| it.unwrap().path()).collect();
        made.push(directory);
        assert_eq!(made.len(), 2);
        for path in made {
            assert_eq!(owner(&path), owner(above.path()), "{}", path.display());
        }
    }

    #[test]
    fn what_was_there_stays_whose_it_is() {
        let above = tempfile::tempdir().unwrap();
        let [directory, link] = ["outbox", "link"].map(|name| above.path().join(name));
        fs::create_dir(&directory).unwrap();
        symlink(&directory, &link).unwrap();
        let before = owner(&directory);
        let _ = chown(above.path(), Some(10_001), Some(10_002));
        make_directory(&directory).unwrap();
        assert!(give_directory(&link).is_err(), "a link is not followed");
        assert_eq!(owner(&directory), before);
    }
}
