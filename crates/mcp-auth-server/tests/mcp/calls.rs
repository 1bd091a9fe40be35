//! What becomes of a call, for the client, on the audit and in the metrics.

use serde_json::{Value, json};

use crate::client::{Answer, Ask};
use crate::house::House;
use crate::server::eventually;

/// Every answer has these members, whatever its status.
fn members(answer: &Answer) -> (u16, bool, Value, Value) {
    let json = answer.json();
    assert!(json["tool_name"].is_string(), "{answer:?}");
    assert!(json["execution_time"].as_f64().unwrap() >= 0.0, "{answer:?}");
    let success = json["success"].as_bool().unwrap();
    (answer.status, success, json["result"].clone(), json["error"].clone())
}

#[test]
fn an_answer_is_text_and_a_failure_of_the_tool_is_an_answer() {
    let house = House::new();
    let sum = house.call(&house.user, "add", &json!({ "a": 20, "b": 22 }));
    assert_eq!(members(&sum), (200, true, "42".into(), Value::Null));
    assert_eq!(sum.text("tool_name"), "add");
    let failed = house.call(&house.user, "fail", &json!({}));
    assert_eq!(members(&failed), (200, false, Value::Null, "this tool always fails".into()));
    // Without a body there are no arguments.
    let bare = house.post(&house.user, "tools/fail/execute", &Value::Null);
    assert_eq!(members(&bare), members(&failed));

    let lines = house.calls_on_audit(3);
    assert_eq!(lines[0]["user_id"], "alice");
    assert_eq!((&lines[0]["server"], &lines[0]["tool_name"]), (&"demo".into(), &"add".into()));
    assert_eq!((&lines[0]["success"], &lines[0]["outcome"]), (&true.into(), &"tool".into()));
    assert_eq!(lines[0]["size"], 2);
    assert!(lines[0]["execution_time"].is_number(), "{lines:?}");
    assert_eq!((&lines[1]["success"], &lines[1]["outcome"]), (&false.into(), &"tool".into()));
}

#[test]
fn refused_arguments_protocol_errors_timeouts_and_dead_servers_are_told_apart() {
    let house = House::new();
    let misfit = house.call(&house.user, "add", &json!({ "a": "SECRET-WORD" }));
    assert_eq!(misfit.refusal(), (422, "unprocessable".into()));
    assert!(misfit.text("detail").contains("\"b\" is a required property"), "{misfit:?}");
    let refused = house.call(&house.user, "read_note", &json!({ "name": "SECRET-WORD" }));
    assert_eq!(refused.refusal(), (502, "server_failed".into()));
    assert!(refused.text("error").contains("there is no such note"), "{refused:?}");
    let nap = json!({ "arguments": { "seconds": 600 }, "timeout": 0.2 });
    let late = house.post(&house.user, "tools/slow/execute", &nap);
    assert_eq!(late.refusal(), (504, "server_timeout".into()));
    assert!(late.json()["execution_time"].as_f64().unwrap() >= 0.2, "{late:?}");
    let crashed = house.call(&house.user, "crash", &json!({}));
    assert_eq!(crashed.refusal(), (502, "server_failed".into()));
    for answer in [&misfit, &refused, &late, &crashed] {
        let (_, success, result, error) = members(answer);
        assert_eq!((success, result), (false, Value::Null));
        assert_eq!(error, answer.json()["detail"]);
    }

    let lines = house.calls_on_audit(4);
    let told: Vec<_> = lines.iter().map(|it| (&it["outcome"], &it["code"])).collect();
    let (null, of) = (Value::Null, |text: &str| Value::from(text));
    assert_eq!(told[0], (&null, &of("unprocessable")));
    assert_eq!(told[1], (&of("protocol"), &of("server_failed")));
    assert_eq!(told[2], (&of("transport"), &of("server_timeout")));
    assert_eq!(told[3], (&of("transport"), &of("server_failed")));
    assert_eq!(lines[1]["error_id"], refused.json()["error_id"]);
    let everything = house.server.audit() + &house.server.log();
    assert!(!everything.contains("SECRET-WORD"), "arguments are written nowhere");

    // It is restarted, and the tools kept their names meanwhile.
    eventually("the server is back", || {
        house.call(&house.admin, "add", &json!({ "a": 1, "b": 1 })).status == 200
    });
}

#[test]
fn requests_that_make_no_sense_are_refused() {
    let house = House::new();
    let none = house.call(&house.user, "none", &json!({}));
    assert_eq!(none.refusal(), (404, "not_found".into()));
    for body in [
        json!({ "arguments": [1] }),
        json!({ "arguments": "a" }),
        json!({ "timeout": "soon" }),
        json!({ "timeout": -1 }),
        json!({ "timeout": 0 }),
        json!({ "timeout": 1e300 }),
    ] {
        let answer = house.post(&house.user, "tools/add/execute", &body);
        assert_eq!(answer.refusal(), (422, "unprocessable".into()), "{body}");
    }
    let known_fields = json!({ "arguments": { "a": 1, "b": 2 }, "timeout": 60, "more": true });
    assert_eq!(house.post(&house.user, "tools/add/execute", &known_fields).status, 200);
}

#[test]
fn ten_calls_a_minute_and_not_one_more() {
    let house = House::new();
    let call = |token: &str| house.call(token, "add", &json!({ "a": 1, "b": 2 }));
    for _ in 0..10 {
        assert_eq!(call(&house.user).status, 200);
    }
    let refused = call(&house.user);
    assert_eq!(refused.refusal(), (429, "rate_limited".into()));
    assert_eq!(refused.text("detail"), "Rate limit exceeded: 10 per 1 minute");
    assert!(refused.header("retry-after").unwrap().parse::<u64>().unwrap() <= 60);
    assert_eq!(call(&house.admin).status, 200, "another user has calls of his own");
    assert_eq!(house.events("rate_limited", 1)[0]["user_id"], "alice");
}

#[test]
fn calls_are_measured_by_server_and_tool() {
    let house = House::new();
    house.call(&house.user, "add", &json!({ "a": 1, "b": 2 }));
    house.call(&house.user, "add", &json!({}));
    let metrics = house.server.ask(&Ask::get("/metrics")).body;
    for line in [
        "mcp_auth_tool_calls_total{server=\"demo\",tool=\"add\",outcome=\"tool\"} 1",
        "mcp_auth_tool_calls_total{server=\"demo\",tool=\"add\",outcome=\"unasked\"} 1",
        "mcp_auth_tool_call_duration_seconds_count{server=\"demo\",tool=\"add\"} 2",
    ] {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }
}
