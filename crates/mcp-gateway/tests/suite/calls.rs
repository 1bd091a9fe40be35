//! What a call can come to, with a real child process.

use std::time::Duration;

use crate::support::{call, fault_server, options, start, start_one, text, until};
use mcp_gateway::{CallError, Content, Gateway, Options, ResolveError, Status};
use serde_json::{Value, json};

#[tokio::test]
async fn an_answer_is_text_and_a_failure_of_the_tool_is_an_answer() {
    let gateway = start_one().await;
    let answer = call(&gateway, "echo", json!({"text": "grüße"})).await.unwrap();
    assert_eq!(answer.content, Content::Text("grüße".into()));
    assert_eq!((answer.is_error, answer.bytes), (false, 7));
    let answer = call(&gateway, "fail", Value::Null).await.unwrap();
    assert_eq!(answer.content, Content::Text("it went wrong".into()));
    assert!(answer.is_error);
    let answer = call(&gateway, "picture", json!({})).await.unwrap();
    let picture = json!({"type": "image", "data": "AAAA", "mimeType": "image/png"});
    assert_eq!(answer.content, Content::Blocks(vec![picture]));
    gateway.shutdown().await;
}

#[tokio::test]
async fn the_ways_to_fail_are_told_apart() {
    let gateway = start_one().await;
    let refused = call(&gateway, "echo", json!({"text": 5})).await.unwrap_err();
    assert!(matches!(&refused, CallError::Arguments { problems, .. } if problems.len() == 1));
    let refused = call(&gateway, "echo", json!([])).await.unwrap_err();
    assert!(matches!(refused, CallError::Arguments { .. }));
    let protocol = call(&gateway, "refuse", json!({})).await.unwrap_err();
    let wanted = CallError::Protocol {
        server: "fault".into(),
        code: Some(-32602),
        message: "not with me".into(),
    };
    assert_eq!(protocol, wanted);
    let died = call(&gateway, "exit", json!({"code": 1})).await.unwrap_err();
    assert!(matches!(died, CallError::ServerFailed { .. }), "{died}");
    gateway.shutdown().await;
    let tool = gateway.resolve("echo").unwrap_err();
    assert_eq!(tool, ResolveError::Unknown { name: "echo".into() });
}

/// The official TypeScript SDK writes the id behind the result, where it is cut off.
#[tokio::test]
async fn an_answer_that_is_too_large_is_told_wherever_its_id_stands() {
    for words in [&[][..], &["id-last"]] {
        let options = Options { call_timeout: Duration::from_mins(1), ..options() };
        let gateway = start(&[("fault", fault_server(words))], options).await;
        for bytes in [256 * 1024, 300_000, 1_000_000] {
            let large = call(&gateway, "big", json!({"bytes": bytes})).await.unwrap_err();
            assert_eq!(large, CallError::TooLarge { server: "fault".into(), limit: 256 * 1024 });
        }
        assert_eq!(text(&gateway, "echo", json!({"text": "still"})).await, "still");
        gateway.shutdown().await;
    }
}

#[tokio::test]
async fn who_stops_waiting_is_reported_to_the_server() {
    let gateway = start_one().await;
    let hang = gateway.resolve("hang").unwrap();
    let short = Duration::from_millis(50);
    let late = gateway.call(&hang, json!({}), Some(short)).await.unwrap_err();
    assert_eq!(late, CallError::Timeout { server: "fault".into(), after: short });
    let dropped =
        tokio::time::timeout(Duration::from_millis(50), gateway.call(&hang, json!({}), None));
    assert!(dropped.await.is_err());
    let mut told = String::new();
    while told != "2" {
        told = text(&gateway, "cancelled", json!({})).await;
    }
    assert_eq!(gateway.health()[0].calls_running, 0);
    gateway.shutdown().await;
}

#[tokio::test]
async fn a_servers_own_time_is_not_bounded_by_what_callers_may_ask_for() {
    let longest_call_timeout = Duration::from_millis(100);
    let options = Options { longest_call_timeout, ..options() };
    let slow = fault_server(&[]).timeout(Duration::from_mins(1));
    let gateway = start(&[("fault", fault_server(&[])), ("slow", slow)], options).await;
    let late =
        |server: &str| CallError::Timeout { server: server.into(), after: longest_call_timeout };
    let hang = gateway.resolve("slow__hang").unwrap();
    let long = Some(Duration::from_mins(1));
    assert_eq!(gateway.call(&hang, json!({}), long).await.unwrap_err(), late("slow"));
    assert_eq!(call(&gateway, "fault__hang", json!({})).await.unwrap_err(), late("fault"));
    assert_eq!(text(&gateway, "slow__sleep", json!({"ms": 300})).await, "slept");
    gateway.shutdown().await;
}

#[tokio::test]
async fn a_server_has_so_many_calls_and_no_more() {
    let options = Options { calls_at_once: 1, calls_waiting: 1, ..options() };
    let gateway = start(&[("fault", fault_server(&[]))], options).await;
    let hang = gateway.resolve("hang").unwrap();
    let long = Some(Duration::from_mins(1));
    let calls: Vec<_> = (0..2)
        .map(|_| {
            let (gateway, hang) = (gateway.clone(), hang.clone());
            tokio::spawn(async move { gateway.call(&hang, json!({}), long).await })
        })
        .collect();
    until("both calls are there", || gateway.health()[0].calls_waiting == 1).await;
    let busy = call(&gateway, "echo", json!({"text": ""})).await.unwrap_err();
    assert_eq!(busy, CallError::Busy { server: "fault".into(), running: 1, waiting: 1 });
    gateway.disconnect("fault").await.unwrap();
    for call in calls {
        let cancelled = call.await.unwrap().unwrap_err();
        assert_eq!(cancelled, CallError::Cancelled { server: "fault".into() });
    }
}

#[tokio::test]
async fn names_are_plain_where_they_are_unique() {
    let servers = [("a", fault_server(&["+only", "+b__echo"])), ("b", fault_server(&[]))];
    let gateway = start(&servers, options()).await;
    assert_eq!(gateway.resolve("only").unwrap().server(), "a");
    assert_eq!(gateway.resolve("a__only").unwrap().server(), "a");
    let ambiguous = gateway.resolve("echo").unwrap_err();
    let choices = vec!["a__echo".to_owned(), "b__echo".to_owned()];
    assert_eq!(ambiguous, ResolveError::Ambiguous { name: "echo".into(), choices });
    let shadowed = gateway.resolve("b__echo").unwrap();
    assert_eq!((shadowed.server(), shadowed.name()), ("b", "echo"), "server__tool always works");
    assert_eq!(gateway.resolve("a__b__echo").unwrap().name(), "b__echo");
    every_listed_name_leads_to_its_tool(&gateway);
    assert_eq!(gateway.tools(Some("b")).len(), gateway.server("b").unwrap().tool_count);
    gateway.shutdown().await;
}

/// It would be called with the permission for the other one.
#[tokio::test]
async fn a_tool_that_is_called_like_the_cut_name_of_another_is_never_taken_for_it() {
    let long = format!("danger_{}", "x".repeat(70));
    let alone = start(&[("a.b", fault_server(&[&format!("+{long}")]))], options()).await;
    let cut = alone.resolve(&long).unwrap().qualified_name().to_owned();
    assert_eq!(alone.resolve(&cut).unwrap().name(), long);
    alone.shutdown().await;
    let twin = cut.strip_prefix("a.b__").unwrap();
    let words = [format!("+{long}"), format!("+{twin}")];
    let gateway =
        start(&[("a.b", fault_server(&words.each_ref().map(String::as_str)))], options()).await;
    for (name, own_name) in
        [(cut.as_str(), twin), (twin, twin), (&long, &long), (&format!("a.b__{long}"), &long)]
    {
        assert_eq!(gateway.resolve(name).unwrap().name(), own_name, "{name}");
    }
    every_listed_name_leads_to_its_tool(&gateway);
    gateway.shutdown().await;
}

/// The first 8 digits of SHA-256 are the same for both.
#[tokio::test]
async fn two_tools_that_are_cut_to_one_name_are_told_apart() {
    let names = ["20715", "21546"].map(|end| "t".repeat(60) + end);
    let words = names.each_ref().map(|name| format!("+{name}"));
    let gateway =
        start(&[("a.b", fault_server(&words.each_ref().map(String::as_str)))], options()).await;
    let [one, two] = names.each_ref().map(|name| gateway.tool("a.b", name).unwrap());
    assert_eq!(one.qualified_name(), two.qualified_name());
    assert_eq!([one.name(), two.name()], names.each_ref().map(String::as_str));
    let name = one.qualified_name().to_owned();
    let choices = names.each_ref().map(|name| format!("a.b__{name}")).to_vec();
    assert_eq!(gateway.resolve(&name).unwrap_err(), ResolveError::Ambiguous { name, choices });
    every_listed_name_leads_to_its_tool(&gateway);
    gateway.shutdown().await;
}

fn every_listed_name_leads_to_its_tool(gateway: &Gateway) {
    for tool in gateway.tools(None) {
        for name in [&tool.name, &tool.qualified_name] {
            let found = gateway.resolve(name).unwrap();
            assert_eq!((found.server(), found.name()), (&*tool.server, &*tool.own_name), "{name}");
        }
    }
}

#[tokio::test]
async fn a_tool_whose_name_is_too_long_is_left_out() {
    let names = [256, 257].map(|length| "n".repeat(length));
    let words = names.each_ref().map(|name| format!("+{name}"));
    let gateway =
        start(&[("fault", fault_server(&words.each_ref().map(String::as_str)))], options()).await;
    assert_eq!(gateway.resolve(&names[0]).unwrap().name(), names[0]);
    assert!(gateway.resolve(&names[1]).is_err() && gateway.tool("fault", &names[1]).is_none());
    let far_too_long = gateway.resolve(&"\"\u{1}".repeat(30_000)).unwrap_err().to_string();
    assert!(far_too_long.len() < 2_000 && !far_too_long.contains('\u{1}'), "{far_too_long}");
    gateway.shutdown().await;
}

/// Which may have no tools yet.
#[tokio::test]
async fn no_tool_is_called_as_if_another_server_had_it() {
    let words = ["+files__read_file", "+own__tool", "+nobody__tool"];
    let servers = [
        ("files", fault_server(&["+read_file"]).auto_connect(false)),
        ("own", fault_server(&words)),
    ];
    let gateway = start(&servers, options()).await;
    let name = "files__read_file".to_owned();
    assert_eq!(gateway.resolve(&name).unwrap_err(), ResolveError::Unknown { name: name.clone() });
    assert_eq!(gateway.resolve("own__files__read_file").unwrap().name(), name);
    let listed: Vec<_> = gateway.tools(Some("own")).into_iter().map(|tool| tool.name).collect();
    for name in ["own__files__read_file", "own__tool", "nobody__tool"] {
        assert!(listed.iter().any(|listed| listed == name), "{name} in {listed:?}");
    }
    gateway.reconnect("files").await.unwrap();
    assert_eq!(gateway.resolve(&name).unwrap().server(), "files");
    gateway.shutdown().await;
}

#[tokio::test]
async fn new_tools_are_followed() {
    let gateway = start_one().await;
    assert!(gateway.resolve("later").is_err());
    call(&gateway, "add_tool", json!({"name": "later"})).await.unwrap();
    until("the new tool is listed", || gateway.resolve("later").is_ok()).await;
    let status = gateway.server("fault").unwrap();
    assert_eq!((status.status, status.tool_count), (Status::Connected, 14));
    assert!(status.tools.contains(&"later".to_owned()));
    gateway.shutdown().await;
}

#[tokio::test]
async fn a_child_sees_what_is_configured_and_no_more() {
    let gateway = start_one().await;
    let env = text(&gateway, "env", json!({})).await;
    let mut names: Vec<_> = env.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    names.sort_unstable();
    assert_eq!(names, ["HOME", "PATH", "SECRET"]);
    gateway.shutdown().await;
}
