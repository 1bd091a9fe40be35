//! A log with the archives that it continues, the newest first.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::archive;
use crate::digest::LogId;
use crate::line::Line;
use crate::read::{Lines, ReadError};
use crate::tail::{self, First};

/// One log, whole or archived.
pub(crate) struct Part {
    pub(crate) path: PathBuf,
    pub(crate) lines: Lines,
    /// What its first line says, if that is sound. Nothing was verified.
    pub(crate) first: Option<First>,
}

/// Goes back from log to log, as far as they are there.
pub(crate) struct History {
    log: PathBuf,
    next: Option<PathBuf>,
    seen: HashSet<LogId>,
}

impl History {
    pub(crate) fn of(log: &Path) -> Self {
        Self { log: log.to_owned(), next: Some(log.to_owned()), seen: HashSet::new() }
    }

    fn part(&mut self, path: PathBuf) -> Result<Part, ReadError> {
        // Opened before its archives are looked for: it may become one itself meanwhile.
        let mut lines = Lines::open(&path)?;
        let first = lines.peek()?.and_then(Line::parse).and_then(|line| tail::first(&line));
        if let Some(First { log_id, continues: Some(continued), .. }) = &first
            && self.seen.insert(*log_id)
        {
            let before = archive::find(&self.log, continued.log_id);
            self.next = before.map_err(|source| ReadError::new(&self.log, source))?;
        }
        Ok(Part { path, lines, first })
    }
}

impl Iterator for History {
    type Item = Result<Part, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let path = self.next.take()?;
        Some(self.part(path))
    }
}
