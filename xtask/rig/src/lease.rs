//! Numbers that no other rig on this machine uses meanwhile.
//!
//! A port that an engine gives up when it is killed must still be free when it comes back. So engines get even ports
//! below those that the kernel hands out, and the rig keeps the odd port beside it bound for as long as the engine
//! may want its own. The kernel lets go of them when the process ends, however it ends.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Context, Result};

/// Even ports, each with the odd one above it. Linux hands out 32768 and up, others 49152 and up.
const PORTS: Numbers = Numbers { lock: |pair| 20_001 + 2 * pair, count: 6_000 };

/// Networks of 256 addresses.
const NETWORKS: Numbers = Numbers { lock: |network| 19_000 + network, count: 512 };

#[derive(Debug)]
pub(crate) struct Lease {
    number: u16,
    /// Bound for nothing but that others cannot.
    _lock: TcpListener,
}

struct Numbers {
    lock: fn(u16) -> u16,
    count: u16,
}

impl Lease {
    /// A port of the loopback interface, free now.
    pub(crate) fn port() -> Result<Self> {
        let lease = PORTS.lease(|lock| bind(lock - 1).is_some())?;
        Ok(Self { number: 20_000 + 2 * lease.number, ..lease })
    }

    /// A network, counted from 0.
    pub(crate) fn network() -> Result<Self> {
        NETWORKS.lease(|_| true)
    }

    pub(crate) fn number(&self) -> u16 {
        self.number
    }
}

impl Numbers {
    /// The search begins anywhere, so that two rigs seldom want the same.
    fn lease(&self, is_usable: impl Fn(u16) -> bool) -> Result<Lease> {
        let start = (RandomState::new().build_hasher().finish() & 0xffff) as u16 % self.count;
        let mut numbers = (start..self.count).chain(0..start);
        let lease = numbers.find_map(|number| {
            let lock = (self.lock)(number);
            let held = bind(lock).filter(|_| is_usable(lock))?;
            Some(Lease { number, _lock: held })
        });
        lease.context("no port between 19000 and 32001 is free on 127.0.0.1; end what holds them")
    }
}

fn bind(port: u16) -> Option<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_is_leased_twice() {
        let few = Numbers { lock: |number| 18_900 + number, count: 3 };
        let all: Vec<_> = (0..3).map(|_| few.lease(|_| true).unwrap()).collect();
        let mut numbers: Vec<_> = all.iter().map(Lease::number).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, [0, 1, 2]);
        assert!(few.lease(|_| true).is_err());
        drop(all);
        assert!(few.lease(|_| true).is_ok());
        assert!(few.lease(|_| false).is_err());
    }
}
