//! Strangers who guess at an account from many addresses, and its owner meanwhile.

#![expect(clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use mcp_auth_sessions::SignInError;

use crate::bench::{Bench, PASSWORD};

/// Between two looks at who comes, in milliseconds.
const TICK: u64 = 100;

/// Seconds between two turns while the line is long.
const TURN: u64 = 15;

/// Guesses before turns are so far apart, and the time that they save, in turns.
const HEAD_START: u64 = 10;

fn address(last: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(198, 51, 100, last))
}

/// Guesses at alice's password from `addresses`, each at the first moment at which it can be looked at, and every 10 seconds
/// besides. In each tick they come before everybody else.
struct Siege {
    bench: Bench,
    addresses: Vec<(IpAddr, u64)>,
    /// Milliseconds since it began.
    at: u64,
    guesses: u64,
}

impl Siege {
    async fn of(addresses: u8) -> Self {
        let bench = Bench::with_alice().await;
        let addresses = (1..=addresses).map(|last| (address(last), 0)).collect();
        Self { bench, addresses, at: 0, guesses: 0 }
    }

    /// The time goes on by one tick.
    async fn tick(&mut self) {
        self.bench.clock.advance(Duration::from_millis(TICK));
        self.at += TICK;
        for (address, due) in &mut self.addresses {
            while *due <= self.at || self.at.is_multiple_of(10_000) {
                match self.bench.sign_in_from(*address, "wrong").await {
                    Err(SignInError::Failed { .. }) => self.guesses += 1,
                    Err(SignInError::Throttled { retry_after }) => {
                        *due = self.at + u64::try_from(retry_after.as_millis()).unwrap();
                        break;
                    }
                    other => panic!("{other:?}"),
                }
            }
        }
    }

    async fn go_on(&mut self, seconds: u64) {
        let end = self.at + seconds * 1_000;
        while self.at < end {
            self.tick().await;
        }
    }

    /// Seconds until the owner is signed in who comes again as often as he is told to, in whole seconds, as HTTP says them.
    async fn seconds_of_owner(&mut self, from: IpAddr, tries: &mut u64) -> u64 {
        let began = self.at;
        loop {
            *tries += 1;
            assert!(*tries < 50, "the owner is kept out");
            match self.bench.sign_in_from(from, PASSWORD).await {
                Ok(_) => return (self.at - began).div_ceil(1_000),
                Err(SignInError::Throttled { retry_after }) => {
                    let told = retry_after.as_secs_f64().ceil();
                    self.go_on(Duration::from_secs_f64(told).as_secs()).await;
                }
                Err(other) => panic!("{other:?}"),
            }
        }
    }

    /// As many guesses as turns came by, whatever the number of addresses.
    fn assert_rate(&self) {
        let most = HEAD_START + self.at.div_ceil(TURN * 1_000);
        assert!(self.guesses <= most, "{} guesses in {} ms", self.guesses, self.at);
    }
}

#[tokio::test]
async fn the_owner_gets_in_from_an_address_that_signed_in_before() {
    for addresses in [1, 12, 50] {
        let mut siege = Siege::of(addresses).await;
        let home = address(200);
        siege.bench.sign_in_from(home, PASSWORD).await.unwrap();
        for _ in 0..3 {
            siege.go_on(400).await;
            siege.bench.sign_in_from(home, "a slip of the hand").await.unwrap_err();
            siege.bench.sign_in_from(home, PASSWORD).await.unwrap();
        }
        siege.assert_rate();
    }
}

#[tokio::test]
async fn the_owner_gets_in_from_a_new_address_when_told_to_come() {
    for addresses in [1, 12, 50] {
        let mut siege = Siege::of(addresses).await;
        siege.go_on(400).await;
        siege.assert_rate();
        let mut tries = 0;
        let waited = siege.seconds_of_owner(address(201), &mut tries).await;
        siege.assert_rate();
        let most = TURN * (u64::from(addresses) + 1);
        assert!(waited <= most, "{addresses} addresses: {waited} s");
        assert!(tries <= 2, "the second try is looked at, at the time that the first was told");
    }
}

/// Whoever has the IPv6 network of one home does not count as many.
#[tokio::test]
async fn all_addresses_of_one_network_have_one_turn() {
    let mut siege = Siege::of(0).await;
    let of_network = |n: u16| format!("2001:db8:0:{n:x}::1").parse().unwrap();
    siege.addresses = (0..256).map(|n| (of_network(n), 0)).collect();
    siege.go_on(400).await;
    siege.assert_rate();
    let waited = siege.seconds_of_owner(address(201), &mut 0).await;
    assert!(waited <= 2 * TURN, "{waited} s");
}

#[tokio::test]
async fn strangers_behind_the_same_address_keep_nobody_out_who_was_there_before() {
    let bench = Bench::with_alice().await;
    let office = address(1);
    bench.sign_in_from(office, PASSWORD).await.unwrap();
    let client = mcp_auth_sessions::client::Client::new(Some(office), None);
    let guess = mcp_auth_sessions::password::Password::new("wrong");
    let mut throttled = false;
    for n in 0..30 {
        let refused = bench.sessions.sign_in(&format!("name-{n}"), &guess, &client).await;
        throttled = matches!(refused, Err(SignInError::Throttled { .. }));
    }
    assert!(throttled, "the address as such has to wait");
    bench.sign_in_from(office, PASSWORD).await.unwrap();
}
