//! Any bytes as a header, and any text as a token: what our reader accepts, `serde_json` reads the same way.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mcp_auth::keys::KeyId;
use mcp_auth::validate::{ParsedToken, RawToken};
use mcp_auth_fuzz::{decode, encode, object};

fuzz_target!(|data: &[u8]| {
    let token = format!("{}.e30.c2ln", encode(data));
    if let Ok(parsed) = RawToken::from_bytes(token.as_bytes()).and_then(RawToken::parse) {
        agrees(&parsed, data);
    }
    raw(data);
});

/// The input is the whole token, so the base64 is the fuzzer's too.
fn raw(data: &[u8]) {
    let Ok(parsed) = RawToken::from_bytes(data).and_then(RawToken::parse) else { return };
    let header = data.split(|byte| *byte == b'.').next().unwrap_or_default();
    let header = std::str::from_utf8(header).expect("base64url is ASCII");
    agrees(&parsed, &decode(header).expect("an accepted header is base64url"));
}

fn agrees(parsed: &ParsedToken<'_>, header: &[u8]) {
    let read = object(header).expect("an accepted header is a JSON object");
    let text = |name: &str| read.get(name).map(|value| value.as_str().expect("a string"));
    assert_eq!(text("alg"), Some(parsed.algorithm().name()));
    assert_eq!(text("kid"), parsed.key_id());
    assert!(parsed.key_id().is_none_or(|id| KeyId::new(id).is_some()), "an unsafe kid");
    assert!(matches!(text("typ"), None | Some("JWT" | "at+jwt")), "another typ");
    for unsupported in ["crit", "b64", "jwk", "jku", "x5u", "x5c", "zip", "enc"] {
        assert!(!read.contains_key(unsupported), "{unsupported} was overlooked");
    }
}
