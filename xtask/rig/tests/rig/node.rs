//! One engine by itself.

use std::path::Path;
use std::time::Duration;

use mcp_auth_rig::{Node, Options, Reply, Resp};

use crate::{each_engine, text};

fn is_there(node: &Node) -> (bool, bool) {
    (Path::new("/proc").join(node.id().to_string()).exists(), node.directory().exists())
}

#[test]
fn what_was_acknowledged_survives_a_kill_and_not_an_empty_directory() {
    each_engine(|engine| {
        let mut node = Options::new(engine).start().unwrap();
        node.ask(&["SET", "a", "1"]).unwrap();
        let address = node.address();
        node.kill9();
        assert!(!node.is_running() && node.ask(&["PING"]).is_err());
        node.restart().unwrap();
        assert_eq!(node.ask(&["GET", "a"]).unwrap(), text("1"));
        node.restart_empty().unwrap();
        assert_eq!(node.ask(&["GET", "a"]).unwrap(), Reply::Nil);
        assert_eq!(node.address(), address);
        node.ask(&["SET", "a", "1"]).unwrap();
        node.flushall().unwrap();
        assert_eq!(node.ask(&["DBSIZE"]).unwrap(), Reply::Integer(0));
    });
}

#[test]
fn what_is_not_written_down_does_not_survive() {
    each_engine(|engine| {
        let mut node = Options::new(engine).without_persistence().start().unwrap();
        node.ask(&["SET", "a", "1"]).unwrap();
        node.restart().unwrap();
        assert_eq!(node.ask(&["GET", "a"]).unwrap(), Reply::Nil);
    });
}

#[test]
fn a_paused_engine_is_silent_and_works_off_what_came_meanwhile() {
    each_engine(|engine| {
        let mut node = Options::new(engine).start().unwrap();
        let patience = Duration::from_millis(100);
        let mut connection = Resp::connect_within(node.address(), patience).unwrap();
        node.pause().unwrap();
        assert!(connection.ask(&["SET", "a", "1"]).is_err());
        node.resume().unwrap();
        assert_eq!(node.ask(&["GET", "a"]).unwrap(), text("1"));
        node.kill9();
        assert!(node.resume().is_err());
    });
}

#[test]
fn options_reach_the_engine() {
    each_engine(|engine| {
        let options =
            Options::new(engine).password("s3cret").set("maxmemory-policy", "allkeys-lru");
        let node = options.user("reader", "other", "~a* +get +eval").start().unwrap();
        assert_eq!(node.url(), format!("redis://:s3cret@{}", node.address()));
        let policy = node.ask(&["CONFIG", "GET", "maxmemory-policy"]).unwrap();
        assert_eq!(policy.items()[1], text("allkeys-lru"));
        let mut reader = Resp::connect(node.address()).unwrap();
        assert!(reader.ask(&["GET", "a"]).is_err(), "not signed in");
        reader.ask(&["AUTH", "reader", "other"]).unwrap();
        let script = reader.ask(&["EVAL", "return redis.call('GET', KEYS[1])", "1", "ab"]);
        assert_eq!(script.unwrap(), Reply::Nil);
        assert!(reader.ask(&["GET", "b"]).is_err(), "not its keys");
    });
}

#[test]
fn a_wrong_directive_is_an_error_with_the_engines_words() {
    each_engine(|engine| {
        let error = Options::new(engine).set("appendfsyncs", "always").start().unwrap_err();
        assert!(format!("{error:#}").contains("appendfsyncs"), "{error:#}");
    });
}

#[test]
fn dropping_leaves_no_process_and_no_directory() {
    each_engine(|engine| {
        let mut node = Options::new(engine).start().unwrap();
        node.pause().unwrap();
        let (id, directory) = (node.id(), node.directory().to_owned());
        assert_eq!(is_there(&node), (true, true));
        drop(node);
        assert!(!Path::new("/proc").join(id.to_string()).exists());
        assert!(!directory.exists());
    });
}

#[test]
fn what_an_engine_forked_ends_with_it() {
    each_engine(|engine| {
        for _ in 0..5 {
            let node = Options::new(engine).start().unwrap();
            node.ask(&["DEBUG", "POPULATE", "100000"]).unwrap();
            node.ask(&["BGREWRITEAOF"]).unwrap();
            let directory = node.directory().to_owned();
            drop(node);
            assert!(!directory.exists());
        }
    });
}
