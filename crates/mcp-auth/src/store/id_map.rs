//! Maps whose keys are their own hash.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::RevocationId;

/// A map by id. Ids are cut from SHA-256, so eight of their bytes are spread as well as any hash would spread them, and
/// whoever wants many in one place has to search for them by trial.
pub(super) type IdMap<V> = HashMap<RevocationId, V, BuildHasherDefault<IdHasher>>;

/// Takes the first bytes of an id for its hash.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk() {
            self.0 = u64::from_le_bytes(*first);
        }
    }

    /// The length of an id, which says nothing.
    fn write_usize(&mut self, _: usize) {}
}

#[cfg(test)]
mod tests {
    use std::hash::{BuildHasher as _, BuildHasherDefault};

    use super::*;

    #[test]
    fn an_id_is_its_own_hash() {
        let id = RevocationId::from_bytes([1, 0, 0, 0, 0, 0, 0, 2, 9, 9, 9, 9, 9, 9, 9, 9]);
        let hash = BuildHasherDefault::<IdHasher>::default().hash_one(id);
        assert_eq!(hash, 0x0200_0000_0000_0001);
    }
}
