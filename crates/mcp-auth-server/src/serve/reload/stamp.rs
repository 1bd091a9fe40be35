//! How files look from outside, for seeing that they changed.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// How some files look. A file that cannot be looked at is a look, too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stamps(Vec<Option<Stamp>>);

/// Where the links lead, and which file of which size and time lies there.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stamp {
    path: PathBuf,
    inode: u64,
    size: u64,
    changed: (i64, i64),
}

impl Stamps {
    pub(super) fn of(paths: impl IntoIterator<Item = PathBuf>) -> Self {
        Self(paths.into_iter().map(|path| Stamp::of(&path)).collect())
    }
}

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        let path = fs::canonicalize(path).ok()?;
        let metadata = fs::metadata(&path).ok()?;
        let changed = (metadata.ctime(), metadata.ctime_nsec());
        Some(Self { path, inode: metadata.ino(), size: metadata.size(), changed })
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_new_link_and_a_new_file_show() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        let look = || Stamps::of([path("link")]);
        let nothing = look();
        fs::write(path("one"), "same").unwrap();
        fs::write(path("two"), "same").unwrap();
        symlink(path("one"), path("link")).unwrap();
        let first = look();
        assert_ne!(nothing, first);
        assert_eq!(first, look());
        symlink(path("two"), path("new")).unwrap();
        fs::rename(path("new"), path("link")).unwrap();
        assert_ne!(first, look());
    }
}
