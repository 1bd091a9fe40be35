//! Hosts that are cut off from each other.

use std::time::Duration;

use anyhow::{Result, ensure};
use mcp_auth_rig::{Cluster, Namespaces, Node, Options, Replicated, Reply, Resp, Sentinels, until};

use crate::{each_engine, some_engine, text};

/// How long those wait who expect no answer.
const HASTY: Duration = Duration::from_millis(500);

const SOON: Duration = Duration::from_secs(20);

fn namespaces(names: &[&str]) -> Option<Namespaces> {
    if let Err(error) = Namespaces::available() {
        println!("SKIPPED namespaces: {error:#}");
        return None;
    }
    Some(Namespaces::start(names).unwrap())
}

/// A connection that does not wait long for an answer.
fn hasty(node: &Node) -> Resp {
    Resp::connect_within(node.address(), HASTY).unwrap()
}

fn has(node: &Node, value: &str) -> Result<()> {
    let found = node.ask(&["GET", "key"])?;
    ensure!(found == text(value), "{} has {found}", node.address());
    Ok(())
}

fn says(node: &Node, role: &str) -> Result<()> {
    let told = node.ask(&["ROLE"])?.to_string();
    ensure!(told.contains(role), "{} says {told}", node.address());
    Ok(())
}

#[test]
fn one_way_is_cut_and_the_other_is_not() {
    let Some(hosts) = namespaces(&["a", "b"]) else { return };
    each_engine(|engine| {
        let places = hosts.hosts(&["a", "b"]).unwrap();
        let engines = Replicated::start(&Options::new(engine), &places).unwrap();
        let [primary, replica] = engines.nodes() else { panic!("two engines") };
        let (mut first, mut second) = (hasty(primary), hasty(primary));
        hosts.cut_one_way("a", Namespaces::OUTSIDE).unwrap();
        assert!(first.ask(&["SET", "key", "1"]).is_err(), "the answer is lost");
        until("the write to arrive", SOON, || has(replica, "1")).unwrap();
        hosts.heal().unwrap();
        until("the way back", SOON, || has(primary, "1")).unwrap();
        hosts.cut_one_way(Namespaces::OUTSIDE, "a").unwrap();
        assert!(second.ask(&["SET", "key", "2"]).is_err(), "the question is lost");
        has(replica, "1").unwrap();
        hosts.heal().unwrap();
        until("what was sent again", SOON, || has(primary, "2")).unwrap();
    });
}

#[test]
fn a_split_leaves_what_is_on_one_side_together() {
    let Some(hosts) = namespaces(&["a", "b"]) else { return };
    each_engine(|engine| {
        let places = hosts.hosts(&["a", "b"]).unwrap();
        let engines = Replicated::start(&Options::new(engine), &places).unwrap();
        let [primary, replica] = engines.nodes() else { panic!("two engines") };
        let mut connection = primary.connect().unwrap();
        hosts.split(&["a"], &["b"]).unwrap();
        connection.ask(&["SET", "key", "1"]).unwrap();
        assert_eq!(connection.ask(&["WAIT", "1", "200"]).unwrap(), Reply::Integer(0));
        assert!(has(replica, "1").is_err(), "reached, and without the write");
        hosts.heal().unwrap();
        until("the replica to catch up", SOON, || has(replica, "1")).unwrap();
        hosts.cut("b").unwrap();
        hosts.cut("b").unwrap();
        assert!(Resp::connect_within(replica.address(), HASTY).is_err());
        has(primary, "1").unwrap();
        hosts.heal().unwrap();
        until("the replica to be back", SOON, || has(replica, "1")).unwrap();
    });
}

#[test]
fn a_primary_in_the_minority_goes_on_until_it_is_told() {
    let Some(hosts) = namespaces(&["a", "b", "c"]) else { return };
    some_engine(|engine| {
        let places = hosts.hosts(&["a", "b", "c"]).unwrap();
        let sentinels = Sentinels::start(&Options::new(engine), &places, &places).unwrap();
        hosts.split(&["a"], &["b", "c"]).unwrap();
        assert_ne!(sentinels.await_failover(0).unwrap(), 0);
        says(&sentinels.engines().nodes()[0], "master").unwrap();
        hosts.heal().unwrap();
        sentinels.await_settled().unwrap();
    });
}

#[test]
fn a_cluster_goes_on_without_a_host() {
    let Some(hosts) = namespaces(&["a", "b", "c", "d", "e", "f"]) else { return };
    some_engine(|engine| {
        let places = hosts.hosts(&["a", "b", "c", "d", "e", "f"]).unwrap();
        let cluster = Cluster::start(&Options::new(engine), &places).unwrap();
        assert_eq!(cluster.serving(0).unwrap(), 0);
        hosts.cut("a").unwrap();
        assert_eq!(cluster.await_failover(0, 0).unwrap(), 3);
        hosts.heal().unwrap();
        let learns = || says(&cluster.nodes()[0], "slave");
        until("the deposed primary to learn it", SOON, learns).unwrap();
        cluster.await_ok().unwrap();
    });
}
