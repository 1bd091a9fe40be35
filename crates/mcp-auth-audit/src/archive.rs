//! Logs that were set aside: they lie beside the one that is written, as `<log>.<moment>.<log id>`, and never change again.
//!
//! A log begins by saying which one it continues, and from which line on, so archives follow one another without a list
//! of them, and one whose end was cut off does not fit any more.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use crate::digest::LogId;
use crate::disk::{is_same_file, sync_directory_of, wait_for_lock};

/// The archive of this log beside the one at `log`.
pub(crate) fn find(log: &Path, id: LogId) -> io::Result<Option<PathBuf>> {
    let log = fs::canonicalize(log)?;
    let (Some(directory), Some(name)) = (log.parent(), log.file_name()) else { return Ok(None) };
    let (start, end) = (format!("{}.", name.to_string_lossy()), format!(".{id}"));
    for entry in fs::read_dir(directory)? {
        let name = entry?.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(&start) && name.ends_with(&end) {
            return Ok(Some(directory.join(&*name)));
        }
    }
    Ok(None)
}

/// Gives the log's file, which is locked, a second name as an archive, and puts a new file into its place, which begins
/// with these bytes and is locked as well. At each moment one of both is there, whole: whoever is killed in between leaves
/// a log that goes on where it was. After an error all is as it was.
pub(crate) fn set_aside(
    log: &Path,
    file: &File,
    (id, moment): (LogId, &str),
    beginning: &[u8],
) -> io::Result<File> {
    // Where the path is a link, the file that it leads to is meant, and its directory.
    let log = fs::canonicalize(log)?;
    let next = with_suffix(&log, "next");
    let begun = begin(&next, file, beginning).and_then(|begun| {
        wait_for_lock(|| begun.try_lock())?;
        let archive = name(&log, file, id, moment)?;
        fs::rename(&next, &log)?;
        // Lines in a file whose name is lost with the power would be lost with it.
        sync_directory_of(&log).inspect_err(|_| drop(fs::rename(&archive, &log)))?;
        Ok(begun)
    });
    begun.inspect_err(|_| drop(fs::remove_file(&next)))
}

/// Gives the log's file its second name.
fn name(log: &Path, file: &File, id: LogId, moment: &str) -> io::Result<PathBuf> {
    let Some(archive) = find(log, id)? else {
        let archive = with_suffix(log, &format!("{moment}.{id}"));
        fs::hard_link(log, &archive)?;
        return Ok(archive);
    };
    // It has one where whoever gave it was killed before the rest.
    if is_same_file(&fs::metadata(&archive)?, &file.metadata()?) {
        return Ok(archive);
    }
    let what = format!("{} is an archive of this log already", archive.display());
    Err(io::Error::new(ErrorKind::AlreadyExists, what))
}

/// A new file, durable and for those who might read and write the old one.
fn begin(path: &Path, like: &File, bytes: &[u8]) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.read(true).append(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    let metadata = like.metadata()?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt as _, fchown};
        // The one who runs a command may be another than the one who runs the server.
        fchown(&file, Some(metadata.uid()), Some(metadata.gid()))?;
    }
    file.set_permissions(metadata.permissions())?;
    file.write_all(bytes)?;
    file.sync_all()?;
    Ok(file)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    name.into()
}
