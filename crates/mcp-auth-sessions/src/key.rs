//! Whose requests are counted.

use std::fmt;
use std::net::IpAddr;

use sha2::{Digest, Sha256};

/// Names a counter of a throttle or a rate limit: 16 bytes of SHA-256 over a scope and a name, so that every key takes
/// the same room, whatever a stranger types.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CounterKey([u8; 16]);

impl CounterKey {
    /// The counter of `name` within `scope`, such as `("login", "alice")` or `("execute", user_id)`.
    pub fn of(scope: &str, name: &str) -> Self {
        Self::hash(scope, name.as_bytes())
    }

    /// The counter of a client's address within `scope`. An IPv6 address counts by its /64, because whoever has one
    /// address of it has them all; an IPv4 address within IPv6 counts as what it is.
    pub fn of_address(scope: &str, address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self::hash(scope, &v4.octets()),
            IpAddr::V6(v6) => Self::hash(scope, &(v6.to_bits() >> 64).to_be_bytes()),
        }
    }

    /// The counter of a client's network within `scope`: of its IPv4 address, or of the /56 that an IPv6 client at home or in
    /// a small office often has for itself.
    pub fn of_network(scope: &str, address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self::hash(scope, &v4.octets()),
            IpAddr::V6(v6) => Self::hash(scope, &(v6.to_bits() >> 72).to_be_bytes()),
        }
    }

    /// The 16 bytes, for stores.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The counter of a part of this one.
    pub(crate) fn part(&self, name: &str) -> Self {
        let digest = Sha256::new().chain_update(self.0).chain_update(name).finalize();
        Self::cut(&digest)
    }

    /// The counter of this one and another together.
    pub(crate) fn with(&self, other: &Self) -> Self {
        let digest = Sha256::new().chain_update(self.0).chain_update(other.0).finalize();
        Self::cut(&digest)
    }

    fn hash(scope: &str, name: &[u8]) -> Self {
        let digest =
            Sha256::new().chain_update(scope).chain_update([0]).chain_update(name).finalize();
        Self::cut(&digest)
    }

    fn cut(digest: &[u8]) -> Self {
        let mut key = [0; 16];
        key.iter_mut().zip(digest).for_each(|(to, from)| *to = *from);
        Self(key)
    }
}

impl fmt::Debug for CounterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CounterKey({:032x})", u128::from_be_bytes(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(address: &str) -> CounterKey {
        CounterKey::of_address("login", address.parse().unwrap())
    }

    #[test]
    fn addresses_count_by_what_one_client_can_have() {
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1:2:3"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    }

    #[test]
    fn networks_are_wider_than_addresses() {
        let of = |address: &str| CounterKey::of_network("login", address.parse().unwrap());
        assert_eq!(of("2001:db8:0:aa00::1"), of("2001:db8:0:aaff::1"));
        assert_ne!(of("2001:db8:0:aa00::1"), of("2001:db8:0:ab00::1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    }

    #[test]
    fn scopes_and_names_do_not_run_together() {
        assert_ne!(CounterKey::of("ab", "c"), CounterKey::of("a", "bc"));
    }
}
