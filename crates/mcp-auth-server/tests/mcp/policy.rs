//! The policy file: read again when it changes, kept when it breaks, and explained on the host.

use std::fs;
use std::process::Output;

use serde_json::{Value, json};

use crate::house::{House, entry};
use crate::server::{eventually, program};

const OPEN: &str = "[[rule]]\nname = 'all call'\neffect = 'allow'\nroles = ['user']\n";
const CLOSED: &str = "[[rule]]\nname = 'no sums'\neffect = 'deny'\ntools = ['add']\n";
const SLOWLY: &str = "[[rule]]\nname = 'slowly'\neffect = 'allow'\nroles = ['user']\ntools = ['add']\nrate_limit = '2/hour'\n";

#[test]
fn a_tighter_policy_holds_from_the_next_call_and_a_broken_one_not_at_all() {
    let house = House::with(&json!({ "demo": entry() }), Some(OPEN), &[]);
    let call = || house.call(&house.user, "add", &json!({ "a": 1, "b": 2 })).status;
    assert_eq!(call(), 200);
    fs::write(house.path("policy.toml"), "[[rule]]\nname = 'half").unwrap();
    let lines = house.events("config_changed", 1);
    assert_eq!(lines[0]["success"], false);
    assert!(lines[0]["reason"].as_str().unwrap().contains("policy.toml: line 2"), "{lines:?}");
    assert_eq!(call(), 200, "the last good policy goes on");
    fs::write(house.path("policy.toml"), [OPEN, CLOSED].concat()).unwrap();
    eventually("the new policy holds", || call() == 403);
    assert_eq!(house.events("config_changed", 2)[1]["success"], true);
    assert!(!house.tools(&house.user).contains(&"add".to_owned()));
    let denied = house.events("mcp_authorization_denied", 1);
    assert!(denied[0]["reason"].as_str().unwrap().contains("no sums"), "{denied:?}");
}

#[test]
fn a_policy_that_is_as_it_was_before_a_mistake_is_said_to_be_in_force() {
    let house = House::with(&json!({ "demo": entry() }), Some(OPEN), &[]);
    fs::write(house.path("policy.toml"), "[[rule]]\nname = 'half").unwrap();
    assert_eq!(house.events("config_changed", 1)[0]["success"], false);
    fs::write(house.path("policy.toml"), OPEN).unwrap();
    let lines = house.events("config_changed", 2);
    assert_eq!(lines[1]["success"], true);
    let said = "the policy file is good again, and says what is in force";
    assert_eq!(lines[1]["reason"], said);
    eventually("the log says so, too", || house.server.log().contains(said));
}

#[test]
fn a_rule_limits_what_it_allows() {
    let house = House::with(&json!({ "demo": entry() }), Some(&[SLOWLY, OPEN].concat()), &[]);
    let call = |tool: &str| house.call(&house.user, tool, &json!({ "a": 1, "b": 2 }));
    assert_eq!((call("add").status, call("add").status), (200, 200));
    assert_eq!(call("add").text("detail"), "Rate limit exceeded: 2 per 1 hour");
    assert_eq!(call("fail").status, 200, "other rules count for themselves");
}

#[test]
fn a_broken_policy_keeps_the_server_from_starting() {
    let directory = crate::server::initialised();
    fs::write(directory.path().join("policy.toml"), "rule = 1").unwrap();
    let mut serve = program(directory.path(), &[("MCP_POLICY_FILE", "policy.toml")]);
    let output = serve.args(["serve", "--port", "0"]).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(8), "{stderr}");
    assert!(stderr.contains("policy.toml: line 1") && stderr.contains("hint:"), "{stderr}");
}

/// Runs `policy` with these words over a policy and one demo server.
fn policy(text: &str, words: &[&str]) -> (Output, String) {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("data")).unwrap();
    crate::house::write_servers(directory.path(), &json!({ "demo": entry() }));
    fs::write(directory.path().join("policy.toml"), text).unwrap();
    let mut command = program(directory.path(), &[("MCP_POLICY_FILE", "policy.toml")]);
    let output = command.arg("policy").args(words).output().unwrap();
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    (output, text)
}

#[test]
fn explain_names_the_rule_that_decides() {
    let text = [OPEN, CLOSED, SLOWLY].concat();
    let (output, denied) = policy(&text, &["explain", "--user", "bob", "--tool", "demo__add"]);
    assert_eq!(output.status.code(), Some(6), "{output:?}");
    assert!(denied.starts_with("denied\n") && denied.contains("the rule \"no sums\""), "{denied}");
    assert!(denied.contains("call demo/add"), "{denied}");
    let words = ["--json", "explain", "--user", "bob", "--role", "user", "--tool", "fail"];
    let (output, allowed) = policy(&text, &words);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let allowed: Value = serde_json::from_str(&allowed).unwrap();
    assert_eq!((&allowed["allowed"], &allowed["rule"]), (&true.into(), &"all call".into()));
    assert_eq!(allowed["rate_limit"], "10 per 1 minute");
    let (output, _) = policy(&text, &["explain", "--user", "bob", "--action", "manage_users"]);
    assert_eq!(output.status.code(), Some(0), "a rule without actions is about all of them");
}

#[test]
fn explain_tells_a_rate_limit_of_calls_alone() {
    let explained = |words: &[&str]| {
        policy(SLOWLY, &[&["explain", "--user", "bob", "--tool", "add"], words].concat()).1
    };
    assert!(explained(&[]).contains("rate limit  2 per 1 hour\n"));
    let listed = explained(&["--action", "list"]);
    assert!(listed.starts_with("allowed\n") && !listed.contains("rate limit"), "{listed}");
}

#[test]
fn check_finds_rules_in_vain_and_tools_that_no_server_has() {
    let strange = "[[rule]]\nname = 'odd'\neffect = 'allow'\nroles = ['x']\nservers = ['demo', 'gone']\ntools = ['read_*', 'write_*']\n";
    let text = [OPEN, SLOWLY, strange].concat();
    let (output, found) = policy(&text, &["check"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    for finding in [
        "\"slowly\" decides nothing",
        "\"odd\" names the server \"gone\", and there is none",
        "\"odd\" names the tool \"write_*\", and no server that it is about has it",
        "policy.toml: 3 rules, 3 findings",
    ] {
        assert!(found.contains(finding), "{finding}: {found}");
    }
    let (output, found) = policy(OPEN, &["check"]);
    assert_eq!(
        (output.status.code(), found.as_str()),
        (Some(0), "policy.toml: 1 rules, 0 findings\n")
    );
}
