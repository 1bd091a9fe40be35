//! The JSON of an event, to the byte as `serde_json` writes it. Every request leaves an event, and nearly all that is in
//! one is short text that needs no escapes: knowing that, it is written in half the time.

use serde::Serialize;

use super::AuditEvent;

/// What stands between the value before and that of the member, in one piece.
macro_rules! member {
    ($name:literal) => {
        concat!(",\"", $name, "\":")
    };
}

impl AuditEvent<'_> {
    /// Adds the event's JSON object to `to`.
    pub fn write_json(&self, to: &mut Vec<u8>) {
        // Taken apart by name, so that no field can be forgotten here.
        let Self {
            timestamp,
            event,
            user_id,
            role,
            jti,
            sid,
            token,
            target,
            server,
            tool_name,
            success,
            outcome,
            execution_time,
            size,
            expiry_hours,
            code,
            reason,
            error_id,
            ip_address,
            request_id,
            cut,
        } = self;
        to.extend_from_slice(b"{\"timestamp\":\"");
        to.extend_from_slice(&timestamp.to_rfc3339_milliseconds());
        to.push(b'"');
        text(to, member!("event"), Some(event.name()));
        text(to, member!("user_id"), *user_id);
        text(to, member!("role"), *role);
        text(to, member!("jti"), *jti);
        text(to, member!("sid"), *sid);
        text(to, member!("token"), *token);
        text(to, member!("target"), *target);
        text(to, member!("server"), *server);
        text(to, member!("tool_name"), *tool_name);
        value(to, member!("success"), success.as_ref());
        text(to, member!("outcome"), *outcome);
        value(to, member!("execution_time"), execution_time.as_ref());
        value(to, member!("size"), size.as_ref());
        value(to, member!("expiry_hours"), expiry_hours.as_ref());
        value(to, member!("code"), code.as_ref());
        text(to, member!("reason"), *reason);
        value(to, member!("error_id"), error_id.as_ref());
        value(to, member!("ip_address"), ip_address.as_ref());
        text(to, member!("request_id"), *request_id);
        value(to, member!("cut"), cut.as_ref());
        to.push(b'}');
    }
}

fn text(to: &mut Vec<u8>, member: &str, text: Option<&str>) {
    let Some(plain) = text.filter(|text| is_plain(text)) else {
        return value(to, member, text.as_ref());
    };
    to.extend_from_slice(member.as_bytes());
    to.push(b'"');
    to.extend_from_slice(plain.as_bytes());
    to.push(b'"');
}

/// Counts, because what has no early end looks at many bytes in one step.
fn is_plain(text: &str) -> bool {
    let special = |byte: &u8| *byte < b' ' || matches!(byte, b'"' | b'\\');
    text.bytes().filter(special).count() == 0
}

fn value(to: &mut Vec<u8>, member: &str, value: Option<&impl Serialize>) {
    if let Some(value) = value {
        to.extend_from_slice(member.as_bytes());
        // None of these can fail, and neither can a vector.
        let _ = serde_json::to_writer(to, value);
    }
}

#[cfg(test)]
mod tests {
    use proptest::option;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use crate::audit::{AuditKind, ErrorId};
    use crate::clock::Timestamp;
    use crate::refusal::RefusalCode;

    fn is_as_serde_json_writes_it(event: &AuditEvent<'_>) -> Result<(), TestCaseError> {
        let mut written = b"before".to_vec();
        event.write_json(&mut written);
        let written = String::from_utf8(written).unwrap();
        let expected = format!("before{}", serde_json::to_string(event).unwrap());
        prop_assert_eq!(written, expected);
        Ok(())
    }

    proptest! {
        #[test]
        fn it_is_what_serde_json_writes(
            kind in select(AuditKind::ALL),
            at in 0_u64..10_000_000_000,
            texts in proptest::array::uniform11(option::of(any::<String>())),
            success: Option<bool>,
            execution_time: Option<f64>,
            expiry_hours: Option<f64>,
            size: Option<u64>,
            code in option::of(select(RefusalCode::ALL)),
            error_id: Option<[u8; 8]>,
            cut: Option<bool>,
            ip_address: Option<std::net::IpAddr>,
        ) {
            let [user_id, role, jti, sid, token, target, server, tool_name, outcome, reason, request_id] =
                texts.each_ref().map(Option::as_deref);
            is_as_serde_json_writes_it(&AuditEvent {
                timestamp: Timestamp::from_unix_seconds(at),
                event: kind,
                user_id, role, jti, sid, token, target, server, tool_name, success, outcome, execution_time, size,
                expiry_hours, code, reason,
                error_id: error_id.map(ErrorId::new),
                ip_address, request_id, cut,
            })?;
        }
    }

    #[test]
    fn each_byte_of_ascii_is_escaped_where_json_wants_it() {
        for byte in 0..=127 {
            let text = format!("a{}z", char::from(byte));
            let event = AuditEvent { user_id: Some(&text), ..AuditEvent::default() };
            is_as_serde_json_writes_it(&event).unwrap();
        }
    }
}
