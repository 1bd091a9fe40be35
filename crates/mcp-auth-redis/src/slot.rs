//! Which slot of a cluster a key lies in: CRC-16 (XMODEM) of its hash tag, modulo 16384, as the cluster specification says.

/// A slot of a cluster. Elsewhere there is one node for all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Slot(pub(crate) u16);

impl Slot {
    pub(crate) const LAST: Self = Self(16_383);

    /// The slot of a key.
    pub(crate) fn of(key: &str) -> Self {
        Self(crc16(tag(key).as_bytes()) & Self::LAST.0)
    }
}

/// What stands between the first brace and the next closing one, where that is something; else the whole key.
fn tag(key: &str) -> &str {
    let inside = key.split_once('{').and_then(|(_, rest)| rest.split_once('}'));
    inside.map(|(tag, _)| tag).filter(|tag| !tag.is_empty()).unwrap_or(key)
}

fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| {
            if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check value of the cluster specification, and answers of `CLUSTER KEYSLOT`.
    #[test]
    fn slots_are_those_of_the_specification() {
        assert_eq!(crc16(b"123456789"), 0x31c3);
        for (key, slot) in [("foo", 12_182), ("{foo}:bar", 12_182), ("bar", 5_061), ("", 0)] {
            assert_eq!(Slot::of(key), Slot(slot), "{key}");
        }
        assert_eq!(tag("{}x"), "{}x");
        assert_eq!(tag("{{a}b}"), "{a");
    }
}
