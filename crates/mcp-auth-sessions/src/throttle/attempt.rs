//! Whose attempt to sign in it is: the keys under which it counts.

use std::net::IpAddr;
use std::time::Duration;

use super::policy::ThrottlePolicy;
use crate::key::CounterKey;

/// One key of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttled {
    /// Whose attempts are counted.
    pub key: CounterKey,
    /// How.
    pub policy: ThrottlePolicy,
}

/// One attempt to sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// The account's name, whether or not there is such an account. All addresses count here that have not signed in to it.
    pub account: Throttled,
    /// The client's address, where it is known.
    pub address: Option<Throttled>,
    /// The two together.
    pub here: Here,
}

/// One account from one address: what keeps strangers elsewhere, or with other names, out of its owner's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Here {
    /// Attempts where the address has signed in before; they count as the account's policy says.
    pub counter: CounterKey,
    /// That the address has signed in before.
    pub known: CounterKey,
    /// When the turn of the client's network comes. A network is wider than an address, see [`CounterKey::of_network`].
    pub turn: CounterKey,
    /// How long after a sign-in the address is known.
    pub known_for: Duration,
}

impl Here {
    /// The keys of this account from this address, or from nowhere in particular.
    pub fn new(account: &CounterKey, address: Option<IpAddr>, known_for: Duration) -> Self {
        let nowhere = CounterKey::of("sign-in from", "nowhere");
        let place = address.map_or(nowhere, |it| CounterKey::of_address("sign-in here", it));
        let network = address.map_or(nowhere, |it| CounterKey::of_network("sign-in here", it));
        let here = account.with(&place);
        Self {
            counter: here.part("attempts"),
            known: here.part("known"),
            turn: account.with(&network).part("turn"),
            known_for,
        }
    }
}
