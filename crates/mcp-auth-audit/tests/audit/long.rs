//! Events with texts of any length: a mutation that is too long is refused, a decision is written all the same.

use std::sync::LazyLock;

use mcp_auth::audit::{AuditEvent, AuditKind, AuditSink, ErrorId};
use mcp_auth::clock::Timestamp;
use mcp_auth::refusal::{Reason, RefusalCode};
use mcp_auth::testing::AttackSetting;
use mcp_auth::{Gate, Origin};
use mcp_auth_audit::{AppendError, Entry};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::house::House;

const CODE: RefusalCode = RefusalCode::NotFound;

/// Only a gate gives ids.
static ERROR_ID: LazyLock<ErrorId> = LazyLock::new(|| {
    let secret = "f0e1d2c3b4a5968778695a4b3c2d1e0f";
    let gate = Gate::new(AttackSetting::default().validator(secret).unwrap());
    let reason = Reason::Request { code: CODE, detail: String::new() };
    gate.refuse(reason.into(), &AuditEvent::default(), &Origin::default()).error_id
});

fn refusal<'a>() -> AuditEvent<'a> {
    let at = Timestamp::from_unix_seconds(1_000);
    let mut event = AuditEvent::new(AuditKind::RequestRefused, at);
    (event.code, event.error_id) = (Some(CODE), Some(*ERROR_ID));
    event
}

/// Short texts, and such as are far too long, of characters that JSON makes longer.
fn text() -> impl Strategy<Value = Option<String>> {
    let pieces = select(vec!["a", "\"", "\\", "\u{1}", "\u{7f}", "é", "\u{202e}", "\u{10ffff}"]);
    let long = (pieces, 0_usize..30_000).prop_map(|(piece, count)| piece.repeat(count));
    option::of(prop_oneof![any::<String>(), long])
}

/// Writes one decision into a new log, and returns its line; there is no other.
fn line_of(event: &AuditEvent<'_>) -> Entry {
    let house = House::new();
    let log = house.open();
    log.record(event);
    assert!(log.is_writable() && log.health().lost_lines == 0);
    log.close().unwrap();
    let mut lines = house.lines();
    let names: Vec<_> = lines.iter().map(|line| line.event["event"].clone()).collect();
    assert_eq!(names, ["audit_log_created", event.event.name(), "audit_checkpoint"]);
    lines.remove(1)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn whatever_its_texts_a_decision_is_one_line(texts in proptest::array::uniform11(text())) {
        let mut event = refusal();
        [
            event.user_id, event.role, event.jti, event.sid, event.token, event.target, event.server, event.tool_name,
            event.outcome, event.reason, event.request_id,
        ] = texts.each_ref().map(Option::as_deref);
        let line = line_of(&event).event;
        prop_assert_eq!(&line["code"], CODE.name());
        prop_assert_eq!(&line["error_id"], &ERROR_ID.to_string());
        prop_assert_eq!(&line["timestamp"], "1970-01-01T00:16:40.000Z");
        let written = line.get("user_id").map(|user| user.as_str().unwrap());
        prop_assert_eq!(written.is_some(), event.user_id.is_some());
        let (written, whole) = (written.unwrap_or_default(), event.user_id.unwrap_or_default());
        let is_cut = line.get("cut").is_some();
        prop_assert!(whole.starts_with(written) && (is_cut || written == whole));
        prop_assert!(written == whole || written.len() > 1_000 / 6);
    }
}

#[test]
fn a_decision_that_is_too_long_is_cut_and_says_so() {
    let name = "\"".repeat(34_000);
    let mut event = refusal();
    (event.user_id, event.reason) = (Some("mallory"), Some(name.as_str()));
    let line = line_of(&event).event;
    assert_eq!((&line["user_id"], &line["cut"]), (&"mallory".into(), &true.into()));
    assert!(name.starts_with(line["reason"].as_str().unwrap()));
    event.reason = Some("no more than this");
    assert!(line_of(&event).event.get("cut").is_none());
}

#[test]
fn a_mutation_that_is_too_long_is_refused() {
    let house = House::new();
    let log = house.open();
    let mut event = refusal();
    let reason = "x".repeat(70_000);
    event.reason = Some(&reason);
    assert!(matches!(log.append_blocking(&event), Err(AppendError::NotALine)));
    assert!(log.is_writable());
    log.append_blocking(&event.shortened()).unwrap();
}
