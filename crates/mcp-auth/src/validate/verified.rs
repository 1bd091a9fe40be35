//! Tokens that were found valid before, so that their signatures are not checked with every request.
//!
//! Only what can never change is remembered: that these bytes were signed by that key, and what they say. Time, the rules
//! and revocations are asked each time, as for a token that nobody has seen. Whoever changes the keys begins with an
//! empty memory.

#[cfg(test)]
mod tests;

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
