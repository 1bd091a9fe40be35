//! Tokens that were found good a moment ago, so that a signature is checked once and not with every request.
//!
//! Only what can never change is remembered: that these bytes were signed by that key, and what they say. Time, the rules
//! and revocations are asked each time, as for a token that nobody has seen. Whoever changes the keys begins with an
//! empty memory.

use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock, TryLockError};

use zeroize::Zeroizing;

use super::extract::Shape;
use super::signature::SignedBy;
use super::{AuthenticToken, RawToken};
use crate::claims::Claims;

/// Longest token that is remembered, in bytes.
const LONGEST: usize = 1024;

/// As many bytes of a token's end tell it from all others: they hold its signature or half of a long one.
const TAIL: usize = 48;

/// The memory. It never grows: a token has one place, and the next that is asked for there takes it over.
pub(crate) struct VerifiedTokens {
    /// With keys of its own. Who does not know them can neither aim at a place nor, by the time that it takes to
    /// compare, find out a token that is remembered: texts are compared only where all 64 bits agree.
    hasher: RandomState,
    places: Box<[Place]>,
}

/// Room for one token. Small, so that whoever looks in vain has seen little memory.
#[derive(Default)]
struct Place {
    /// The tag of the token that is remembered, for a look without the lock.
    known: AtomicU64,
    /// The tag of the one that was last seen here and is not remembered. One that is seen once would only drive out
    /// another.
    seen: AtomicU64,
    token: RwLock<Option<Box<Remembered>>>,
}

struct Remembered {
    text: Zeroizing<Box<[u8]>>,
    shape: Shape,
    claims: Claims,
    key: SignedBy,
}

/// Where a token that was not remembered may be put.
pub(super) struct Vacancy<'a> {
    place: &'a Place,
    tag: u64,
}

impl VerifiedTokens {
    const PLACES: usize = 4096;

    pub(crate) fn new() -> Self {
        let places = std::iter::repeat_with(Place::default).take(Self::PLACES).collect();
        Self { hasher: RandomState::new(), places }
    }

    /// The token as it was found, or where to put it; neither where it is too long.
    pub(super) fn find<'t>(
        &self,
        token: &'t [u8],
    ) -> Result<AuthenticToken<'t>, Option<Vacancy<'_>>> {
        if token.len() > LONGEST {
            return Err(None);
        }
        let tail = token.last_chunk::<TAIL>().ok_or(None)?;
        let tag = self.hasher.hash_one(tail);
        let index = usize::try_from(tag % Self::PLACES as u64).unwrap_or_default();
        let place = self.places.get(index).ok_or(None)?;
        place.find(token, tag).ok_or(Some(Vacancy { place, tag }))
    }
}

impl Place {
    fn find<'t>(&self, bytes: &'t [u8], tag: u64) -> Option<AuthenticToken<'t>> {
        if self.known.load(Ordering::Relaxed) != tag {
            return None;
        }
        let token = match self.token.try_read() {
            Ok(token) => token,
            // Whole or empty whatever happened to whoever wrote it.
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        let known = token.as_ref().filter(|known| **known.text == *bytes)?;
        // Of two tokens with one place, the one in use keeps it.
        if self.seen.load(Ordering::Relaxed) != 0 {
            self.seen.store(0, Ordering::Relaxed);
        }
        let raw = RawToken::alike(bytes, known.shape);
        Some(AuthenticToken { raw, claims: known.claims.clone(), key: known.key.clone() })
    }
}

impl Vacancy<'_> {
    /// Remembers a token that is asked for the second time.
    pub(super) fn fill(self, token: &AuthenticToken<'_>) {
        let Self { place, tag } = self;
        if place.seen.load(Ordering::Relaxed) != tag {
            place.seen.store(tag, Ordering::Relaxed);
            return;
        }
        let text = Zeroizing::new(Box::from(token.raw.bytes()));
        let shape = token.raw.shape();
        let (claims, key) = (token.claims.clone(), token.key.clone());
        let known = Box::new(Remembered { text, shape, claims, key });
        *place.token.write().unwrap_or_else(PoisonError::into_inner) = Some(known);
        place.known.store(tag, Ordering::Relaxed);
    }
}

impl fmt::Debug for VerifiedTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedTokens").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::keys::{Algorithm, KeyRing, SigningKey};
    use crate::secret::Secret;
    use crate::testing::Forge;
    use crate::validate::{Expect, Rules, Validator};

    const SECRET: &str = "f0e1d2c3b4a5968778695a4b3c2d1e0f";
    const NOW: u64 = 1_767_225_600;

    fn validator() -> Validator {
        let secret = Secret::from_text(SECRET).unwrap();
        let key = SigningKey::from_secret(Algorithm::Hs256, &secret).unwrap();
        Validator::new(KeyRing::new(key), Rules::default())
    }

    /// One for each number.
    fn token(number: u32) -> Vec<u8> {
        Forge::new(SECRET, NOW).with_claim("jti", format!("\"{number}\"")).token()
    }

    /// What it is found to say.
    fn show(verified: &VerifiedTokens, token: &[u8]) -> Claims {
        let now = Timestamp::from_unix_seconds(NOW);
        let valid = validator().validate_with(verified, token, Expect::Access, now).unwrap();
        valid.claims().clone()
    }

    fn knows(verified: &VerifiedTokens, token: &[u8]) -> bool {
        verified.find(token).is_ok()
    }

    /// Two tokens that have one place.
    fn neighbours(verified: &VerifiedTokens) -> [Vec<u8>; 2] {
        let index = |token: &Vec<u8>| {
            verified.hasher.hash_one(token.last_chunk::<TAIL>().unwrap())
                % VerifiedTokens::PLACES as u64
        };
        let first = token(0);
        let other = (1..1_000_000).map(token).find(|other| index(other) == index(&first)).unwrap();
        [first, other]
    }

    #[test]
    fn a_token_is_remembered_when_it_comes_again() {
        let (verified, token) = (VerifiedTokens::new(), token(0));
        assert!(!knows(&verified, &token));
        show(&verified, &token);
        assert!(!knows(&verified, &token));
        show(&verified, &token);
        assert!(knows(&verified, &token));
    }

    #[test]
    fn one_that_is_in_use_keeps_its_place_and_one_that_is_not_yields() {
        let verified = VerifiedTokens::new();
        let [first, other] = neighbours(&verified);
        show(&verified, &first);
        show(&verified, &first);
        for _ in 0..3 {
            show(&verified, &other);
            show(&verified, &first);
        }
        assert!(knows(&verified, &first) && !knows(&verified, &other));
        show(&verified, &other);
        show(&verified, &other);
        assert!(!knows(&verified, &first) && knows(&verified, &other));
    }

    #[test]
    fn the_end_alone_makes_no_token_known() {
        let (verified, token) = (VerifiedTokens::new(), token(0));
        show(&verified, &token);
        show(&verified, &token);
        let mut other = token;
        other[0] = b'f';
        assert!(!knows(&verified, &other));
    }

    #[test]
    fn what_is_long_is_not_kept() {
        let verified = VerifiedTokens::new();
        let long =
            Forge::new(SECRET, NOW).with_claim("x", format!("\"{}\"", "x".repeat(LONGEST))).token();
        for _ in 0..3 {
            show(&verified, &long);
        }
        assert!(!knows(&verified, &long));
    }

    #[test]
    fn many_at_once_find_what_they_should() {
        let verified = VerifiedTokens::new();
        let tokens =
            neighbours(&verified).map(|token| (show(&VerifiedTokens::new(), &token), token));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for round in 0..2000 {
                        let (claims, token) = &tokens[usize::from(round % 7 < 3)];
                        assert!(show(&verified, token) == *claims);
                    }
                });
            }
        });
    }
}
