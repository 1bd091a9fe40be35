//! Any bytes as a header's value and as a token: accepted is what has the form of one, and nothing else.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mcp_auth::validate::{MAX_TOKEN_BYTES, RawToken};
use mcp_auth_fuzz::{decode, has_form_of_token};

fuzz_target!(|data: &[u8]| {
    bare(data);
    header(data);
    let with_scheme = [b"Bearer ", data].concat();
    header(&with_scheme);
});

fn bare(data: &[u8]) {
    let accepted = RawToken::from_bytes(data);
    let fits = data.len() <= MAX_TOKEN_BYTES && has_form_of_token(data);
    // In between lie tokens with a part that is base64url and no encoding of anything, such as `.A.`: they are
    // refused by whichever stage decodes that part.
    let decodes = |part: &[u8]| str::from_utf8(part).is_ok_and(|part| decode(part).is_some());
    let sound = fits && data.split(|byte| *byte == b'.').all(decodes);
    assert!(fits || accepted.is_err(), "accepted without the form of a token");
    assert!(!sound || accepted.is_ok(), "refused with the form of a token: {accepted:?}");
    silent(&format!("{accepted:?}"), data);
}

fn header(data: &[u8]) {
    let accepted = RawToken::from_authorization(Some(data));
    silent(&format!("{accepted:?}"), data);
    if accepted.is_err() {
        return;
    }
    let (scheme, rest) = data.split_at(b"bearer".len());
    assert!(scheme.eq_ignore_ascii_case(b"bearer"), "another scheme");
    assert_eq!(rest.first(), Some(&b' '), "no space after the scheme");
    assert!(has_form_of_token(rest.trim_ascii_start()), "no token after the scheme");
}

/// No formatter shows what might have been a token. Only long runs count: the fuzzer learns our own words.
fn silent(text: &str, data: &[u8]) {
    let is_base64url = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_".contains(byte);
    for run in data.split(|byte| !is_base64url(byte)).filter(|run| run.len() >= 32) {
        let run = str::from_utf8(run).expect("base64url is ASCII");
        assert!(!text.contains(run), "{text} shows the input");
    }
}
