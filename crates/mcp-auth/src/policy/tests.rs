use super::*;
use crate::action::{Action, CallTool, ConnectServer, ListServer, ManageAdmins, ManageUsers};

fn allowed(policy: &Policy, user_id: &str, role: &str, action: &dyn Action) -> bool {
    let role = role.parse().unwrap();
    policy.decide(&Subject { user_id, role: &role }, &action.request()).allowed()
}

fn call(server: &str, tool: &str) -> CallTool {
    CallTool { server: server.to_owned(), tool: tool.to_owned() }
}

fn rule(effect: Effect, roles: &[&str], users: &[&str], tools: &[&str]) -> Rule {
    Rule {
        name: format!("{effect:?} {roles:?} {users:?} {tools:?}"),
        effect,
        who: Who::Only {
            roles: roles.iter().map(|role| role.parse().unwrap()).collect(),
            users: users.iter().map(|&user| user.to_owned()).collect(),
        },
        actions: Match::Only(vec![ActionKind::Call]),
        servers: Match::Any,
        tools: match tools {
            [] => Match::Any,
            tools => Match::Only(tools.iter().map(|tool| Glob::new(tool)).collect()),
        },
    }
}

#[test]
fn the_built_in_policy_follows_the_ladder() {
    let policy = Policy::default();
    let connect = ConnectServer { server: "fs".to_owned() };
    let expected = [
        ("user", [true, true, false, false, false]),
        ("admin", [true, true, true, true, false]),
        ("superadmin", [true, true, true, true, true]),
        ("ci-pipeline", [false, false, false, false, false]),
    ];
    for (role, verdicts) in expected {
        let actions: [&dyn Action; 5] = [
            &ListServer { server: "fs".to_owned() },
            &call("fs", "read_file"),
            &connect,
            &ManageUsers,
            &ManageAdmins,
        ];
        for (action, expected) in actions.into_iter().zip(verdicts) {
            assert_eq!(allowed(&policy, "someone", role, action), expected, "{role}: {action:?}");
        }
    }
}

#[test]
fn deny_wins_wherever_it_stands() {
    let policy = Policy::new(vec![
        rule(Effect::Allow, &["user"], &[], &[]),
        rule(Effect::Deny, &[], &["mallory"], &["write_*"]),
    ]);
    assert!(allowed(&policy, "mallory", "user", &call("fs", "read_file")));
    assert!(!allowed(&policy, "mallory", "superadmin", &call("fs", "write_file")));
    assert!(allowed(&policy, "alice", "user", &call("fs", "write_file")));
}

#[test]
fn allowing_a_role_covers_those_above_and_denying_it_does_not() {
    let policy = Policy::new(vec![
        rule(Effect::Allow, &["user"], &[], &[]),
        rule(Effect::Deny, &["user"], &[], &["delete"]),
    ]);
    assert!(!allowed(&policy, "u", "user", &call("fs", "delete")));
    assert!(allowed(&policy, "a", "admin", &call("fs", "delete")));
}

#[test]
fn what_no_rule_allows_is_forbidden_and_says_so() {
    let policy = Policy::new(vec![rule(Effect::Allow, &["ci-pipeline"], &[], &["deploy"])]);
    let role: Role = "ci-pipeline".parse().unwrap();
    let subject = Subject { user_id: "ci", role: &role };
    let (deploy, other) = (call("ops", "deploy"), call("ops", "shell"));
    assert_eq!(policy.decide(&subject, &deploy.request()).rule(), policy.rules().first());
    assert_eq!(policy.decide(&subject, &other.request()).decided_by(), "no rule allows it");
    assert!(!allowed(&policy, "ci", "ci-pipeline", &ListServer { server: "fs".to_owned() }));
}

#[test]
fn a_document_tells_all_its_mistakes() {
    let document = serde_json::json!({"rule": [
        {"name": "a", "effect": "allow", "roles": ["Admin", "x y"], "tools": []},
        {"name": "a", "effect": "deny", "rate_limit": "10/minute"},
        {"name": " ", "effect": "allow"},
    ]});
    let document: PolicyDocument = serde_json::from_value(document).unwrap();
    let mistakes: Vec<_> = document.policy().unwrap_err().iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(mistakes.join("\n"), @r#"
    rule 1 ("a"): `tools` is empty; leave it out to put no condition, or name what it is about
    rule 1 ("a"): the role "Admin" is not a legal role: 1 to 32 of a-z 0-9 _ - are, in lower case, such as user, admin or ci-pipeline
    rule 1 ("a"): the role "x y" is not a legal role: 1 to 32 of a-z 0-9 _ - are, in lower case, such as user, admin or ci-pipeline
    rule 2 ("a"): `rate_limit` limits what is allowed, and this rule denies; remove it
    rule 2 ("a"): another rule has this name; give each its own
    rule 3 (" "): the name is empty; give it one
    "#);
}

#[test]
fn a_document_with_a_misspelt_field_is_refused() {
    let document = serde_json::json!({"rule": [{"name": "a", "effect": "allow", "role": ["x"]}]});
    let error = serde_json::from_value::<PolicyDocument>(document).unwrap_err();
    assert!(error.to_string().contains("unknown field `role`"), "{error}");
}

#[test]
fn what_a_document_leaves_out_puts_no_condition() {
    let document = serde_json::json!({"rule": [{"name": "all", "effect": "allow"}]});
    let document: PolicyDocument = serde_json::from_value(document).unwrap();
    let policy = document.policy().unwrap();
    assert!(allowed(&policy, "anybody", "whoever", &call("any", "tool")));
    assert!(allowed(&policy, "anybody", "whoever", &ManageAdmins));
}

#[test]
fn what_is_allowed_somewhere_is_not_missed_for_having_a_condition() {
    let connect = |effect, servers| Rule {
        actions: Match::Only(vec![ActionKind::Connect]),
        servers,
        ..rule(effect, &["ops"], &[], &[])
    };
    let staging = || Match::Only(vec![Glob::new("staging")]);
    let may = |rules: Vec<Rule>, role: &str, kind| {
        let role = role.parse().unwrap();
        Policy::new(rules).may_anywhere(&Subject { user_id: "u", role: &role }, kind)
    };
    let allow = || connect(Effect::Allow, staging());
    assert!(may(vec![allow()], "ops", ActionKind::Connect));
    assert!(!may(vec![allow()], "ops", ActionKind::ManageUsers));
    assert!(!may(vec![allow()], "user", ActionKind::Connect));
    let tools = rule(Effect::Allow, &["ops"], &[], &["read_*"]);
    for kind in [ActionKind::Connect, ActionKind::ManageUsers, ActionKind::ManageAdmins] {
        assert!(!may(vec![tools.clone()], "ops", kind), "a rule on tools: {kind:?}");
    }
    assert!(may(vec![tools], "ops", ActionKind::Call));
    let servers = Rule { actions: Match::Any, ..allow() };
    assert!(may(vec![servers.clone()], "ops", ActionKind::Connect));
    assert!(!may(vec![servers], "ops", ActionKind::ManageUsers), "a rule on servers");
    let some = connect(Effect::Deny, staging());
    assert!(may(vec![allow(), some.clone()], "ops", ActionKind::Connect), "perhaps others");
    assert!(!may(vec![some], "ops", ActionKind::Connect), "a denial allows nothing");
    let all = connect(Effect::Deny, Match::Any);
    assert!(!may(vec![allow(), all], "ops", ActionKind::Connect));
}
