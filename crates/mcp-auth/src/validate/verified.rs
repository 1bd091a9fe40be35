//! Tokens that were found valid before, so that their signatures are not checked with every request.
//!
//! Only what can never change is remembered: that these bytes were signed by that key, and what they say. Time, the rules
//! and revocations are asked each time, as for a token that nobody has seen. Whoever changes the keys begins with an
//! empty memory.

use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, RwLock, RwLockWriteGuard, TryLockError};
use std::time::Duration;

use zeroize::Zeroizing;

use super::extract::Shape;
use super::{AuthenticToken, RawToken, ValidToken};
use crate::claims::Claims;
use crate::clock::Timestamp;
use crate::keys::KeyNames;
use crate::store::{TokenDigest, TokenNames};

/// Longest time for which a token is remembered; then it is looked at anew, whoever uses it.
const LONGEST_STAY: Duration = Duration::from_mins(1);

/// Longest token that is remembered, in bytes.
const LONGEST: usize = 1024;

/// Most audiences of one that is: each takes memory of its own.
const MOST_AUDIENCES: usize = 8;

/// As many bytes of a token's end choose its place: the whole signature of any algorithm but RS256, and 64 bytes of that.
const TAIL: usize = 86;

/// The memory. It never grows: a token has one place, and the next that is asked for there takes it over.
pub(crate) struct VerifiedTokens {
    /// With keys of its own. Who does not know them can neither aim at a place nor, by the time that it takes to
    /// compare, find out a signature that is remembered: texts are compared only where all 64 bits agree.
    hasher: RandomState,
    places: Box<[Place]>,
}

/// Room for one token. Small, so that whoever looks in vain has seen little memory.
#[derive(Default)]
struct Place {
    /// The tag of the token that is remembered, 0 for none. Changed under the lock, looked at without it first.
    resident: AtomicU64,
    /// The tag of another that came and is not remembered, 0 for none. One that comes once would only drive out the
    /// resident.
    candidate: AtomicU64,
    token: RwLock<Option<Box<Remembered>>>,
}

struct Remembered {
    /// From when on, and to when at the latest.
    stay: Range<Timestamp>,
    text: Zeroizing<Box<[u8]>>,
    shape: Shape,
    claims: Claims,
    key: Arc<KeyNames>,
    names: TokenNames,
}

/// What is known of a token's text.
pub(super) enum Found<'v, 't> {
    /// It was found authentic before.
    Known(AuthenticToken<'t>),
    /// Nothing, but it may be remembered.
    New(Seat<'v>),
    /// Nothing, and its length is not that of a token that is remembered.
    NotKept,
}

/// Where a token may be remembered.
pub(super) struct Seat<'a> {
    place: &'a Place,
    tag: u64,
}

impl VerifiedTokens {
    const PLACES: usize = 4096;

    pub(crate) fn new() -> Self {
        let places = std::iter::repeat_with(Place::default).take(Self::PLACES).collect();
        Self { hasher: RandomState::new(), places }
    }

    pub(super) fn find<'t>(&self, token: &'t [u8], now: Timestamp) -> Found<'_, 't> {
        let Some(Seat { place, tag }) = self.seat(token) else { return Found::NotKept };
        match place.find(token, tag, now) {
            Some(known) => Found::Known(known),
            None => Found::New(Seat { place, tag }),
        }
    }

    fn seat(&self, token: &[u8]) -> Option<Seat<'_>> {
        if token.len() > LONGEST {
            return None;
        }
        let tag = self.hasher.hash_one(token.last_chunk::<TAIL>()?);
        let index = usize::try_from(tag % Self::PLACES as u64).ok()?;
        Some(Seat { place: self.places.get(index)?, tag })
    }
}

impl Place {
    /// Never waits: who would have to looks at the token anew.
    fn find<'t>(&self, bytes: &'t [u8], tag: u64, now: Timestamp) -> Option<AuthenticToken<'t>> {
        let is_resident = || self.resident.load(Ordering::Relaxed) == tag;
        if !is_resident() {
            return None;
        }
        let token = match self.token.try_read() {
            Ok(token) => token,
            // Whole or empty whatever happened to whoever wrote it.
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        // Once more: another may have moved in meanwhile, with whose text this one must not be compared.
        let known = token.as_ref().filter(|_| is_resident())?;
        if !known.stay.contains(&now) {
            drop(token);
            self.vacate(tag);
            return None;
        }
        if **known.text != *bytes {
            return None;
        }
        // Of two tokens with one place, the one in use keeps it.
        if self.candidate.load(Ordering::Relaxed) != 0 {
            self.candidate.store(0, Ordering::Relaxed);
        }
        let (claims, key) = (known.claims.clone(), Arc::clone(&known.key));
        let raw = RawToken::alike(bytes, known.shape);
        Some(AuthenticToken { raw, claims, key, names: Some(known.names) })
    }

    /// Forgets the resident, if it is still this one. Never waits: the next who asks for it does it.
    fn vacate(&self, tag: u64) {
        let Some(mut token) = self.try_write() else { return };
        if self.resident.load(Ordering::Relaxed) == tag {
            self.resident.store(0, Ordering::Relaxed);
            let former = token.take();
            drop(token);
            // Wiped when nobody can be kept waiting by that.
            drop(former);
        }
    }

    fn try_write(&self) -> Option<RwLockWriteGuard<'_, Option<Box<Remembered>>>> {
        match self.token.try_write() {
            Ok(token) => Some(token),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

impl Seat<'_> {
    /// Remembers a token that comes for the second time. Never waits: the next time will do.
    pub(super) fn offer(self, ValidToken(token): &ValidToken<'_>, now: Timestamp) {
        let Self { place, tag } = self;
        if place.candidate.load(Ordering::Relaxed) != tag {
            place.candidate.store(tag, Ordering::Relaxed);
            return;
        }
        if !is_compact(&token.claims) {
            return;
        }
        let known = Box::new(Remembered::new(token, now));
        let Some(mut resident) = place.try_write() else { return };
        let former = resident.replace(known);
        place.resident.store(tag, Ordering::Relaxed);
        drop(resident);
        // Wiped when nobody can be kept waiting by that.
        drop(former);
    }
}

impl Remembered {
    fn new(token: &AuthenticToken<'_>, now: Timestamp) -> Self {
        let credential = token.credential();
        // Found now, so that nobody who shares the claims waits for another who looks for them.
        let _ = (credential.grant_revocation_id(), credential.user_revocation_id());
        let names = TokenNames {
            revocation_id: credential.revocation_id(),
            digest: TokenDigest::of(token.raw.bytes()),
        };
        let expiry = token.claims.expires_at().timestamp();
        Self {
            stay: now..expiry.min(now.plus(LONGEST_STAY)),
            text: Zeroizing::new(token.raw.bytes().into()),
            shape: token.raw.shape(),
            claims: token.claims.clone(),
            key: Arc::clone(&token.key),
            names,
        }
    }
}

/// Whether claims take about as much memory as their text.
fn is_compact(claims: &Claims) -> bool {
    claims.audience().is_none_or(|audience| audience.names().count() <= MOST_AUDIENCES)
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

    fn validator(rules: Rules) -> Validator {
        let secret = Secret::from_text(SECRET).unwrap();
        let key = SigningKey::from_secret(Algorithm::Hs256, &secret).unwrap();
        Validator::new(KeyRing::new(key), rules)
    }

    /// One for each number.
    fn token(number: u32) -> Vec<u8> {
        Forge::new(SECRET, NOW).with_claim("jti", format!("\"{number}\"")).token()
    }

    /// What it is found to say.
    fn show(verified: &VerifiedTokens, token: &[u8]) -> Claims {
        let now = Timestamp::from_unix_seconds(NOW);
        let valid = validator(Rules::default())
            .validate_with(verified, token, Expect::Access, now)
            .unwrap();
        valid.claims().clone()
    }

    fn knows(verified: &VerifiedTokens, token: &[u8]) -> bool {
        knows_at(verified, token, NOW)
    }

    fn knows_at(verified: &VerifiedTokens, token: &[u8], at: u64) -> bool {
        matches!(verified.find(token, Timestamp::from_unix_seconds(at)), Found::Known(_))
    }

    /// A memory that got to know a token at [`NOW`].
    fn that_knows(token: &[u8]) -> VerifiedTokens {
        let verified = VerifiedTokens::new();
        show(&verified, token);
        show(&verified, token);
        verified
    }

    #[test]
    fn a_token_is_remembered_for_a_minute() {
        let token = token(0);
        for (seconds, is_known) in [(0, true), (59, true), (60, false)] {
            assert_eq!(knows_at(&that_knows(&token), &token, NOW + seconds), is_known, "{seconds}");
        }
        let verified = that_knows(&token);
        assert!(!knows_at(&verified, &token, NOW - 1), "the clock was set back");
        assert!(!knows(&verified, &token), "what is over is forgotten");
        show(&verified, &token);
        show(&verified, &token);
        assert!(knows(&verified, &token));
    }

    #[test]
    fn a_token_is_remembered_until_it_expires() {
        let token = Forge::new(SECRET, NOW).with_claim("exp", (NOW + 30).to_string()).token();
        for (seconds, is_known) in [(29, true), (30, false)] {
            assert_eq!(knows_at(&that_knows(&token), &token, NOW + seconds), is_known, "{seconds}");
        }
    }

    /// Two tokens that have one place.
    fn neighbours(verified: &VerifiedTokens) -> [Vec<u8>; 2] {
        let index =
            |token: &Vec<u8>| verified.seat(token).unwrap().tag % VerifiedTokens::PLACES as u64;
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
            assert!(knows(&verified, &first) && !knows(&verified, &other));
            show(&verified, &first);
        }
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

    /// Whether a token is remembered that came three times.
    fn is_kept(forge: &Forge) -> bool {
        let (verified, token) = (VerifiedTokens::new(), forge.token());
        for _ in 0..3 {
            show(&verified, &token);
        }
        knows(&verified, &token)
    }

    #[test]
    fn what_is_long_is_not_kept() {
        let padded =
            |length| Forge::new(SECRET, NOW).with_claim("x", format!("\"{}\"", "x".repeat(length)));
        let lengths =
            (0..LONGEST).map(padded).filter(|forge| forge.token().len().abs_diff(LONGEST) <= 2);
        let mut kept = 0;
        for forge in lengths {
            let fits = forge.token().len() <= LONGEST;
            assert_eq!(is_kept(&forge), fits, "{} bytes", forge.token().len());
            kept += usize::from(fits);
        }
        assert!(kept > 0, "a token near the limit was tried");
    }

    #[test]
    fn what_has_many_audiences_is_not_kept() {
        let with = |count| {
            let names = vec!["\"a\""; count].join(",");
            Forge::new(SECRET, NOW).with_claim("aud", format!("[{names}]"))
        };
        let validator = validator(Rules::default().with_audience(Some("a".to_owned())));
        for (count, is_kept) in [(MOST_AUDIENCES, true), (MOST_AUDIENCES + 1, false)] {
            let (verified, token) = (VerifiedTokens::new(), with(count).token());
            for _ in 0..3 {
                let now = Timestamp::from_unix_seconds(NOW);
                assert!(validator.validate_with(&verified, &token, Expect::Access, now).is_ok());
            }
            assert_eq!(knows(&verified, &token), is_kept, "{count}");
        }
    }

    #[test]
    fn what_is_refused_is_not_kept() {
        let (verified, token) = (VerifiedTokens::new(), token(0));
        for _ in 0..3 {
            let late = Timestamp::from_unix_seconds(2 * NOW);
            let validator = validator(Rules::default());
            let refused = validator.validate_with(&verified, &token, Expect::Access, late);
            assert!(refused.is_err() && !knows(&verified, &token));
        }
    }

    #[test]
    fn who_is_in_the_way_is_not_waited_for() {
        let (verified, token) = (VerifiedTokens::new(), token(0));
        let place = verified.seat(&token).unwrap().place;
        let come_while_held = || {
            let held = place.token.write().unwrap();
            for _ in 0..3 {
                show(&verified, &token);
            }
            drop(held);
        };
        come_while_held();
        assert!(!knows(&verified, &token));
        show(&verified, &token);
        assert!(knows(&verified, &token));
        come_while_held();
        assert!(knows(&verified, &token));
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
