//! Whom a line names, and who finds it.

use std::collections::HashSet;

use super::house::{House, NOW, SECRET, origin, token};
use mcp_auth::action::{ConnectServer, ManageAdmins};
use mcp_auth::audit::{AuditEvent, AuditKind};
use mcp_auth::refusal::RefusalCode;
use mcp_auth::store::TokenDigest;
use mcp_auth::testing::{AttackSetting, attacks};
use mcp_auth::validate::Caller;

/// Whatever reports what a caller did names them alike.
#[test]
fn a_caller_without_a_name_for_the_token_or_without_a_token_is_named_all_the_same() {
    let forge = token("user").without_claim("jti");
    let digest = TokenDigest::of(&forge.token()).short();
    let house = House::new();
    let caller = house.admit(&forge).unwrap();
    house.gate.authorize(&caller, ManageAdmins, &origin()).unwrap_err();
    house.gate.authorize(&Caller::Anonymous, ManageAdmins, &origin()).unwrap_err();
    let [accepted, denied, anonymous] = house.audit.events().try_into().unwrap();
    for event in [accepted, denied] {
        assert_eq!(
            (&event["user_id"], &event["token"]),
            (&"alice".into(), &digest.as_str().into())
        );
    }
    assert_eq!(anonymous["user_id"], "anonymous");

    let now = house.gate.clock().now();
    let event = AuditEvent::new(AuditKind::ToolExecuted, now);
    assert_eq!(event.by(&caller).token, Some(digest.as_str()));
    assert_eq!(event.by(&Caller::Anonymous).user_id, Some("anonymous"));
    let named = House::new().admit(&token("user")).unwrap();
    assert_eq!((event.by(&named).jti, event.by(&named).token), (Some("forged"), None));
}

/// The client gets a sentence and an id; the id leads to the line with the reason.
#[test]
fn an_error_id_ties_the_answer_to_the_line() {
    let house = House::new();
    let mut ids = HashSet::new();
    let caller = House::new().admit(&token("user")).unwrap();
    let action = || ConnectServer { server: "files".into() };
    let refused = [
        house.admit(&token("Admin")).unwrap_err(),
        house.admit(&token("user").refresh()).unwrap_err(),
        house.gate.authenticate(None, &origin()).unwrap_err(),
        house.gate.authorize(&caller, action(), &origin()).unwrap_err(),
    ];
    for (refused, event) in refused.iter().zip(house.audit.events()) {
        assert_eq!(event["error_id"], refused.error_id.to_string());
        assert_eq!(event["code"], refused.refusal.code().name());
        assert_eq!(event["reason"], refused.refusal.reason().to_string());
        assert_eq!(refused.to_string(), refused.refusal.code().detail());
        assert!(ids.insert(refused.error_id), "every refusal has its own id");
    }
    assert_eq!(ids.len(), house.audit.events().len());
}

/// Whoever forges a token writes its claims: they must not stand in the audit as if they were known.
#[test]
fn forged_tokens_name_nobody() {
    const FORGED: [RefusalCode; 4] = [
        RefusalCode::TokenMalformed,
        RefusalCode::AlgorithmRefused,
        RefusalCode::KeyUnknown,
        RefusalCode::SignatureInvalid,
    ];
    for attack in attacks(SECRET, NOW).into_iter().filter(|a| a.setting == AttackSetting::default())
    {
        let Some(header) = attack.authorization() else { continue };
        let house = House::new();
        let refused = house.gate.authenticate(Some(header.as_ref()), &origin()).unwrap_err();
        assert_eq!(refused.refusal.code(), attack.expected, "{attack:?}");
        let (event, line) = (&house.audit.events()[0], house.event());
        if FORGED.contains(&attack.expected) {
            for field in ["user_id", "role", "jti", "sid"] {
                assert!(event.get(field).is_none(), "{attack:?}: {line}");
            }
            assert!(!line.contains("alice") && !line.contains("forged"), "{attack:?}: {line}");
        }
        let token = String::from_utf8_lossy(&attack.token);
        assert!(token.len() < 16 || !line.contains(&*token), "{attack:?}: {line}");
    }
}
