//! The bytes of one batch: lines that continue the chain, in one piece.

use std::sync::Arc;

use mcp_auth::clock::{Clock, Timestamp};
use serde::Serialize;

use crate::checkpoint::Checkpoint;
use crate::digest::LogId;
use crate::error::Fault;
use crate::events;
use crate::keys::{AuditKeys, ChainKey, Signer};
use crate::line;
use crate::tail::Head;

/// The keys, prepared, and the clock for the lines that the log writes about itself.
pub(crate) struct Sealer {
    key: ChainKey,
    signer: Signer,
    public_key: String,
    clock: Arc<dyn Clock>,
}

impl Sealer {
    pub(crate) fn new(keys: &AuditKeys, clock: Arc<dyn Clock>) -> Self {
        let public_key = keys.public_key().to_string();
        Self { key: keys.chain(), signer: keys.signer(), public_key, clock }
    }

    pub(crate) fn key(&self) -> &ChainKey {
        &self.key
    }

    pub(crate) fn public_key(&self) -> String {
        self.public_key.clone()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

pub(super) struct Batch<'a> {
    sealer: &'a Sealer,
    start: Head,
    head: Head,
    bytes: Vec<u8>,
}

impl<'a> Batch<'a> {
    /// In the memory of `buffer`, of which nothing else is kept.
    pub(super) fn after(head: Head, sealer: &'a Sealer, mut buffer: Vec<u8>) -> Self {
        buffer.clear();
        Self { sealer, start: head, head, bytes: buffer }
    }

    pub(super) fn next_seq(&self) -> Result<u64, Fault> {
        self.head.seq.checked_add(1).ok_or(Fault::NoNumberLeft)
    }

    /// How many lines it has.
    pub(super) fn lines(&self) -> u64 {
        self.head.seq - self.start.seq
    }

    /// Where the chain ends with it.
    pub(super) fn head(&self) -> Head {
        self.head
    }

    /// Adds the line of a JSON object that is not empty.
    pub(super) fn add(&mut self, event: &[u8]) -> Result<(), Fault> {
        let seq = self.next_seq()?;
        let hash = line::write(&mut self.bytes, &self.sealer.key, seq, self.head.hash, event);
        let end = self.start.end + self.bytes.len() as u64;
        self.head = Head { seq, hash, end, is_checkpoint: false };
        Ok(())
    }

    /// Adds the line of one of the log's own events.
    pub(super) fn add_own(&mut self, event: &impl Serialize) -> Result<(), Fault> {
        let json = serde_json::to_vec(event).map_err(std::io::Error::from)?;
        self.add(&json)
    }

    /// Adds a checkpoint of everything before it.
    pub(super) fn add_checkpoint(&mut self, log_id: LogId) -> Result<Checkpoint, Fault> {
        let Head { seq, hash, .. } = self.head;
        let time = events::text(self.sealer.now());
        let checkpoint = Checkpoint::sign(&self.sealer.signer, log_id, seq, hash, time);
        self.add_own(&checkpoint.to_event())?;
        self.head.is_checkpoint = true;
        Ok(checkpoint)
    }

    /// The bytes, and where the chain ends once they are written.
    pub(super) fn finish(self) -> (Vec<u8>, Head) {
        (self.bytes, self.head)
    }
}
