//! A disk that fails as it is told to.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::archive::Archives;
use crate::digest::LogId;
use crate::disk::{Disk, Storage};

#[derive(Debug, Clone, Copy)]
pub(super) enum Fault {
    /// Appending stops after some bytes.
    Append {
        kind: io::ErrorKind,
        after: usize,
    },
    /// And what was written cannot be cut.
    AppendAndCut {
        kind: io::ErrorKind,
        after: usize,
    },
    Checkpoint {
        kind: io::ErrorKind,
    },
    Archive {
        kind: io::ErrorKind,
    },
    Panic,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Faults(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    fault: Mutex<Option<Fault>>,
    tries: AtomicU32,
    /// Whoever holds it keeps the disk from writing.
    gate: Mutex<()>,
    is_stalled: AtomicBool,
}

impl Faults {
    pub(super) fn set(&self, fault: Fault) {
        *self.0.fault.lock().unwrap() = Some(fault);
    }

    pub(super) fn clear(&self) {
        *self.0.fault.lock().unwrap() = None;
    }

    /// How often something was to be written since the log was opened.
    pub(super) fn tries(&self) -> u32 {
        self.0.tries.load(Ordering::SeqCst)
    }

    /// Nothing is written until the guard is dropped.
    pub(super) fn stall(&self) -> MutexGuard<'_, ()> {
        self.0.gate.lock().unwrap()
    }

    pub(super) fn is_stalled(&self) -> bool {
        self.0.is_stalled.load(Ordering::SeqCst)
    }

    fn now(&self) -> Option<Fault> {
        *self.0.fault.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) struct Faulty {
    pub(super) disk: Disk,
    pub(super) faults: Faults,
}

impl Storage for Faulty {
    fn lock(&mut self) -> io::Result<bool> {
        self.disk.lock()
    }

    fn adopt(&mut self) {
        self.disk.adopt();
    }

    fn unlock(&mut self) {
        self.disk.unlock();
    }

    fn len(&mut self) -> io::Result<u64> {
        self.disk.len()
    }

    fn read(&mut self, from: u64, to: u64) -> io::Result<Vec<u8>> {
        self.disk.read(from, to)
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.faults.0.tries.fetch_add(1, Ordering::SeqCst);
        self.faults.0.is_stalled.store(true, Ordering::SeqCst);
        drop(self.faults.0.gate.lock().unwrap_or_else(PoisonError::into_inner));
        self.faults.0.is_stalled.store(false, Ordering::SeqCst);
        match self.faults.now() {
            Some(Fault::Append { kind, after } | Fault::AppendAndCut { kind, after }) => {
                self.disk.append(&bytes[..after.min(bytes.len())])?;
                Err(kind.into())
            }
            Some(Fault::Panic) => panic!("told to"),
            _ => self.disk.append(bytes),
        }
    }

    fn cut(&mut self, end: u64) -> io::Result<()> {
        match self.faults.now() {
            Some(Fault::AppendAndCut { kind, .. }) => Err(kind.into()),
            _ => self.disk.cut(end),
        }
    }

    fn set_aside(&mut self, torn: &[u8]) -> io::Result<()> {
        self.disk.set_aside(torn)
    }

    fn archive(&mut self, log: LogId, moment: &str, beginning: &[u8]) -> io::Result<PathBuf> {
        match self.faults.now() {
            Some(Fault::Archive { kind }) => Err(kind.into()),
            _ => self.disk.archive(log, moment, beginning),
        }
    }

    fn archives(&mut self) -> io::Result<Archives> {
        self.disk.archives()
    }

    fn add_checkpoint(&mut self, line: &str) -> io::Result<()> {
        match self.faults.now() {
            Some(Fault::Checkpoint { kind }) => Err(kind.into()),
            _ => self.disk.add_checkpoint(line),
        }
    }
}
