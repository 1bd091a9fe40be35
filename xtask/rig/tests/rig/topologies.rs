//! Several engines that belong together.

use mcp_auth_rig::{Cluster, Host, Options, Replicated, Reply, Sentinels};

use crate::{each_engine, text};

fn hosts(count: usize) -> Vec<Host> {
    vec![Host::loopback(); count]
}

#[test]
fn a_write_reaches_every_replica() {
    each_engine(|engine| {
        let options = Options::new(engine).password("s3cret");
        let mut engines = Replicated::start(&options, &hosts(3)).unwrap();
        let mut connection = engines.nodes()[0].connect().unwrap();
        connection.ask(&["SET", "a", "1"]).unwrap();
        assert_eq!(connection.ask(&["WAIT", "2", "1000"]).unwrap(), Reply::Integer(2));
        assert_eq!(engines.nodes()[2].ask(&["GET", "a"]).unwrap(), text("1"));
        engines.nodes_mut()[1].restart_empty().unwrap();
        engines.await_sync(0).unwrap();
        assert_eq!(engines.nodes()[1].ask(&["GET", "a"]).unwrap(), text("1"));
    });
}

#[test]
fn sentinels_choose_another_primary_when_asked_and_when_it_is_killed() {
    each_engine(|engine| {
        let options = Options::new(engine).password("s3cret");
        let mut sentinels = Sentinels::start(&options, &hosts(3), &hosts(3)).unwrap();
        assert_eq!(sentinels.primary().unwrap(), 0);
        let second = sentinels.failover().unwrap();
        assert_ne!(second, 0);
        sentinels.engines_mut().nodes_mut()[second].kill9();
        assert_ne!(sentinels.await_failover(second).unwrap(), second);
        sentinels.engines_mut().nodes_mut()[second].restart().unwrap();
        sentinels.await_settled().unwrap();
    });
}

#[test]
fn a_cluster_forms_and_a_replica_takes_over() {
    each_engine(|engine| {
        let mut cluster = Cluster::start(&Options::new(engine), &hosts(6)).unwrap();
        let slot = cluster.slot("a").unwrap();
        assert_eq!((slot, cluster.serving(slot).unwrap()), (15_495, 2));
        let mut connection = cluster.nodes()[2].connect().unwrap();
        connection.ask(&["SET", "a", "1"]).unwrap();
        assert_eq!(connection.ask(&["WAIT", "1", "1000"]).unwrap(), Reply::Integer(1));
        assert!(cluster.nodes()[0].ask(&["SET", "a", "1"]).is_err(), "MOVED");
        cluster.nodes_mut()[2].kill9();
        assert_eq!(cluster.await_failover(slot, 2).unwrap(), 5);
        cluster.nodes_mut()[2].restart().unwrap();
        cluster.await_ok().unwrap();
        let serving = cluster.serving(slot).unwrap();
        assert_eq!(cluster.nodes()[serving].ask(&["GET", "a"]).unwrap(), text("1"));
    });
}
