//! Who gets which permit.

use std::sync::Arc;
use std::time::Duration;

use super::house::{Away, House, NOW, origin, token};
use mcp_auth::action::{
    Action, CallTool, ConnectServer, DescribeTool, ListServer, ManageAdmins, ManageUsers,
};
use mcp_auth::policy::{Effect, Match, Policy, Rule, Who};
use mcp_auth::refusal::RefusalCode;
use mcp_auth::validate::{Caller, Permit};

fn call() -> CallTool {
    CallTool { server: "files".into(), tool: "read".into() }
}

/// What a role may do, in the order of `ActionKind`.
fn powers(role: &str) -> [bool; 6] {
    let house = House::new();
    let caller = house.admit(&token(role)).unwrap();
    let connect = ConnectServer { server: "files".into() };
    let describe = DescribeTool { server: "files".into(), tool: "read".into() };
    let actions: [&dyn Action; 6] = [
        &ListServer { server: "fs".to_owned() },
        &describe,
        &call(),
        &connect,
        &ManageUsers,
        &ManageAdmins,
    ];
    actions.map(|action| house.gate.would_allow(&caller, &action.request()))
}

#[test]
fn roles_are_a_ladder_and_custom_ones_get_nothing() {
    assert_eq!(powers("user"), [true, true, true, false, false, false]);
    assert_eq!(powers("admin"), [true, true, true, true, true, false]);
    assert_eq!(powers("superadmin"), [true; 6]);
    for role in ["auditor", "admins", "root", "user-admin", "superadmin2"] {
        assert_eq!(powers(role), [false; 6], "{role}");
    }
}

/// Takes a permit to call, as what calls tools does: no other permit will compile.
fn act(permit: &Permit<CallTool>) -> String {
    let CallTool { server, tool } = permit.action();
    format!("{} calls {server}/{tool}: {}", permit.caller().user_id(), permit.rule())
}

#[test]
fn a_permit_says_who_may_do_what_and_why() {
    let house = House::new();
    let caller = house.admit(&token("user")).unwrap();
    let permit = house.gate.authorize(&caller, call(), &origin()).unwrap();
    assert_eq!(act(&permit), "alice calls files/read: users list and call");
}

#[test]
fn what_is_shown_is_what_is_permitted() {
    let house = House::new();
    for role in ["user", "admin", "superadmin", "auditor"] {
        let caller = house.admit(&token(role)).unwrap();
        let shown = house.gate.would_allow(&caller, &ManageUsers.request());
        let permit = house.gate.authorize(&caller, ManageUsers, &origin());
        assert_eq!(permit.is_ok(), shown, "{role}");
        let code = permit.err().map(|refused| refused.refusal.code());
        assert_eq!(code, (!shown).then_some(RefusalCode::PermissionDenied), "{role}");
    }
}

#[test]
fn a_revoked_token_and_a_blocked_account_end_at_once() {
    let house = House::new();
    let caller = house.admit(&token("user")).unwrap();
    house.revoke(&caller);
    let refused = house.admit(&token("user")).unwrap_err();
    assert_eq!(refused.refusal.code(), RefusalCode::TokenRevoked);
    let other = token("user").with_claim("jti", r#""other""#);
    assert!(house.admit(&other).is_ok());
    house.block("alice");
    let refused = house.admit(&other).unwrap_err();
    assert_eq!(
        (refused.refusal.code(), refused.refusal.code().status()),
        (RefusalCode::AccountDisabled, 403)
    );
}

/// For calls that are under way: with a `jti` and without, by token and by account.
#[test]
fn who_was_admitted_falls_with_the_token_or_the_account() {
    for forge in [token("user"), token("user").without_claim("jti")] {
        let house = House::new();
        let caller = house.admit(&forge).unwrap();
        assert!(house.gate.still_stands(&caller).is_ok());
        house.revoke(&caller);
        let fallen = house.gate.still_stands(&caller).unwrap_err();
        assert_eq!(fallen.code(), RefusalCode::TokenRevoked);
    }
    let house = House::new();
    let caller = house.admit(&token("user")).unwrap();
    house.block("alice");
    assert_eq!(house.gate.still_stands(&caller).unwrap_err().code(), RefusalCode::AccountDisabled);
    assert!(house.gate.still_stands(&Caller::Anonymous).is_ok());
}

/// No answer is no permission, and no verdict on the token either.
#[test]
fn a_store_that_is_away_is_a_503() {
    let house = House::with_view(Arc::new(Away));
    let refused = house.admit(&token("user")).unwrap_err();
    let code = refused.refusal.code();
    assert_eq!((code, code.status()), (RefusalCode::StoreUnavailable, 503));
    assert_eq!(refused.to_string(), "Authentication is temporarily unavailable");
    // What is refused anyway needs no store.
    let expired = token("user").with_claim("exp", NOW.to_string());
    assert_eq!(house.admit(&expired).unwrap_err().refusal.code(), RefusalCode::TokenExpired);
}

#[test]
fn a_token_ends_with_the_clock() {
    let house = House::new();
    assert!(house.admit(&token("user")).is_ok());
    house.clock.advance(Duration::from_mins(10));
    let refused = house.admit(&token("user")).unwrap_err();
    assert_eq!(refused.refusal.code(), RefusalCode::TokenExpired);
}

#[test]
fn a_refresh_token_opens_nothing() {
    let house = House::new();
    let refused = house.admit(&token("admin").refresh()).unwrap_err();
    assert_eq!(refused.refusal.code(), RefusalCode::TokenTypeMismatch);
}

#[test]
fn one_gate_serves_many_threads() {
    let house = House::new();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..50 {
                    let caller = house.admit(&token("user")).unwrap();
                    assert!(house.gate.authorize(&caller, call(), &origin()).is_ok());
                    assert!(house.gate.authorize(&caller, ManageUsers, &origin()).is_err());
                }
            });
        }
    });
    assert_eq!(house.audit.events().len(), 8 * 50 * 2);
}

/// Where authentication is off there is still no changing of servers and accounts, whatever the policy says.
#[test]
fn nobody_in_particular_looks_and_calls_only() {
    let everything = Rule {
        name: "everybody".into(),
        effect: Effect::Allow,
        who: Who::Everybody,
        actions: Match::Any,
        servers: Match::Any,
        tools: Match::Any,
    };
    let house = House::new();
    let gate = house.gate.clone().with_policy(Policy::new(vec![everything]));
    let gate = gate.danger_without_authentication();
    let caller = gate.authenticate(Some(&b"Bearer nonsense"[..]), &origin()).unwrap();
    assert_eq!((caller.user_id(), caller.token().is_none()), ("anonymous", true));
    assert!(gate.authorize(&caller, call(), &origin()).is_ok());
    for refused in [
        gate.authorize(&caller, ConnectServer { server: "files".into() }, &origin()).err(),
        gate.authorize(&caller, ManageUsers, &origin()).err(),
        gate.authorize(&caller, ManageAdmins, &origin()).err(),
    ] {
        assert_eq!(refused.unwrap().refusal.code(), RefusalCode::PermissionDenied);
    }
}
