//! SHA-256 of a few bytes. Each request hashes up to three names, and the general way costs twice what the one block
//! does.

use sha2::block_api::compress256;

/// FIPS 180-4 section 5.3.3.
const INITIAL: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

const BLOCK: usize = 64;

/// Where the length of the message stands.
const LENGTH_AT: usize = BLOCK - 8;

/// The digest of these parts, one behind the other; `None` where they fill more than one block with its padding (FIPS
/// 180-4 section 5.1.1), which is 55 bytes.
pub(super) fn digest<const N: usize>(parts: [&[u8]; N]) -> Option<[u8; 32]> {
    let mut block = [0; BLOCK];
    let (message, length) = block.split_at_mut(LENGTH_AT);
    let mut filled = 0;
    for part in parts {
        message.get_mut(filled..)?.get_mut(..part.len())?.copy_from_slice(part);
        filled += part.len();
    }
    *message.get_mut(filled)? = 0x80;
    length.copy_from_slice(&(u64::try_from(filled).ok()? * 8).to_be_bytes());
    let mut state = INITIAL;
    compress256(&mut state, &[block]);
    let mut digest = [0; 32];
    let words = digest.as_chunks_mut::<4>().0;
    words.iter_mut().zip(state).for_each(|(to, word)| *to = word.to_be_bytes());
    Some(digest)
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn it_is_sha_256_for_every_length_that_fits() {
        let text: Vec<u8> = (0..=255).collect();
        for length in 0..=80 {
            let text = &text[..length];
            let (front, back) = text.split_at(length / 3);
            let expected = (length <= 55).then(|| <[u8; 32]>::from(Sha256::digest(text)));
            assert_eq!(digest([text]), expected, "{length}");
            assert_eq!(digest([front, &[], back]), expected, "{length} in parts");
        }
    }
}
