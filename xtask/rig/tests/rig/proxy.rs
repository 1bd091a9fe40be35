//! A bad network between a client and one engine.

use std::time::{Duration, Instant};

use anyhow::ensure;
use mcp_auth_rig::{Direction, Flow, Node, Options, Proxy, Reply, Resp, until};

use crate::{each_engine, text};

/// How long those wait who expect no answer.
const HASTY: Duration = Duration::from_millis(500);

const SOON: Duration = Duration::from_secs(10);

fn with_proxy(test: impl Fn(&Node, &Proxy)) {
    each_engine(|engine| {
        let node = Options::new(engine).start().unwrap();
        test(&node, &Proxy::start(node.address()).unwrap());
    });
}

#[test]
fn bytes_pass_late_or_when_they_may() {
    with_proxy(|_, proxy| {
        let mut client = Resp::connect(proxy.address()).unwrap();
        client.ask(&["SET", "key", &"x".repeat(100_000)]).unwrap();
        assert_eq!(client.ask(&["STRLEN", "key"]).unwrap(), Reply::Integer(100_000));
        proxy.set(Direction::ToEngine, Flow::Delay(HASTY));
        let asked = Instant::now();
        client.ask(&["PING"]).unwrap();
        assert!(asked.elapsed() >= HASTY);
        proxy.heal();
        let mut hasty = Resp::connect_within(proxy.address(), HASTY).unwrap();
        proxy.set(Direction::ToClient, Flow::Stall);
        assert!(hasty.ask(&["PING"]).is_err());
        proxy.heal();
        assert_eq!(client.ask(&["PING"]).unwrap(), text("PONG"));
    });
}

#[test]
fn what_is_lost_one_way_has_arrived_the_other() {
    with_proxy(|node, proxy| {
        let mut client = Resp::connect_within(proxy.address(), HASTY).unwrap();
        client.ask(&["PING"]).unwrap();
        proxy.set(Direction::ToClient, Flow::Lose);
        assert!(client.ask(&["SET", "key", "1"]).is_err());
        let has_arrived = || {
            ensure!(node.ask(&["GET", "key"])? == text("1"), "not there");
            Ok(())
        };
        until("the write to arrive", SOON, has_arrived).unwrap();
        assert!(client.ask(&["PING"]).is_err());
        proxy.set(Direction::ToClient, Flow::Pass);
        assert!(client.ask(&["PING"]).is_err(), "it lost an answer");
        let mut client = Resp::connect_within(proxy.address(), HASTY).unwrap();
        client.ask(&["PING"]).unwrap();
        proxy.set(Direction::ToEngine, Flow::Lose);
        assert!(client.ask(&["SET", "key", "2"]).is_err());
        assert_eq!(node.ask(&["GET", "key"]).unwrap(), text("1"));
    });
}

#[test]
fn a_cut_closes_what_is_there_and_what_comes() {
    with_proxy(|_, proxy| {
        let mut client = Resp::connect(proxy.address()).unwrap();
        proxy.set(Direction::ToEngine, Flow::Stall);
        proxy.cut();
        assert!(client.ask(&["PING"]).is_err());
        let next = Resp::connect(proxy.address()).and_then(|mut next| next.ask(&["PING"]));
        assert!(next.is_err());
        proxy.heal();
        assert!(Resp::connect(proxy.address()).unwrap().ask(&["PING"]).is_ok());
    });
}
