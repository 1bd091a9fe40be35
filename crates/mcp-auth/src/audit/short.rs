//! Events whose texts have an end. Clients have a hand in many of them, and a sink's line is only so long: nobody may keep an
//! event out of the audit by making it too large.

use super::AuditEvent;

/// Longest name of anything, in bytes of JSON without the quotes. Legal ones are far shorter.
const NAME: usize = 1024;

/// The same for the reason. It may say how a program is started, in 4 KiB of which each byte needs an escape, and what came
/// of that.
const REASON: usize = 52 * 1024;

/// How many names an event has.
const NAMES: usize = 10;

/// All that is neither name nor reason: the members' names, numbers, the time.
const REST: usize = 1024;

impl AuditEvent<'_> {
    /// What the JSON of an event from [`AuditEvent::shortened`] has at most, in bytes.
    pub const LONGEST_SHORTENED: usize = NAMES * NAME + REASON + REST;

    /// The same with each text cut off where it becomes too long, which [`cut`](Self::cut) then says.
    #[must_use]
    pub fn shortened(mut self) -> Self {
        // Taken apart by name, so that no text can be forgotten here.
        let Self {
            timestamp: _,
            event: _,
            user_id,
            role,
            jti,
            sid,
            token,
            target,
            server,
            tool_name,
            success: _,
            outcome,
            execution_time: _,
            size: _,
            expiry_hours: _,
            code: _,
            reason,
            error_id: _,
            ip_address: _,
            request_id,
            cut,
        } = &mut self;
        let names: [_; NAMES] =
            [user_id, role, jti, sid, token, target, server, tool_name, outcome, request_id];
        let mut is_cut = shorten(reason, REASON);
        for name in names {
            is_cut |= shorten(name, NAME);
        }
        if is_cut {
            *cut = Some(true);
        }
        self
    }
}

/// Whether there was something to cut.
fn shorten(text: &mut Option<&str>, longest: usize) -> bool {
    let Some(whole) = *text else { return false };
    let end = end_within(whole, longest);
    *text = whole.get(..end);
    end < whole.len()
}

/// Where a text ends whose JSON has `longest` bytes at most.
fn end_within(text: &str, longest: usize) -> usize {
    let mut json = 0;
    let passes = |(_, c): &(usize, char)| {
        json += json_length(*c);
        json > longest
    };
    text.char_indices().find(passes).map_or(text.len(), |(at, _)| at)
}

/// Bytes of a character within JSON.
fn json_length(c: char) -> usize {
    match c {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => r#"\""#.len(),
        ..' ' => r"\u0000".len(),
        _ => c.len_utf8(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::audit::{AuditKind, ErrorId};
    use crate::clock::Timestamp;
    use crate::refusal::RefusalCode;

    /// An event with all that it can have, and with this in the place of each text.
    fn full(text: &str) -> AuditEvent<'_> {
        let text = Some(text);
        AuditEvent {
            timestamp: Timestamp::from_unix_seconds(1_000),
            event: *AuditKind::ALL.iter().max_by_key(|kind| kind.name().len()).unwrap(),
            user_id: text,
            role: text,
            jti: text,
            sid: text,
            token: text,
            target: text,
            server: text,
            tool_name: text,
            success: Some(false),
            outcome: text,
            execution_time: Some(-f64::MIN_POSITIVE),
            size: Some(u64::MAX),
            expiry_hours: Some(-f64::MIN_POSITIVE),
            code: RefusalCode::ALL.iter().copied().max_by_key(|code| code.name().len()),
            reason: text,
            error_id: Some(ErrorId::new([255; 8])),
            ip_address: Some([u16::MAX; 8].into()),
            request_id: text,
            cut: None,
        }
    }

    fn json_of(event: &AuditEvent<'_>) -> Vec<u8> {
        let mut json = Vec::new();
        event.write_json(&mut json);
        json
    }

    #[test]
    fn every_text_has_an_end_however_it_is_escaped() {
        for piece in ["a", "\"", "\u{1}", "é", "\u{2028}", "\u{10ffff}", "a\""] {
            let text = piece.repeat(100_000);
            let event = full(&text).shortened();
            assert_eq!(event.cut, Some(true));
            let length = json_of(&event).len();
            assert!(length <= AuditEvent::LONGEST_SHORTENED, "{piece:?}: {length}");
            assert!(length > NAMES * (NAME - 8) + REASON - 8, "{piece:?}: {length}");
        }
    }

    #[test]
    fn what_is_short_enough_stays_as_it_is() {
        for text in ["", "alice", &"\u{1}".repeat(NAME / 6), &"a".repeat(NAME)] {
            assert_eq!(full(text).shortened(), full(text));
        }
    }

    #[test]
    fn a_program_and_what_came_of_it_stay_whole() {
        let text = "\u{1}".repeat(8 * 1024);
        let event = AuditEvent { reason: Some(&text), ..AuditEvent::default() };
        assert_eq!(event.shortened(), event);
    }

    proptest! {
        #[test]
        fn a_text_is_cut_at_the_last_place_that_fits(text: String, longest in 0_usize..40) {
            let (head, tail) = text.split_at(end_within(&text, longest));
            let length = |text: &str| serde_json::to_string(text).unwrap().len() - 2;
            prop_assert!(length(head) <= longest);
            if let Some(next) = tail.chars().next() {
                let longer = format!("{head}{next}");
                prop_assert!(length(&longer) > longest);
            }
        }
    }
}
