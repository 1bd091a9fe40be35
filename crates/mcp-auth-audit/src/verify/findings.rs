//! What a verification found, in three verdicts that fail apart.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

use crate::digest::LogId;
use crate::events::Continued;

/// The result of a verification.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Verification {
    /// The log's id, when its first line is sound.
    pub log_id: Option<LogId>,
    /// Where the log before it ended, if it continues one that was archived.
    pub continues: Option<Continued>,
    /// Whole lines read.
    pub lines: u64,
    /// Number of the last line; 0 without any.
    pub last_seq: u64,
    /// Whether the hashes were computed anew, which needs the secret keys.
    pub hashes_checked: bool,
    /// Lines that are not as they were written.
    pub integrity: Findings<Damage>,
    /// Places where the numbers do not go on by one: lines removed, doubled, inserted or out of order.
    pub gaps: Findings<Gap>,
    /// What shows that the end was cut off.
    pub tail: Findings<Cut>,
    /// The last line that a checkpoint in the checkpoint file vouches for; 0 without one. Were lines after this one
    /// cut off, that would not show.
    pub vouched_seq: u64,
    /// Lines of the checkpoint file that are no checkpoints, such as one that a crash left half written.
    pub unreadable_checkpoints: u64,
    /// Checkpoints in that file that speak of this log.
    pub own_checkpoints: u64,
    /// Checkpoints within the log.
    pub inner_checkpoints: u64,
    /// Checkpoints in that file that speak of logs before the oldest one that was looked at.
    pub foreign_checkpoints: u64,
}

/// One log, and what was found in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Verified {
    /// The file.
    pub log: PathBuf,
    /// What was found.
    pub verification: Verification,
}

impl Verification {
    /// Whether all three verdicts are good.
    pub fn is_clean(&self) -> bool {
        self.integrity.is_clean() && self.gaps.is_clean() && self.tail.is_clean()
    }
}

/// All findings of one kind: how many, and the first of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Findings<T> {
    /// How many there are.
    pub total: u64,
    /// The first 20.
    pub first: Vec<T>,
}

impl<T> Findings<T> {
    const KEPT: usize = 20;

    /// Whether there are none.
    pub fn is_clean(&self) -> bool {
        self.total == 0
    }

    pub(super) fn add(&mut self, finding: T) {
        self.total += 1;
        if self.first.len() < Self::KEPT {
            self.first.push(finding);
        }
    }
}

impl<T> Default for Findings<T> {
    fn default() -> Self {
        Self { total: 0, first: Vec::new() }
    }
}

/// A line that is not as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Damage {
    /// The line in the file, counted from 1.
    pub line: u64,
    /// The number that it bears, if it can be read.
    pub seq: Option<u64>,
    /// What is wrong with it.
    pub defect: Defect,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.seq {
            Some(seq) => write!(f, "line {} (seq {seq}) {}", self.line, self.defect),
            None => write!(f, "line {} {}", self.line, self.defect),
        }
    }
}

/// What can be wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Defect {
    /// It is no line of an audit log.
    Form,
    /// Its hash is not that of its content.
    Hash,
    /// It continues another line than the one before it.
    Link,
    /// It is the first, and does not begin a log.
    Beginning,
    /// It is a checkpoint, and its signature or what it says of the line before is wrong.
    Checkpoint,
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form => "is not a line of an audit log",
            Self::Hash => "was changed, or was not written with these keys: its hash is wrong",
            Self::Link => "does not continue the line before it",
            Self::Beginning => "is the first and does not begin a log",
            Self::Checkpoint => {
                "is a checkpoint that these keys did not make of the line before it"
            }
        })
    }
}

/// A place where the numbers do not go on by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// The line in the file, counted from 1.
    pub line: u64,
    /// The number that it should bear.
    pub expected: u64,
    /// The number that it bears.
    pub found: u64,
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, expected, found } = self;
        match found.checked_sub(*expected) {
            Some(1) => write!(f, "line {line}: seq {expected} is missing"),
            Some(_) => write!(f, "line {line}: seq {expected} to {} are missing", found - 1),
            None => write!(f, "line {line}: seq {found} is doubled or out of order"),
        }
    }
}

/// A sign that the end was cut off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Cut {
    /// The last line has no end. A writer died over it, and nobody was told that it had been written; the next
    /// one to open the log keeps these bytes in a file of their own.
    Torn {
        /// How many bytes it has.
        bytes: u64,
    },
    /// A checkpoint speaks of a line that is not there.
    Beyond {
        /// The line's number; the highest, where there are several.
        seq: u64,
        /// When it was there.
        timestamp: String,
    },
    /// A checkpoint saw another line in this place: the end was cut off and written anew.
    Rewritten {
        /// The line's number.
        seq: u64,
        /// When the other line was there.
        timestamp: String,
    },
    /// The log that continues this archive says that it ended with another line.
    Discontinued {
        /// The number of the line that is said to have been the last.
        seq: u64,
    },
    /// The checkpoint file speaks of a log that is neither this one nor an archive that it continues: that log was taken away,
    /// or this one was put in its place.
    Elsewhere {
        /// The other log.
        log_id: LogId,
        /// When it was there.
        timestamp: String,
    },
    /// Archives lie beside the log that nothing leads to: one after them was taken away.
    Unreached {
        /// How many.
        archives: u64,
    },
    /// There is no checkpoint file, though one was named, or it has none of the checkpoints that the log has: it is another one,
    /// or was emptied.
    Unvouched,
    /// A line of the checkpoint file bears a signature that these keys did not make.
    Forged {
        /// The line in the checkpoint file, counted from 1.
        line: u64,
    },
    /// A line of the checkpoint file comes after one of a later state of the log.
    Disordered {
        /// The line in the checkpoint file, counted from 1.
        line: u64,
    },
}

impl Cut {
    pub(super) fn elsewhere((log_id, timestamp): (LogId, String)) -> Self {
        Self::Elsewhere { log_id, timestamp }
    }
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Torn { bytes } => write!(f, "the last line is torn ({bytes} bytes)"),
            Self::Beyond { seq, timestamp } => {
                write!(f, "the end is cut off: at {timestamp} the log had a line with seq {seq}")
            }
            Self::Rewritten { seq, timestamp } => {
                write!(f, "the end was written anew: at {timestamp} seq {seq} was another line")
            }
            Self::Discontinued { seq } => {
                write!(f, "its last line is not the one with seq {seq} that the next log continues")
            }
            Self::Elsewhere { log_id, timestamp } => write!(
                f,
                "at {timestamp} the log {log_id} was written, which is neither this one nor an archive of it: it was \
                 taken away, or this one was put in its place"
            ),
            Self::Unreached { archives } => write!(
                f,
                "{archives} archives lie beside it that nothing leads to: the one after them was taken away"
            ),
            Self::Unvouched => {
                f.write_str("the checkpoint file is missing, or has none of its checkpoints")
            }
            Self::Forged { line } => {
                write!(f, "line {line} of the checkpoint file was not signed with these keys")
            }
            Self::Disordered { line } => {
                write!(f, "line {line} of the checkpoint file is out of order")
            }
        }
    }
}
