//! Calls that are ended before the tool answers.

use std::io::Write as _;
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::client::{Answer, Ask, read_answer};
use crate::house::House;
use crate::server::eventually;

/// A call that takes ten minutes, while `meanwhile` happens.
fn during_a_long_call(house: &House, token: &str, meanwhile: impl FnOnce()) -> (Answer, Duration) {
    thread::scope(|scope| {
        let call = scope.spawn(|| {
            let body = json!({ "arguments": { "seconds": 600 }, "timeout": 300 });
            house.post(token, "tools/slow/execute", &body)
        });
        wait_until_it_runs(house);
        let begun = Instant::now();
        meanwhile();
        (call.join().unwrap(), begun.elapsed())
    })
}

fn wait_until_it_runs(house: &House) {
    eventually("the call runs", || {
        house.get(&house.admin, "servers/demo/health").json()["calls_running"] == 1
    });
}

fn wait_until_nothing_runs(house: &House) {
    eventually("the call is cancelled", || {
        house.get(&house.admin, "servers/demo/health").json()["calls_running"] == 0
    });
}

#[test]
fn a_revoked_token_ends_the_call() {
    let house = House::new();
    let (answer, took) = during_a_long_call(&house, &house.user, || {
        let revoke = Ask::post("/api/v1/auth/revoke").bearer(&house.user);
        let revoked = house.server.ask(&revoke.json(&json!({ "token": house.user })));
        assert_eq!(revoked.status, 200, "{revoked:?}");
    });
    assert_eq!(answer.refusal(), (401, "token_revoked".into()));
    assert_eq!(answer.json()["success"], false);
    assert!(took < Duration::from_secs(30), "{took:?}");
    wait_until_nothing_runs(&house);
    assert_eq!(house.calls_on_audit(1)[0]["code"], "token_revoked");
}

#[test]
fn a_disabled_account_ends_the_call() {
    let house = House::new();
    let users = "/api/v1/auth/users";
    let new = json!({ "username": "bob", "password": "a long enough password" });
    let created = house.server.ask(&Ask::post(users).bearer(&house.admin).json(&new));
    assert_eq!(created.status, 201, "{created:?}");
    let token = house.server.sign_in("bob", "a long enough password").text("access_token");
    let (answer, _) = during_a_long_call(&house, &token, || {
        let disable = Ask::new("PATCH", &format!("{users}/bob")).bearer(&house.admin);
        let disabled = house.server.ask(&disable.json(&json!({ "active": false })));
        assert_eq!(disabled.status, 200, "{disabled:?}");
    });
    assert_eq!(answer.refusal(), (403, "account_disabled".into()));
    wait_until_nothing_runs(&house);
}

#[test]
fn a_client_that_goes_away_cancels_its_call_and_the_audit_has_it() {
    let house = House::new();
    let body = json!({ "arguments": { "seconds": 600 } });
    let ask = Ask::post("/api/v1/mcp/tools/slow/execute").bearer(&house.user).json(&body);
    let mut stream = TcpStream::connect(house.server.address).unwrap();
    stream.write_all(&ask.bytes()).unwrap();
    wait_until_it_runs(&house);
    drop(stream);
    wait_until_nothing_runs(&house);
    let line = &house.calls_on_audit(1)[0];
    assert_eq!((&line["success"], &line["outcome"]), (&false.into(), &"transport".into()));
    assert!(line["reason"].as_str().unwrap().contains("went away"), "{line}");
}

#[test]
fn a_server_that_is_disconnected_ends_its_calls() {
    let house = House::new();
    let (answer, _) = during_a_long_call(&house, &house.user, || {
        let disconnected = house.post(&house.admin, "servers/demo/disconnect", &json!(null));
        assert_eq!(disconnected.status, 200, "{disconnected:?}");
    });
    assert_eq!(answer.refusal(), (502, "server_failed".into()));
    assert!(answer.text("detail").contains("is being disconnected"), "{answer:?}");
}

#[test]
fn the_end_of_the_program_waits_for_no_long_call() {
    let mut house = House::new();
    let body = json!({ "arguments": { "seconds": 600 }, "timeout": 300 });
    let ask = Ask::post("/api/v1/mcp/tools/slow/execute").bearer(&house.user).json(&body);
    let mut stream = TcpStream::connect(house.server.address).unwrap();
    stream.write_all(&ask.bytes()).unwrap();
    wait_until_it_runs(&house);
    house.server.signal("TERM");
    assert_eq!(read_answer(&mut stream).refusal(), (502, "server_failed".into()));
    assert!(house.server.wait().success());
}
