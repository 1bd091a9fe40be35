//! Logs that were archived: they lie beside the one that is written, as `<log>.<moment>.<log id>`, and never change again.
//!
//! A log begins by saying which one it continues, and from which line on, so archives follow one another without a list
//! of them, and one whose end was cut off does not fit any more.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use crate::digest::{self, LogId};
use crate::disk::{is_same_file, sync_directory_of, wait_for_lock, with_suffix};
use crate::line::MAX_LINE;

/// The archives beside a log, by their ids.
#[derive(Debug, Default)]
pub(crate) struct Archives(BTreeMap<LogId, PathBuf>);

impl Archives {
    /// Those that have the name of an archive of this log; of two with one id the one whose name comes last.
    pub(crate) fn beside(log: &Path) -> io::Result<Self> {
        // Where the path is a link, the file that it leads to is meant, and its directory.
        let log = fs::canonicalize(log)?;
        let (Some(directory), Some(name)) = (log.parent(), log.file_name()) else {
            return Ok(Self::default());
        };
        let mut found = BTreeMap::<_, OsString>::new();
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            let (file, is_file) = (entry.file_name(), entry.file_type()?.is_file());
            if let Some(id) = id_in(&file, name).filter(|_| is_file) {
                let last = found.remove(&id).filter(|other| *other > file).unwrap_or(file);
                found.insert(id, last);
            }
        }
        Ok(Self(found.into_iter().map(|(id, name)| (id, directory.join(name))).collect()))
    }

    /// Where the archive of this log is.
    pub(crate) fn path(&self, id: LogId) -> Option<&Path> {
        self.0.get(&id).map(PathBuf::as_path)
    }

    /// How it begins; nothing where it is not there.
    pub(crate) fn beginning(&self, id: LogId) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        if let Some(path) = self.path(id) {
            File::open(path)?.take(MAX_LINE as u64).read_to_end(&mut bytes)?;
        }
        Ok(bytes)
    }

    /// The ids of all of them.
    pub(crate) fn ids(&self) -> impl Iterator<Item = LogId> {
        self.0.keys().copied()
    }
}

/// The id in the name of an archive of the log with this name.
fn id_in(file: &OsStr, log: &OsStr) -> Option<LogId> {
    let rest = file.as_encoded_bytes().strip_prefix(log.as_encoded_bytes())?.strip_prefix(b".")?;
    let mut parts = rest.split(|byte| *byte == b'.');
    let (moment, id) = (parts.next()?, parts.next()?);
    let is_whole = parts.next().is_none() && !moment.is_empty();
    digest::parse(id).filter(|_| is_whole).map(LogId::from_bytes)
}

/// Gives the log's file, which is locked, a second name as an archive, and puts a new file into its place, which begins
/// with these bytes and is locked as well. At each moment one of both is there, whole: whoever is killed in between leaves
/// a log that goes on where it was. Returns the new file and the archive. After an error the log is where it was, under its
/// one name as far as that can be taken back.
pub(crate) fn archive(
    log: &Path,
    file: &File,
    (id, moment): (LogId, &str),
    beginning: &[u8],
) -> io::Result<(File, PathBuf)> {
    let log = fs::canonicalize(log)?;
    let next = with_suffix(&log, "next");
    let begun = begin(&next, file, beginning).and_then(|begun| {
        wait_for_lock(|| begun.try_lock())?;
        let archive = put_in_place(&log, &next, file, (id, moment))?;
        Ok((begun, archive))
    });
    begun.inspect_err(|_| drop(fs::remove_file(&next)))
}

fn put_in_place(
    log: &Path,
    next: &Path,
    file: &File,
    (id, moment): (LogId, &str),
) -> io::Result<PathBuf> {
    let (archive, is_new) = second_name(log, file, id, moment)?;
    // The second name first: a file system may keep a rename without what came before it.
    let placed = sync_directory_of(log).and_then(|()| fs::rename(next, log));
    if placed.is_err() && is_new {
        let _ = fs::remove_file(&archive);
    }
    placed?;
    // Lines in a file whose name is lost with the power would be lost with it.
    sync_directory_of(log).inspect_err(|_| drop(fs::rename(&archive, log)))?;
    Ok(archive)
}

/// The archive's name, and whether the log was given it just now: it has one where whoever gave it was killed before the rest.
fn second_name(log: &Path, file: &File, id: LogId, moment: &str) -> io::Result<(PathBuf, bool)> {
    let archives = Archives::beside(log)?;
    let Some(archive) = archives.path(id) else {
        let archive = with_suffix(log, &format!("{moment}.{id}"));
        fs::hard_link(log, &archive)?;
        return Ok((archive, true));
    };
    if is_same_file(&fs::metadata(archive)?, &file.metadata()?) {
        return Ok((archive.to_owned(), false));
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
    give_to_owner_of(&metadata, &file)?;
    file.set_permissions(metadata.permissions())?;
    file.write_all(bytes)?;
    file.sync_all()?;
    Ok(file)
}

/// The one who runs a command may be another than the one who runs the server.
#[cfg(unix)]
fn give_to_owner_of(old: &fs::Metadata, new: &File) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let own = new.metadata()?;
    let other = |wanted, own| (wanted != own).then_some(wanted);
    match (other(old.uid(), own.uid()), other(old.gid(), own.gid())) {
        (None, None) => Ok(()),
        (user, group) => fchown(new, user, group),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_is_known_by_its_name() {
        let id = LogId::from_bytes([7; 16]);
        let of = |name: String| id_in(OsStr::new(&name), OsStr::new("audit.log"));
        assert_eq!(of(format!("audit.log.20260101T000000Z.{id}")), Some(id));
        for name in [
            format!("audit.log.{id}"),
            format!("audit.log..{id}"),
            format!("audit.log.a.b.{id}"),
            format!("audit.log.a.{id}.gz"),
            format!("audit.logs.a.{id}"),
            format!("other.log.a.{id}"),
            format!("audit.log.a.{}", id.to_string().to_uppercase().replace('7', "A")),
            "audit.log.torn".to_owned(),
        ] {
            assert_eq!(of(name.clone()), None, "{name}");
        }
    }
}
