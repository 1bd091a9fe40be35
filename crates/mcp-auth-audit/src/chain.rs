//! The chain and its file: takes events, adds lines, and keeps both agreed on where the end is.
//!
//! The file's lock is held for one batch at a time, so that several processes may append. Each first looks whether
//! another wrote since, and goes on from what is really there.

mod archiving;
mod batch;

use std::mem;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mcp_auth::random::Randomness;

use self::batch::Batch;
pub(crate) use self::batch::Sealer;
use crate::checkpoint::Checkpoint;
use crate::digest::LogId;
use crate::disk::Storage;
use crate::error::Fault;
use crate::events::{Continued, Created, Interrupted, Recovered};
use crate::tail::{self, Beginning, First, Head};

/// When checkpoints are made, and archives.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rhythm {
    pub(crate) lines: u64,
    pub(crate) interval: Duration,
    /// How large a log grows; 0 for as large as it will.
    pub(crate) log_bytes: u64,
}

/// What a batch holds besides its events.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    /// Why lines were late or lost, and how many were lost.
    pub(crate) interrupted: Option<(String, u64)>,
    /// Ends it with a checkpoint even if none is due.
    pub(crate) checkpoint: bool,
    /// Archives the log whatever its size.
    pub(crate) archive: bool,
}

pub(crate) struct Chain {
    storage: Box<dyn Storage>,
    sealer: Sealer,
    rhythm: Rhythm,
    randomness: Arc<dyn Randomness>,
    log_id: LogId,
    head: Head,
    /// The memory of the last batch, for the next.
    buffer: Vec<u8>,
    /// Bytes that were cut and that no line speaks of yet.
    recovered: u64,
    /// What an append that failed may have left behind our end, when it could not be cut either.
    leftover: Option<Vec<u8>>,
    /// Lines since the last checkpoint, and when the first of them was written.
    open_lines: u64,
    open_since: Option<Instant>,
    /// A checkpoint that has not reached the checkpoint file yet.
    unsent: Option<String>,
    checkpoint_error: Option<Fault>,
    archive_error: Option<Fault>,
    /// The archive that this process made last.
    archived: Option<PathBuf>,
}

impl Chain {
    /// Opens the log, or begins it when there is none, and repairs what a dead writer left.
    pub(crate) fn open(
        mut storage: Box<dyn Storage>,
        sealer: Sealer,
        rhythm: Rhythm,
        randomness: Arc<dyn Randomness>,
    ) -> Result<Self, Fault> {
        storage.lock()?;
        storage.adopt();
        let log_id = begin(storage.as_mut(), &sealer, randomness.as_ref());
        storage.unlock();
        let log_id = log_id?;
        let mut chain = Self {
            storage,
            sealer,
            rhythm,
            randomness,
            log_id,
            head: start(log_id),
            buffer: Vec::new(),
            recovered: 0,
            leftover: None,
            open_lines: 0,
            open_since: None,
            unsent: None,
            checkpoint_error: None,
            archive_error: None,
            archived: None,
        };
        chain.commit(std::iter::empty(), &Notes::default())?;
        Ok(chain)
    }

    /// When the next checkpoint is due, if lines wait for one.
    pub(crate) fn checkpoint_due(&self) -> Option<Instant> {
        self.open_since.map(|since| since + self.rhythm.interval)
    }

    /// Adds the events and whatever else is due, durably, and returns the number of the first event's line. After
    /// an error none of them counts as written.
    pub(crate) fn commit<'a>(
        &mut self,
        events: impl Iterator<Item = &'a [u8]>,
        notes: &Notes,
    ) -> Result<u64, Fault> {
        self.lock()?;
        let first = self.commit_locked(events, notes);
        if first.is_ok() {
            self.send_checkpoint();
            self.archive_if_due(notes);
        }
        self.storage.unlock();
        first
    }

    /// Why the last checkpoint is not in the checkpoint file.
    pub(crate) fn checkpoint_error(&self) -> Option<String> {
        self.checkpoint_error.as_ref().map(Fault::to_string)
    }

    /// Why a log that has grown large was not archived.
    pub(crate) fn archive_error(&self) -> Option<String> {
        self.archive_error.as_ref().map(Fault::to_string)
    }

    /// Writes the last checkpoint to the checkpoint file, if it is not there yet. The log itself has it already,
    /// so a failure here fails no event and is tried again with the next batch.
    fn send_checkpoint(&mut self) {
        if let Some(line) = &self.unsent {
            self.checkpoint_error = self.storage.add_checkpoint(line).err().map(Fault::from);
        }
        if self.checkpoint_error.is_none() {
            self.unsent = None;
        }
    }

    fn commit_locked<'a>(
        &mut self,
        events: impl Iterator<Item = &'a [u8]>,
        notes: &Notes,
    ) -> Result<u64, Fault> {
        self.catch_up()?;
        let buffer = mem::take(&mut self.buffer);
        let mut batch = Batch::after(self.head, &self.sealer, buffer);
        if self.recovered > 0 {
            batch.add_own(&Recovered::new(self.sealer.now(), self.recovered))?;
        }
        let first = batch.next_seq()?;
        for event in events {
            batch.add(event)?;
        }
        if let Some((reason, lost)) = &notes.interrupted {
            batch.add_own(&Interrupted::new(self.sealer.now(), reason, *lost))?;
        }
        let lines = self.open_lines + batch.lines();
        let is_due = notes.checkpoint || lines >= self.rhythm.lines || self.is_overdue();
        let is_made = (is_due && lines > 0) || self.is_archived_after(batch.head(), notes);
        let checkpoint = is_made.then(|| batch.add_checkpoint(self.log_id));
        let checkpoint = checkpoint.transpose()?;
        self.write(batch.finish())?;
        self.settle(lines, checkpoint.as_ref());
        Ok(first)
    }

    fn is_overdue(&self) -> bool {
        self.checkpoint_due().is_some_and(|due| due <= Instant::now())
    }

    fn write(&mut self, (bytes, head): (Vec<u8>, Head)) -> Result<(), Fault> {
        if bytes.is_empty() {
            return Ok(());
        }
        if let Err(error) = self.storage.append(&bytes) {
            // Half a batch must not stay: its callers are told that it failed.
            if self.storage.cut(self.head.end).is_err() {
                self.leftover = Some(bytes);
            }
            return Err(error.into());
        }
        self.head = head;
        self.recovered = 0;
        self.buffer = bytes;
        Ok(())
    }

    fn settle(&mut self, lines: u64, checkpoint: Option<&Checkpoint>) {
        if let Some(checkpoint) = checkpoint {
            self.unsent = serde_json::to_string(checkpoint).ok();
            (self.open_lines, self.open_since) = (0, None);
        } else if lines > 0 {
            self.open_lines = lines;
            self.open_since.get_or_insert_with(Instant::now);
        }
    }

    /// Moves the head to the real end of the file, and cuts what is torn there.
    fn catch_up(&mut self) -> Result<(), Fault> {
        self.cut_leftover()?;
        let len = self.storage.len()?;
        if len < self.head.end {
            return Err(Fault::Shrunk { known: self.head.end, found: len });
        }
        if len == self.head.end {
            return Ok(());
        }
        let head = tail::find(self.storage.as_mut(), len)?;
        if head.end < self.head.end {
            return Err(Fault::Shrunk { known: self.head.end, found: head.end });
        }
        self.recovered += cut_torn(self.storage.as_mut(), head.end, len)?;
        if head != self.head {
            // Another process wrote, and its checkpoints may be in the file: they stand there in ascending order.
            self.unsent = None;
        }
        self.head = head;
        Ok(())
    }

    /// Cuts what our own failed append left, unless another process has written behind it since: then its whole
    /// lines are part of the chain, and the decisions in them will stand there twice.
    fn cut_leftover(&mut self) -> Result<(), Fault> {
        if let Some(bytes) = &self.leftover {
            let (end, len) = (self.head.end, self.storage.len()?);
            let found = self.storage.read(end, len.min(end + bytes.len() as u64 + 1))?;
            if bytes.starts_with(&found) {
                self.storage.cut(end)?;
            }
            self.leftover = None;
        }
        Ok(())
    }
}

/// The id of the log, whose first line is written if it is not there.
fn begin(
    storage: &mut dyn Storage,
    sealer: &Sealer,
    randomness: &dyn Randomness,
) -> Result<LogId, Fault> {
    let len = storage.len()?;
    if let Beginning::Log(First { log_id, .. }) = tail::beginning(storage, len, sealer.key())? {
        return Ok(log_id);
    }
    let dropped = cut_torn(storage, 0, len)?;
    let log_id = LogId::random(randomness);
    let mut batch = first_batch(sealer, log_id, None)?;
    if dropped > 0 {
        batch.add_own(&Recovered::new(sealer.now(), dropped))?;
    }
    storage.append(&batch.finish().0).inspect_err(|_| drop(storage.cut(0)))?;
    Ok(log_id)
}

/// Where a log starts.
fn start(log_id: LogId) -> Head {
    Head { seq: 0, hash: log_id.genesis(), end: 0, is_checkpoint: false }
}

/// The first line of a log.
fn first_batch(
    sealer: &Sealer,
    log_id: LogId,
    continues: Option<Continued>,
) -> Result<Batch<'_>, Fault> {
    let mut batch = Batch::after(start(log_id), sealer, Vec::new());
    batch.add_own(&Created::new(sealer.now(), log_id, sealer.public_key(), continues))?;
    Ok(batch)
}

/// Keeps the bytes from `end` to `len` in the file for torn ends, then cuts them. Returns how many they were.
fn cut_torn(storage: &mut dyn Storage, end: u64, len: u64) -> Result<u64, Fault> {
    if len > end {
        let torn = storage.read(end, len)?;
        storage.set_aside(&torn)?;
        storage.cut(end)?;
    }
    Ok(len.saturating_sub(end))
}
