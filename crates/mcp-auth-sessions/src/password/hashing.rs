//! Hashing and verifying, on the calling thread.

use std::fmt;
use std::hint::black_box;

use argon2::password_hash::phc;
use argon2::{Algorithm, Argon2, Block, Params, Version};
use mcp_auth::random::Randomness;
use thiserror::Error;

use super::readable::{Argon2Hash, MAX_MEMORY_KIB, MAX_PASSES, Readable};
use super::{MAX_PASSWORD_BYTES, Password, PasswordHash};

/// What a new argon2id hash costs (RFC 9106). The default is OWASP's: 19 MiB, 2 passes, 1 lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashCost {
    /// Memory in KiB, from 8 to 262,144.
    pub memory_kib: u32,
    /// Passes over it, from 1 to 16.
    pub passes: u32,
}

impl Default for HashCost {
    fn default() -> Self {
        Self { memory_kib: 19_456, passes: 2 }
    }
}

/// Bytes of a password that bcrypt looks at; a longer one would match every other with the same beginning.
const BCRYPT_BYTES: usize = 72;

/// What a password is to a stored hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verification {
    /// It made the hash.
    Right {
        /// The hash is of a kind or a cost that should be replaced now that the password is at hand.
        upgrade: bool,
    },
    /// It did not.
    Wrong,
    /// The hash is of a kind that is not verified here, damaged, or too costly.
    Unreadable,
}

/// The hash could not be made: the cost is out of bounds or the memory is not there.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the password could not be hashed: {0}")]
pub struct HashingFailed(String);

/// The memory of a hash, kept for the next one. An allocator may keep what is freed once for each thread that has ever
/// hashed, which are many more than those that hash at once.
#[derive(Default)]
pub(super) struct Scratch(Vec<Block>);

impl Scratch {
    fn of(&mut self, params: &Params) -> Result<&mut [Block], argon2::Error> {
        let blocks = params.block_count();
        let missing = blocks.saturating_sub(self.0.len());
        self.0.try_reserve_exact(missing).map_err(|_| argon2::Error::OutOfMemory)?;
        self.0.resize(blocks, Block::new());
        Ok(&mut self.0)
    }

    /// Gives back what a dearer hash took.
    pub(super) fn trim(&mut self, cost: HashCost) {
        let blocks = usize::try_from(cost.memory_kib).unwrap_or(usize::MAX);
        self.0.truncate(blocks);
        self.0.shrink_to(blocks);
    }
}

impl fmt::Debug for Scratch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scratch").finish_non_exhaustive()
    }
}

impl HashCost {
    /// Hashes with 16 bytes of fresh salt.
    pub(super) fn hash(
        self,
        password: &Password,
        randomness: &dyn Randomness,
        scratch: &mut Scratch,
    ) -> Result<PasswordHash, HashingFailed> {
        let mut salt = [0; 16];
        randomness.fill(&mut salt);
        let made = self.make(password, &salt, scratch)?;
        Ok(PasswordHash::from_stored(made.to_string()))
    }

    fn make(
        self,
        password: &Password,
        salt: &[u8],
        scratch: &mut Scratch,
    ) -> Result<phc::PasswordHash, HashingFailed> {
        let argon2 = self.argon2()?;
        let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
        let memory = scratch.of(argon2.params()).map_err(failed)?;
        argon2
            .hash_password_into_with_memory(password.bytes(), salt, &mut output, memory)
            .map_err(failed)?;
        Ok(phc::PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: argon2.params().try_into().map_err(failed)?,
            salt: Some(phc::Salt::new(salt).map_err(failed)?),
            hash: Some(phc::Output::new(&output).map_err(failed)?),
        })
    }

    /// Verifies; without a hash does the same work and answers [`Verification::Wrong`], so that the time does not tell
    /// whether there is an account.
    pub(super) fn verify(
        self,
        password: &Password,
        stored: Option<&PasswordHash>,
        scratch: &mut Scratch,
    ) -> Verification {
        if password.bytes().len() > MAX_PASSWORD_BYTES {
            return Verification::Wrong;
        }
        let Some(stored) = stored.map(PasswordHash::expose) else {
            let _ = black_box(self.make(password, &[0; 16], scratch));
            return Verification::Wrong;
        };
        match Readable::parse(stored) {
            Ok(Readable::Bcrypt) => verify_bcrypt(password, stored),
            Ok(Readable::Argon2(hash)) => self.verify_argon2(password, &hash, scratch),
            Err(_) => Verification::Unreadable,
        }
    }

    fn verify_argon2(
        self,
        password: &Password,
        hash: &Argon2Hash,
        scratch: &mut Scratch,
    ) -> Verification {
        match made_by(password, hash, scratch) {
            Ok(true) => Verification::Right { upgrade: self.is_above(hash) },
            Ok(false) => Verification::Wrong,
            Err(_) => Verification::Unreadable,
        }
    }

    fn is_above(self, hash: &Argon2Hash) -> bool {
        let work = |memory: u32, passes: u32| u64::from(memory) * u64::from(passes);
        hash.algorithm != Algorithm::Argon2id
            || hash.version != Version::V0x13
            || work(hash.params.m_cost(), hash.params.t_cost()) < work(self.memory_kib, self.passes)
    }

    fn argon2(self) -> Result<Argon2<'static>, HashingFailed> {
        if self.memory_kib > MAX_MEMORY_KIB || self.passes > MAX_PASSES {
            return Err(HashingFailed("the configured cost is out of bounds".into()));
        }
        let params = Params::new(self.memory_kib, self.passes, 1, None).map_err(failed)?;
        Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
    }
}

fn failed(error: impl fmt::Display) -> HashingFailed {
    HashingFailed(error.to_string())
}

/// Hashes as `hash` says and compares; [`phc::Output`] does so in a time that does not depend on the bytes.
fn made_by(
    password: &Password,
    hash: &Argon2Hash,
    scratch: &mut Scratch,
) -> Result<bool, argon2::password_hash::Error> {
    let mut output = [0; phc::Output::MAX_LENGTH];
    let output = output.get_mut(..hash.output.len()).unwrap_or_default();
    let memory = scratch.of(&hash.params)?;
    let argon2 = Argon2::new(hash.algorithm, hash.version, hash.params.clone());
    argon2.hash_password_into_with_memory(password.bytes(), &hash.salt, output, memory)?;
    Ok(phc::Output::new(output)? == hash.output)
}

fn verify_bcrypt(password: &Password, stored: &str) -> Verification {
    if password.bytes().len() > BCRYPT_BYTES {
        // The time of a hash all the same, so that it does not tell bcrypt accounts from others.
        let _ = black_box(bcrypt::verify([], stored));
        return Verification::Wrong;
    }
    match bcrypt::verify(password.bytes(), stored) {
        Ok(true) => Verification::Right { upgrade: true },
        Ok(false) => Verification::Wrong,
        Err(_) => Verification::Unreadable,
    }
}

#[cfg(test)]
mod tests {
    use argon2::PasswordVerifier as _;
    use mcp_auth::testing::SequenceRandom;

    use super::*;

    const CHEAP: HashCost = HashCost { memory_kib: 8, passes: 1 };
    const RIGHT: Verification = Verification::Right { upgrade: false };
    const OLD: Verification = Verification::Right { upgrade: true };

    fn verify(password: &str, stored: &str) -> Verification {
        CHEAP.verify(
            &Password::new(password),
            Some(&PasswordHash::from_stored(stored)),
            &mut Scratch::default(),
        )
    }

    fn hash(cost: HashCost, password: &str) -> String {
        let hash = cost
            .hash(&Password::new(password), &SequenceRandom::default(), &mut Scratch::default())
            .unwrap();
        hash.expose().to_owned()
    }

    #[test]
    fn hashes_are_phc_strings_of_the_documented_cost() {
        let stored = hash(HashCost::default(), "correct horse");
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert_eq!(verify("correct horse", &stored), RIGHT);
        assert_eq!(verify("correct horsf", &stored), Verification::Wrong);
    }

    #[test]
    fn what_is_cheaper_than_configured_is_to_be_upgraded() {
        let stored = hash(CHEAP, "correct horse");
        assert_eq!(verify("correct horse", &stored), RIGHT);
        let dearer = HashCost { passes: 2, ..CHEAP };
        let password = Password::new("correct horse");
        let stored = PasswordHash::from_stored(stored);
        assert_eq!(dearer.verify(&password, Some(&stored), &mut Scratch::default()), OLD);
        let other = stored.expose().replace("argon2id", "argon2i");
        assert_eq!(verify("correct horse", &other), Verification::Wrong);
    }

    #[test]
    fn bcrypt_hashes_of_other_systems_verify() {
        // From the test vectors of jBCrypt (TestBCrypt.java) and of the manual of PHP (crypt).
        let stored = "$2a$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s.";
        assert_eq!(verify("", stored), OLD);
        assert_eq!(verify("a", stored), Verification::Wrong);
        let stored = "$2y$07$usesomesillystringfore2uDLvp1Ii2e./U9C8sBjqp8I90dH6hi";
        assert_eq!(verify("rasmuslerdorf", stored), OLD);
        assert_eq!(verify("rasmuslerdorf", &stored.replace("2y", "2b")), OLD);
        assert_eq!(verify("rasmuslerdorf", &stored.replace("2y", "2x")), Verification::Unreadable);
    }

    #[test]
    fn bcrypt_looks_at_72_bytes_and_more_are_refused() {
        let full = "x".repeat(72);
        let stored = bcrypt::hash_with_salt(&full, 4, [7; 16]).unwrap();
        let stored = stored.format_for_version(bcrypt::Version::TwoB);
        assert_eq!(verify(&full, &stored), OLD);
        assert_eq!(verify(&format!("{full}y"), &stored), Verification::Wrong);
        assert_eq!(verify(&full[..71], &stored), Verification::Wrong);
    }

    #[test]
    fn costs_of_stored_hashes_are_capped_before_hashing() {
        let stored = hash(CHEAP, "correct horse");
        for (from, to) in [
            ("m=8,", "m=262145,"),
            ("m=8,", "m=4294967295,"),
            ("t=1,", "t=17,"),
            ("t=1,", "t=4294967295,"),
            ("p=1$", "p=17$"),
            ("argon2id", "scrypt"),
        ] {
            assert_eq!(
                verify("correct horse", &stored.replace(from, to)),
                Verification::Unreadable
            );
        }
        for bad in ["", "plain", "$argon2id$", "$2b$31$", "$argon2id$v=19$m=8,t=1,p=1$", "$2b$é"] {
            assert_eq!(verify("correct horse", bad), Verification::Unreadable, "{bad:?}");
        }
        let stored = "$2y$31$usesomesillystringfore2uDLvp1Ii2e./U9C8sBjqp8I90dH6hi";
        assert_eq!(verify("rasmuslerdorf", stored), Verification::Unreadable);
    }

    #[test]
    fn one_memory_serves_hashes_of_all_sizes() {
        let (mut scratch, password) = (Scratch::default(), Password::new("correct horse"));
        for memory_kib in [64, 8, 256, 16, 256] {
            let cost = HashCost { memory_kib, passes: 1 };
            let stored = cost.hash(&password, &SequenceRandom::default(), &mut scratch).unwrap();
            assert_eq!(cost.verify(&password, Some(&stored), &mut scratch), RIGHT);
            assert_eq!(
                cost.verify(&Password::new("other"), Some(&stored), &mut scratch),
                Verification::Wrong
            );
            assert_eq!(cost.verify(&password, None, &mut scratch), Verification::Wrong);
            // The library's own way agrees.
            let hash = phc::PasswordHash::new(stored.expose()).unwrap();
            assert_eq!(Argon2::default().verify_password(b"correct horse", &hash), Ok(()));
        }
        scratch.trim(CHEAP);
        assert!(scratch.0.capacity() <= 8);
    }

    #[test]
    fn no_account_is_a_wrong_password() {
        assert_eq!(
            CHEAP.verify(&Password::new("correct horse"), None, &mut Scratch::default()),
            Verification::Wrong
        );
        let long = "x".repeat(MAX_PASSWORD_BYTES + 1);
        assert_eq!(verify(&long, &hash(CHEAP, &long)), Verification::Wrong);
    }

    #[test]
    fn nothing_shows_a_password_or_a_hash() {
        let shown = format!("{:?}", (Password::new("hunter2!"), hash(CHEAP, "a").len()));
        assert!(!shown.contains("hunter2"));
        let stored = PasswordHash::from_stored(hash(CHEAP, "a"));
        assert!(!format!("{stored:?}").contains("argon2id"));
    }
}
