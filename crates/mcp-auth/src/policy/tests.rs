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
        roles: roles.iter().map(|role| role.parse().unwrap()).collect(),
        users: users.iter().map(|&user| user.to_owned()).collect(),
        actions: vec![ActionKind::Call],
        servers: Vec::new(),
        tools: tools.iter().map(|tool| Glob::new(tool)).collect(),
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
