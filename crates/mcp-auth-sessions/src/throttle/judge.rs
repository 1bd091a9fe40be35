//! What becomes of an attempt: a pure function, which every store computes in one step with reading and writing.

use std::time::Duration;

use mcp_auth::clock::Timestamp;

use super::attempt::Attempt;
use super::milliseconds;
use super::policy::{Place, ThrottlePolicy, ThrottleState};
use crate::key::CounterKey;

/// What a store holds of an attempt's keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// That the address has signed in before.
    pub known: Option<ThrottleState>,
    /// Attempts at this account from this address.
    pub here: Option<ThrottleState>,
    /// The turn that was given.
    pub turn: Option<ThrottleState>,
    /// Attempts at the account from addresses that have not signed in to it.
    pub account: Option<ThrottleState>,
    /// Attempts from the address.
    pub address: Option<ThrottleState>,
    /// Whether the store has room for another turn.
    pub has_room: bool,
}

/// What to write for one key: its state, or that it is forgotten.
pub type Change = (CounterKey, Option<ThrottleState>);

/// What becomes of an attempt.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verdict {
    /// How long to wait; `None` where the attempt is made now.
    pub wait: Option<Duration>,
    /// What to write in either case.
    pub changes: Vec<Change>,
}

impl Held {
    /// Reads every key of an attempt.
    ///
    /// # Errors
    /// What `read` answers.
    pub fn read<E>(
        attempt: &Attempt,
        mut read: impl FnMut(&CounterKey) -> Result<Option<ThrottleState>, E>,
    ) -> Result<Self, E> {
        let address = attempt.address.map(|it| read(&it.key)).transpose()?.flatten();
        Ok(Self {
            known: read(&attempt.here.known)?,
            here: read(&attempt.here.counter)?,
            turn: read(&attempt.here.turn)?,
            account: read(&attempt.account.key)?,
            address,
            has_room: true,
        })
    }

    /// Whether the address has signed in before.
    pub fn is_known(&self, now: Timestamp) -> bool {
        let now = milliseconds(now.since_epoch());
        self.known.is_some_and(|known| !known.is_forgotten(now))
    }
}

impl Verdict {
    fn begin(changes: Vec<Change>) -> Self {
        Self { wait: None, changes }
    }

    fn wait(wait: Duration) -> Self {
        Self { wait: Some(wait), changes: Vec::new() }
    }
}

impl Attempt {
    /// What becomes of the attempt.
    ///
    /// Where the address has signed in to the account before, only attempts from there delay it. Otherwise it counts for the
    /// account and the address, and when others are first it is given a turn of its own, once: nobody can take it, and the
    /// wait ends with it.
    pub fn judge(&self, held: &Held, now: Timestamp) -> Verdict {
        if held.is_known(now) {
            return match self.account.policy.begin(held.here, now) {
                Ok(state) => Verdict::begin(vec![(self.here.counter, Some(state))]),
                Err(wait) => Verdict::wait(wait),
            };
        }
        let at = milliseconds(now.since_epoch());
        match held.turn_left(&self.account.policy, at) {
            Some(0) => Verdict::begin(vec![(self.here.turn, None)]),
            Some(left) => Verdict::wait(Duration::from_millis(left)),
            None => self.line_up(held, now),
        }
    }

    /// What a success changes: the address is known from now on, and where it was not, the account's attempts are forgotten
    /// and the address gets one back, whose other failures stand.
    pub fn success(&self, held: &Held, now: Timestamp) -> Vec<Change> {
        let until = milliseconds(now.plus(self.here.known_for).since_epoch());
        let known = ThrottleState { attempts: 0, next_at: 0, forget_at: until };
        let mut changes = vec![(self.here.known, Some(known))];
        if held.is_known(now) {
            changes.push((self.here.counter, None));
            return changes;
        }
        changes.extend(held.turn.map(|_| (self.here.turn, None)));
        changes.push((self.account.key, None));
        let address = self.address.zip(held.address);
        changes.extend(address.map(|(address, held)| (address.key, Some(held.give_back()))));
        changes
    }

    fn line_up(&self, held: &Held, now: Timestamp) -> Verdict {
        let at = milliseconds(now.since_epoch());
        let address = self.address.map(|it| (it.key, it.policy.begin(held.address, now)));
        let place = self.account.policy.line_up(held.account, at);
        let delayed = address.and_then(|(_, state)| state.err());
        match (place, delayed) {
            (Ok(place), None) => {
                let counted = address.and_then(|(key, state)| Some((key, Some(state.ok()?))));
                let account = (self.account.key, Some(place.account));
                self.take(&place, [account].into_iter().chain(counted).collect(), held, at)
            }
            (place, delayed) => {
                let left = place.map_or_else(|full| full, |place| place.turn.saturating_sub(at));
                let left = Duration::from_millis(left);
                Verdict::wait(delayed.map_or(left, |delay| delay.max(left)))
            }
        }
    }

    /// Without room for turns, whoever comes first when the wait is over has the place.
    fn take(&self, place: &Place, counted: Vec<Change>, held: &Held, at: u64) -> Verdict {
        let left = place.turn.saturating_sub(at);
        let mut changes = counted;
        if left == 0 {
            changes.extend(held.turn.map(|_| (self.here.turn, None)));
            return Verdict::begin(changes);
        }
        let wait = Duration::from_millis(left);
        if !held.has_room {
            return Verdict::wait(wait);
        }
        let keep = milliseconds(self.account.policy.forget_after);
        let forget_at = place.turn.saturating_add(keep);
        let turn = ThrottleState { attempts: 0, next_at: place.turn, forget_at };
        changes.push((self.here.turn, Some(turn)));
        Verdict { wait: Some(wait), changes }
    }
}

impl Held {
    /// The milliseconds until the turn comes that was given; `None` where there is none, or where the line is gone that it
    /// was in.
    fn turn_left(&self, policy: &ThrottlePolicy, at: u64) -> Option<u64> {
        let turn = self.turn.filter(|turn| !turn.is_forgotten(at))?;
        let left = turn.next_at.saturating_sub(at);
        (left <= policy.line(self.account, at)).then_some(left)
    }
}
