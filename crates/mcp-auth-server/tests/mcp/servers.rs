//! Connecting and disconnecting servers, reading their file again, and what is left of their processes.

use std::fs;

use serde_json::{Value, json};

use crate::client::Ask;
use crate::house::{House, demo, entry, names, write_servers};
use crate::server::{Server, eventually, initialised, program};

fn by_hand() -> Value {
    json!({ "transport": "stdio", "endpoint": demo(), "description": "By hand" })
}

#[test]
fn an_admin_connects_and_disconnects_by_hand_and_it_is_on_the_audit() {
    let house = House::with(&json!({}), None, &[]);
    let connected = house.post(&house.admin, "servers/fs/connect", &by_hand());
    let said = json!({
        "success": true, "server_name": "fs", "status": "connected", "tool_count": 5, "error": null,
    });
    assert_eq!((connected.status, connected.json()), (200, said));
    assert_eq!(house.call(&house.user, "add", &json!({ "a": 1, "b": 2 })).text("result"), "3");
    let ended = house.post(&house.admin, "servers/fs/disconnect", &Value::Null).json();
    assert_eq!((&ended["success"], &ended["status"]), (&true.into(), &"disconnected".into()));
    assert!(house.tools(&house.user).is_empty());
    let again = house.post(&house.admin, "servers/fs/connect", &Value::Null).json();
    assert_eq!((&again["success"], &again["tool_count"]), (&true.into(), &5.into()));

    let lines = house.events("server_connected", 4);
    let begins = ["to be connected by hand: stdio /", "connected by hand: stdio /"];
    for (line, (begin, success)) in lines.iter().zip(begins.iter().zip([Value::Null, true.into()]))
    {
        assert_eq!((&line["user_id"], &line["server"]), (&"admin".into(), &"fs".into()));
        let reason = line["reason"].as_str().unwrap();
        assert!(reason.starts_with(begin) && reason.ends_with("demo_server"), "{reason}");
        assert_eq!(line["success"], success);
    }
    assert_eq!(house.events("server_disconnected", 1)[0]["server"], "fs");
}

#[test]
fn users_connect_nothing_and_start_nothing() {
    let house = House::new();
    for path in ["servers/fs/connect", "servers/demo/disconnect", "reload-config"] {
        let refused = house.post(&house.user, path, &by_hand());
        assert_eq!(refused.refusal(), (403, "permission_denied".into()), "{path}");
        assert_eq!(refused.text("detail"), "User does not have permission");
    }
    assert_eq!(names(&house.get(&house.admin, "servers")), ["demo"]);
}

#[test]
fn servers_of_no_file_can_be_switched_off_and_are_off_beyond_this_machine() {
    for off in [("MCP_ALLOW_ADHOC_SERVERS", "false"), ("API_HOST", "0.0.0.0")] {
        no_file_no_server(&House::with(&json!({ "demo": entry() }), None, &[off]));
    }
}

fn no_file_no_server(house: &House) {
    let url = json!({ "transport": "http", "endpoint": "http://127.0.0.1:9/" });
    for body in [by_hand(), url] {
        let refused = house.post(&house.admin, "servers/fs/connect", &body);
        assert_eq!(refused.refusal(), (403, "adhoc_connect_off".into()));
    }
    let again = house.post(&house.admin, "servers/demo/connect", &Value::Null).json();
    assert_eq!(again["success"], true, "a configured server can still be connected again");
}

#[test]
fn what_cannot_be_connected_is_told() {
    let house = House::new();
    let cases = [
        (json!({ "transport": "stdio" }), "`endpoint` is missing"),
        (json!({ "endpoint": "x" }), "`transport` is missing"),
        (json!({ "transport": "carrier pigeon", "endpoint": "x" }), "neither `stdio` nor `http`"),
        (json!({ "transport": "http", "endpoint": "file:///etc" }), "no URL"),
        (json!({ "transport": "stdio", "endpoint": "a 'b" }), "open quotation mark"),
    ];
    for (body, problem) in cases {
        let refused = house.post(&house.admin, "servers/fs/connect", &body);
        assert_eq!(refused.refusal(), (422, "unprocessable".into()), "{body}");
        assert!(refused.text("detail").contains(problem), "{refused:?}");
    }
    let mut wordy = by_hand();
    wordy["description"] = "x".repeat(1_025).into();
    let refused = house.post(&house.admin, "servers/fs/connect", &wordy);
    assert_eq!(refused.refusal(), (422, "unprocessable".into()));
    assert!(
        refused.text("detail").contains("`description` has more than 1024 bytes"),
        "{refused:?}"
    );
    let unknown = house.post(&house.admin, "servers/fs/connect", &Value::Null);
    assert_eq!(unknown.refusal(), (404, "not_found".into()));
    let name = house.post(&house.admin, "servers/a__b/connect", &by_hand());
    assert_eq!(name.refusal(), (422, "unprocessable".into()));
}

/// What no line of the audit could hold must not be started, and what is started is on the audit first.
#[test]
fn nothing_is_started_that_is_not_on_the_audit() {
    let house = House::with(&json!({}), None, &[]);
    let audit = house.server.data("audit.log");
    let body = |line: String| json!({ "transport": "stdio", "endpoint": line });
    let long = format!("touch {} {}", house.path("started").display(), "x".repeat(70_000));
    let refused = house.post(&house.admin, "servers/fs/connect", &body(long));
    assert_eq!(refused.refusal(), (422, "unprocessable".into()));
    assert!(refused.text("detail").contains("`endpoint` has more than 4096 bytes"), "{refused:?}");
    assert!(!house.path("started").exists());

    let escaped = format!("true {}", "\u{1} ".repeat(2_045));
    let connected = house.post(&house.admin, "servers/fs/connect", &body(escaped));
    assert_eq!(connected.status, 200, "{connected:?}");
    assert_eq!(house.events("server_connected", 2)[1]["success"], false);

    let copy = house.path("seen by the program");
    let line = format!("cp '{}' '{}'", audit.display(), copy.display());
    house.post(&house.admin, "servers/cp/connect", &body(line));
    let seen = fs::read_to_string(&copy).unwrap();
    assert!(seen.contains("to be connected by hand: stdio cp "), "{seen}");
}

#[test]
fn the_file_is_read_again_and_a_broken_one_changes_nothing() {
    let house = House::new();
    let directory = house.server.directory.path();
    write_servers(directory, &json!({ "demo": entry(), "more": entry() }));
    let read = house.post(&house.admin, "reload-config", &Value::Null).json();
    assert_eq!((&read["started"], &read["kept"]), (&json!(["more"]), &json!(["demo"])), "{read}");
    eventually("it is connected", || {
        house.get(&house.admin, "health").json()["status"] == "healthy"
    });
    fs::write(house.server.data("config.json"), "{\"mcpServers\": ").unwrap();
    let broken = house.post(&house.admin, "reload-config", &Value::Null);
    assert_eq!(broken.refusal(), (422, "unprocessable".into()));
    assert!(broken.text("detail").contains("is not JSON, line 1"), "{broken:?}");
    assert_eq!(names(&house.get(&house.admin, "servers")), ["demo", "more"]);
    let lines = house.events("config_changed", 2);
    assert_eq!((&lines[0]["success"], &lines[1]["success"]), (&true.into(), &false.into()));
}

#[test]
fn the_file_lies_in_the_data_directory_wherever_the_program_is_started() {
    let directory = initialised();
    write_servers(directory.path(), &json!({ "ours": entry() }));
    fs::create_dir(directory.path().join(".mcp")).unwrap();
    let other = json!({ "mcpServers": { "somebody-elses": entry() } });
    fs::write(directory.path().join(".mcp/config.json"), other.to_string()).unwrap();
    let command = program(directory.path(), &[("MCP_DATA_DIR", "data")]);
    let server = Server::run(directory, command);
    let (admin, _) = server.admin();
    let list = || server.ask(&Ask::get("/api/v1/mcp/servers").bearer(&admin));
    assert_eq!(names(&list()), ["ours"]);
    let path = server.data("config.json").canonicalize().unwrap();
    assert!(path.is_absolute());
    assert!(server.log().contains(&format!("path={}", path.display())), "{}", server.log());
}

#[test]
fn an_entry_that_cannot_be_read_is_told_of_and_a_member_that_does_nothing_is_logged() {
    let house = House::new();
    let mut mistyped = entry();
    mistyped["timeot"] = 5.into();
    let servers = json!({ "bad": { "comand": "x" }, "demo": entry(), "more": mistyped });
    write_servers(house.server.directory.path(), &servers);
    let answer = house.post(&house.admin, "reload-config", &Value::Null);
    let said = json!({
        "success": false, "message": "1 started, 0 stopped, 1 kept, 1 failed",
        "started": ["more"], "stopped": [], "kept": ["demo"],
        "failed": [{
            "name": "bad",
            "error": "server `bad`, `command`: is missing, and so is `url`; give one of the two",
        }],
    });
    assert_eq!((answer.status, answer.json()), (200, said));
    let log = house.server.log();
    assert!(log.contains("server `bad`, `command`: is missing"), "{log}");
    assert!(
        log.contains("server `more`: the member `timeot` does nothing here; known are"),
        "{log}"
    );
    assert!(log.contains("server `bad`: the member `comand` does nothing here"), "{log}");
}

#[test]
fn why_a_program_failed_is_in_the_log_and_in_its_health_for_admins() {
    let house = House::new();
    let script = "echo \"no \u{1b}[31m$KEY here\" >&2; exit 3";
    let env = json!({ "KEY": "${MCP_JWT_SECRET}" });
    let bad = json!({ "command": "sh", "args": ["-c", script], "env": env });
    write_servers(house.server.directory.path(), &json!({ "bad": bad, "demo": entry() }));
    house.post(&house.admin, "reload-config", &Value::Null);
    let health = |token: &str| house.get(token, "servers/bad/health").json();
    eventually("it has failed", || health(&house.admin)["status"] == "failed");
    let told = "no \\u{1b}[31m[hidden] here";
    assert_eq!(health(&house.admin)["stderr"][0], told);
    assert_eq!(health(&house.user)["stderr"], json!([]));
    let error = health(&house.user)["error"].to_string();
    assert!(error.contains("`sh` ended with exit code 3"), "{error}");
    let log = house.server.log();
    assert!(log.contains("`sh` ended with exit code 3"), "{log}");
    assert!(log.contains(&format!("stderr={told:?}")), "{log}");
}

/// Serves until there is a file, says something, and ends.
const UNTIL_TOLD: &str = r#"exec 3<&0
"$0" <&3 &
while [ ! -e "$1" ]; do sleep 0.05; done
rm "$1"; echo "a word of a call" >&2; kill $!; exit 5"#;

#[test]
fn what_a_connected_program_writes_is_not_in_the_log() {
    let directory = tempfile::tempdir().unwrap();
    let told = directory.path().join("told");
    let servers = json!({ "sh": { "command": "sh", "args": ["-c", UNTIL_TOLD, demo(), told] } });
    let house = House::with(&servers, None, &[]);
    fs::write(&told, "").unwrap();
    eventually("it has ended", || house.server.log().contains("`sh` ended with exit code 5"));
    let health = house.get(&house.admin, "servers/sh/health").json();
    assert_eq!(health["stderr"][0], "a word of a call");
    assert!(!house.server.log().contains("a word of a call"));
}

/// Entries may hand the shared secret on, also where only the data directory has it.
#[test]
fn an_unset_variable_fails_its_server_only() {
    let mut with = entry();
    with["env"] = json!({ "MCP_JWT_SECRET": "${MCP_JWT_SECRET}" });
    let house = House::with(&json!({ "good": with.clone() }), None, &[]);
    with["env"] = json!({ "URL": "${NOBODY_SET_THIS}" });
    write_servers(house.server.directory.path(), &json!({ "good": entry(), "bad": with }));
    house.post(&house.admin, "reload-config", &Value::Null);
    let servers = house.get(&house.admin, "servers").json();
    assert_eq!((&servers[0]["name"], &servers[0]["status"]), (&"bad".into(), &"failed".into()));
    assert!(servers[0]["error"].as_str().unwrap().contains("NOBODY_SET_THIS"), "{servers}");
}

/// Processes whose command line is in this data directory's demo server; each test names its own by an argument.
#[cfg(target_os = "linux")]
fn processes_with(word: &str) -> usize {
    let entries = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let lines = entries.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    lines.filter(|line| String::from_utf8_lossy(line).split('\0').any(|it| it == word)).count()
}

#[cfg(target_os = "linux")]
#[test]
fn neither_a_stop_nor_a_kill_leaves_a_process_behind() {
    for signal in ["TERM", "KILL"] {
        let word = format!("orphan-of-{signal}-{}", std::process::id());
        let servers = json!({ "demo": { "command": demo(), "args": [word] } });
        let mut house = House::with(&servers, None, &[]);
        // The server and its guardian.
        assert_eq!(processes_with(&word), 2);
        house.server.signal(signal);
        house.server.wait();
        eventually("both are gone", || processes_with(&word) == 0);
    }
}
