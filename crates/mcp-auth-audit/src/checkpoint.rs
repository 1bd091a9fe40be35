//! Checkpoints: signed statements of how far the chain had grown.
//!
//! A chain alone does not show that its end was cut off. A checkpoint kept in a second place does. What is signed
//! (Ed25519, RFC 8032) are these bytes, each field as it stands in the file and each line ended by one line feed:
//!
//! ```text
//! mcp-auth-audit-checkpoint-v1
//! <log_id>
//! <seq>
//! <hash>
//! <timestamp>
//! ```

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::digest::{LineHash, LogId};
use crate::events::CHECKPOINT;
use crate::keys::{AuditPublicKey, Signer};

/// One checkpoint. Its JSON is a line of the checkpoint file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The log that it speaks of.
    pub log_id: LogId,
    /// The line that was the last one.
    pub seq: u64,
    /// That line's hash.
    pub hash: LineHash,
    /// When it was made: RFC 3339 in UTC with milliseconds.
    pub timestamp: String,
    /// 128 hexadecimal digits.
    signature: String,
}

impl Checkpoint {
    pub(crate) fn sign(
        signer: &Signer,
        log_id: LogId,
        seq: u64,
        hash: LineHash,
        time: String,
    ) -> Self {
        let mut checkpoint =
            Self { log_id, seq, hash, timestamp: time, signature: String::default() };
        checkpoint.signature = hex::encode(signer.sign(checkpoint.message().as_bytes()));
        checkpoint
    }

    /// Whether the log with this public key made it.
    pub fn is_signed_by(&self, key: &AuditPublicKey) -> bool {
        let signature = hex::decode(&self.signature);
        signature.is_ok_and(|signature| key.confirms(self.message().as_bytes(), &signature))
    }

    /// The event that carries it within the log itself.
    pub(crate) fn to_event(&self) -> CheckpointEvent<'_> {
        CheckpointEvent {
            timestamp: (&self.timestamp).into(),
            event: CHECKPOINT.into(),
            log_id: self.log_id,
            covers_seq: self.seq,
            covers_hash: self.hash,
            signature: (&self.signature).into(),
        }
    }

    fn message(&self) -> String {
        let Self { log_id, seq, hash, timestamp, .. } = self;
        format!("mcp-auth-audit-checkpoint-v1\n{log_id}\n{seq}\n{hash}\n{timestamp}\n")
    }
}

/// `audit_checkpoint`: the names differ from a line's own `seq` and `hash`.
#[derive(Serialize, Deserialize)]
pub(crate) struct CheckpointEvent<'a> {
    timestamp: Cow<'a, str>,
    event: Cow<'a, str>,
    log_id: LogId,
    covers_seq: u64,
    covers_hash: LineHash,
    signature: Cow<'a, str>,
}

/// Where the name of an event begins at the latest: behind its time.
const FARTHEST: usize = 64;

impl CheckpointEvent<'_> {
    /// Whether an event's members are those of a checkpoint. Within a JSON string the quotes would be escaped, so
    /// no other event passes for one.
    pub(crate) fn is_in(members: &[u8]) -> bool {
        let name = format!("\"event\":\"{CHECKPOINT}\"");
        members.windows(name.len()).take(FARTHEST).any(|bytes| bytes == name.as_bytes())
    }

    /// `None` when it is out of shape.
    pub(crate) fn read(event: &[u8]) -> Option<Checkpoint> {
        let event: CheckpointEvent<'_> = serde_json::from_slice(event).ok()?;
        Some(Checkpoint {
            log_id: event.log_id,
            seq: event.covers_seq,
            hash: event.covers_hash,
            timestamp: event.timestamp.into_owned(),
            signature: event.signature.into_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use mcp_auth::testing::SequenceRandom;

    use super::*;
    use crate::keys::AuditKeys;

    #[test]
    fn every_field_is_signed() {
        let random = SequenceRandom::default();
        let (keys, other) = (AuditKeys::generate(&random), AuditKeys::generate(&random));
        let (id, hash) = (LogId::random(&random), LineHash([3; 32]));
        let time = "2025-12-24T22:30:45.000Z".to_owned();
        let checkpoint = Checkpoint::sign(&keys.signer(), id, 9, hash, time);
        assert!(checkpoint.is_signed_by(&keys.public_key()));
        assert!(!checkpoint.is_signed_by(&other.public_key()));
        let changed = [
            Checkpoint { log_id: LogId::random(&random), ..checkpoint.clone() },
            Checkpoint { seq: 8, ..checkpoint.clone() },
            Checkpoint { hash: LineHash([4; 32]), ..checkpoint.clone() },
            Checkpoint { timestamp: "2025".into(), ..checkpoint.clone() },
            Checkpoint { signature: "00".into(), ..checkpoint.clone() },
            Checkpoint { signature: "x".into(), ..checkpoint.clone() },
        ];
        for changed in changed {
            assert!(!changed.is_signed_by(&keys.public_key()), "{changed:?}");
        }
    }

    #[test]
    fn it_comes_back_from_both_places() {
        let keys = AuditKeys::generate(&SequenceRandom::default());
        let id = LogId::random(&SequenceRandom::default());
        let time = "2025-12-24T22:30:45.000Z".to_owned();
        let checkpoint = Checkpoint::sign(&keys.signer(), id, 9, LineHash([3; 32]), time);
        let json = serde_json::to_string(&checkpoint).unwrap();
        assert_eq!(serde_json::from_str::<Checkpoint>(&json).unwrap(), checkpoint);
        let event = serde_json::to_string(&checkpoint.to_event()).unwrap();
        assert!(CheckpointEvent::is_in(event.as_bytes()));
        assert_eq!(CheckpointEvent::read(event.as_bytes()), Some(checkpoint));
        let others =
            [r#"{"event":"token_revoked"}"#, r#"{"reason":"\"event\":\"audit_checkpoint\""}"#];
        for other in others {
            assert!(!CheckpointEvent::is_in(other.as_bytes()), "{other}");
        }
        assert_eq!(CheckpointEvent::read(b"{\"event\":\"audit_checkpoint\"}"), None);
    }
}
