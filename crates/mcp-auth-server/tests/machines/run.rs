//! What the clients of a run share, and what they do.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::admit::{Door, admit};
use crate::people::People;
use crate::recorder::Recorder;
use crate::refresh;
use crate::revoke::revoke;
use crate::stage::Stage;

/// Clients at each gateway.
const CLIENTS: usize = 2;

/// How often a client revokes: once in so many requests.
const REVOKES: usize = 12;

/// No client asks more often than that, so that the machine is not what is tried.
const PAUSE: Duration = Duration::from_millis(4);

/// The most requests of one client.
const MOST: usize = 50_000;

/// Who stays signed in.
const USERS: [&str; 2] = ["ada", "grace"];

#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) doors: Vec<Door>,
    pub(crate) people: People,
    pub(crate) recorder: Recorder,
    /// Whether the engine loses its data meanwhile.
    pub(crate) forgets: bool,
    is_over: AtomicBool,
}

impl Run {
    pub(crate) fn new(stage: &Stage, recorder: Recorder, forgets: bool) -> Self {
        let doors = stage.gateways.iter().map(|it| Door::new(it.name, it.address)).collect();
        Self { doors, people: People::settle(), recorder, forgets, is_over: AtomicBool::new(false) }
    }

    /// Keeps clients at all gateways until the script has come to its end, however that is.
    pub(crate) fn while_clients<T>(&self, script: impl FnOnce() -> T) -> T {
        for user in USERS {
            refresh::create_account(self, user);
        }
        thread::scope(|scope| {
            for number in 0..CLIENTS * self.doors.len() {
                scope.spawn(move || self.be_client(number));
            }
            for user in USERS {
                scope.spawn(move || refresh::stay(self, user));
            }
            let _end = End(self);
            script()
        })
    }

    pub(crate) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    /// Any gateway, by turns.
    pub(crate) fn door(&self, turn: usize) -> &Door {
        &self.doors[turn % self.doors.len()]
    }

    fn be_client(&self, number: usize) {
        let door = self.door(number);
        for step in 0..MOST {
            if self.is_over() {
                return;
            }
            if step % REVOKES == number {
                let subject = self.people.end_one();
                revoke(self, door, &subject);
                admit(self, door, &subject);
            } else {
                admit(self, door, &self.people.any(shuffled(step + MOST * number)));
            }
            pause();
        }
    }
}

/// What a client does between two requests.
pub(crate) fn pause() {
    thread::sleep(PAUSE);
}

/// Tells the clients to go, also when the script fails.
struct End<'a>(&'a Run);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.is_over.store(true, Ordering::Relaxed);
    }
}

/// A number that has nothing to do with those beside it (the finalizer of `SplitMix64`).
fn shuffled(number: usize) -> usize {
    let mut bits = (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    usize::try_from((bits ^ (bits >> 31)) >> 1).unwrap()
}
