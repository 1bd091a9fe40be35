//! A log with the archives that it continues, the newest first.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::archive::Archives;
use crate::digest::LogId;
use crate::line::Line;
use crate::read::{Lines, ReadError};
use crate::tail::{self, First};

/// One log, whole or archived.
pub(crate) struct Part {
    pub(crate) path: PathBuf,
    /// Its id, as its own first line or the log after it says.
    pub(crate) log_id: Option<LogId>,
    /// What its first line says, if that is sound. Nothing was verified.
    pub(crate) first: Option<First>,
    /// Open, where the path may lead elsewhere when it is to be read.
    open: Option<Lines>,
}

impl Part {
    pub(crate) fn lines(self) -> Result<Lines, ReadError> {
        self.open.map_or_else(|| Lines::open(&self.path), Ok)
    }
}

/// Goes back from log to log, as far as they are there.
pub(crate) struct History {
    archives: Archives,
    newest: Option<Part>,
    /// The log that the last one continues.
    before: Option<LogId>,
    passed: BTreeSet<LogId>,
}

impl History {
    /// The log is opened here: it may become an archive before it is read.
    pub(crate) fn of(log: &Path) -> Result<Self, ReadError> {
        let newest = Part::newest(log)?;
        let archives = Archives::beside(log).map_err(|source| ReadError::new(log, source))?;
        Ok(Self { archives, newest: Some(newest), before: None, passed: BTreeSet::new() })
    }

    /// Archives that none of those which were passed leads to.
    pub(crate) fn unreached(&self) -> u64 {
        self.archives.ids().filter(|id| !self.passed.contains(id)).count() as u64
    }

    fn pass(&mut self, part: Part) -> Part {
        self.passed.extend(part.log_id);
        let continued = part.first.as_ref().and_then(|first| first.continues);
        self.before = continued.map(|it| it.log_id).filter(|id| !self.passed.contains(id));
        part
    }

    /// The next archive, unless it has gone.
    fn archive(&mut self) -> Option<Result<Part, ReadError>> {
        let id = self.before.take()?;
        match Part::archive(self.archives.path(id)?, id) {
            Ok(part) => Some(Ok(self.pass(part))),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => Some(Err(error)),
        }
    }
}

impl Iterator for History {
    type Item = Result<Part, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.newest.take() {
            Some(part) => Some(Ok(self.pass(part))),
            None => self.archive(),
        }
    }
}

impl Part {
    fn newest(path: &Path) -> Result<Self, ReadError> {
        let mut lines = Lines::open(path)?;
        let first = first(&mut lines)?;
        let log_id = first.as_ref().map(|first| first.log_id);
        Ok(Self { path: path.to_owned(), log_id, first, open: Some(lines) })
    }

    fn archive(path: &Path, id: LogId) -> Result<Self, ReadError> {
        let first = first(&mut Lines::open(path)?)?;
        Ok(Self { path: path.to_owned(), log_id: Some(id), first, open: None })
    }
}

fn first(lines: &mut Lines) -> Result<Option<First>, ReadError> {
    Ok(lines.peek()?.and_then(Line::parse).and_then(|line| tail::first(&line)))
}
