//! The list of published secrets, as fingerprints.
//!
//! `data/leaked-secrets.bin` holds the first eight bytes of SHA-256 of each, sorted. It was made
//! by `data/leaked-secrets.py` from the JWT list of the `badsecrets` project (1,434 secrets of 32
//! bytes or more, which grew out of Wallarm's list), the examples of the guide, of specifications,
//! tutorials and products, and the placeholders and hashed words that people use instead. Base64
//! and hexadecimal ones are there decoded as well. Only fingerprints are here, so nothing of the
//! list itself is published again.

use sha2::{Digest, Sha256};

const DIGEST_LEN: usize = 8;

/// Sorted. Eight bytes suffice: a random secret matches once in 2^51.
const DIGESTS: &[[u8; DIGEST_LEN]] =
    include_bytes!("../../../data/leaked-secrets.bin").as_chunks().0;

/// Left out of the comparison, so that `your_secret key` is found as `your-secret-key`, and Base64
/// in any alphabet and padding. The script that makes the list must do the same.
const SEPARATORS: &[u8] = b" !+-./=_";

/// Whether `secret` is on the list, whatever its ASCII case and separators.
pub(super) fn contains(secret: &[u8]) -> bool {
    let digest = fold(secret).finalize();
    digest.first_chunk().is_some_and(|start| DIGESTS.binary_search(start).is_ok())
}

/// Hashes `secret` in its folded form, without a copy of it.
fn fold(secret: &[u8]) -> Sha256 {
    let kept = secret.iter().filter(|byte| !SEPARATORS.contains(byte));
    kept.fold(Sha256::new(), |hash, byte| hash.chain_update([byte.to_ascii_lowercase()]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_whole_and_sorted() {
        assert!(
            include_bytes!("../../../data/leaked-secrets.bin").len().is_multiple_of(DIGEST_LEN)
        );
        assert!(DIGESTS.is_sorted_by(|a, b| a < b));
        assert!(DIGESTS.len() > 1_434);
    }

    #[test]
    fn case_and_separators_do_not_matter() {
        assert!(contains(b"your-super-secret-jwt-key-change-in-production"));
        assert!(contains(b"YOUR_SUPER_SECRET_JWT_KEY_CHANGE_IN_PRODUCTION"));
        assert!(!contains(b"your-super-secret-jwt-key-change-in-productiom"));
        assert!(!contains(b""));
        assert!(!contains(&[b'-'; 32]));
    }
}
