//! The outer form: other serialisations, missing parts, cut signatures, sloppy base64url, sizes.

use super::Corpus;
use crate::refusal::RefusalCode::{ClaimsInvalid, SignatureInvalid, TokenMalformed};
use crate::testing::Signature;
use crate::validate::{MAX_HEADER_BYTES, MAX_PAYLOAD_BYTES, MAX_TOKEN_BYTES};

const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

pub(super) fn add(corpus: &mut Corpus<'_>) {
    json_forms(corpus);
    missing_parts(corpus);
    signature_lengths(corpus);
    second_spellings(corpus);
    stray_characters(corpus);
    dots(corpus);
    sizes(corpus);
}

impl Corpus<'_> {
    /// The good token as text.
    fn text(&self) -> String {
        String::from_utf8(self.good().token()).unwrap_or_default()
    }

    /// Its three parts.
    fn parts(&self) -> (String, String, String) {
        let text = self.text();
        let mut parts = text.split('.').map(str::to_owned);
        let mut next = || parts.next().unwrap_or_default();
        (next(), next(), next())
    }
}

/// The JSON serialisation, and a text that is both that and compact (CVE-2022-39227).
fn json_forms(corpus: &mut Corpus<'_>) {
    let (header, payload, signature) = corpus.parts();
    let members = format!(r#""protected":"{header}","signature":"{signature}""#);
    let forms = [
        ("flattened JSON", format!(r#"{{"payload":"{payload}",{members}}}"#)),
        ("general JSON", format!(r#"{{"payload":"{payload}","signatures":[{{{members}}}]}}"#)),
        (
            "compact and JSON at once",
            format!(r#"{{"{header}.{payload}.":"","payload":"{payload}",{members}}}"#),
        ),
    ];
    for (name, text) in forms {
        corpus.add_text("A12", name, text, TokenMalformed);
    }
}

fn missing_parts(corpus: &mut Corpus<'_>) {
    let (header, payload, signature) = corpus.parts();
    let unsigned = corpus.good().with_signature(Signature::Missing);
    corpus.add("A14", "an empty signature", &unsigned, SignatureInvalid);
    let unsigned = unsigned.with_claim("role", r#""superadmin""#);
    corpus.add("A14", "other claims and an empty signature", &unsigned, SignatureInvalid);
    let empty_payload = corpus.good().with_encoded_payload("");
    corpus.add("A14", "an empty payload, signed", &empty_payload, ClaimsInvalid);
    let empty_header = corpus.good().with_encoded_header("");
    corpus.add("A14", "an empty header, signed", &empty_header, TokenMalformed);
    let texts = [
        ("no last dot", format!("{header}.{payload}")),
        ("the header alone", header.clone()),
        ("the signature first", format!("{signature}.{header}.{payload}")),
        ("nothing", String::new()),
        ("one dot", ".".to_owned()),
        ("two dots", "..".to_owned()),
    ];
    for (name, text) in texts {
        corpus.add_text("A14", name, text, TokenMalformed);
    }
}

fn signature_lengths(corpus: &mut Corpus<'_>) {
    for bytes in 1..32 {
        let forge = corpus.good().with_signature(Signature::Truncated(bytes));
        corpus.add("A15", format!("{bytes} bytes of the MAC"), &forge, SignatureInvalid);
    }
    for more in [vec![0], vec![0; 16], vec![0; 32], vec![0xff; 224], vec![0; 1024]] {
        let name = format!("the MAC and {} bytes", more.len());
        let forge = corpus.good().with_signature(Signature::Extended(more));
        corpus.add("A15", name, &forge, SignatureInvalid);
    }
    for bytes in [vec![0; 32], vec![0xff; 32]] {
        let forge = corpus.good().with_signature(Signature::Bytes(bytes));
        corpus.add("A15", "a MAC of the right length", &forge, SignatureInvalid);
    }
}

/// The same bytes written in a second way: whoever lists or caches tokens by their text would be passed by.
fn second_spellings(corpus: &mut Corpus<'_>) {
    let text = corpus.text();
    for spare in 1..4 {
        let token = with_spare_bits(&text, spare);
        corpus.add_text(
            "A16",
            format!("spare bits {spare} in the signature"),
            token,
            SignatureInvalid,
        );
    }
    // One byte past a multiple of three leaves four spare bits.
    let header = encoded(br#"{"alg":"HS256","typ":"JWT" }"#);
    let payload = encoded(b"{ }AAAA");
    for spare in [1, 8, 15] {
        let forge = corpus.good().with_encoded_header(with_spare_bits(&header, spare));
        corpus.add("A16", format!("spare bits {spare} in the header"), &forge, TokenMalformed);
        let forge = corpus.good().with_encoded_payload(with_spare_bits(&payload, spare));
        corpus.add("A16", format!("spare bits {spare} in the payload"), &forge, TokenMalformed);
    }
    let forge = corpus.good().with_encoded_header(header + "AAA");
    corpus.add("A16", "a header of an impossible length", &forge, TokenMalformed);
    let forge = corpus.good().with_encoded_payload("AAAAA");
    corpus.add("A16", "a payload of an impossible length", &forge, TokenMalformed);
}

fn encoded(bytes: &[u8]) -> String {
    base64_simd::URL_SAFE_NO_PAD.encode_to_string(bytes)
}

/// The text with its last character moved on by `by` places, into bits that stand for nothing.
fn with_spare_bits(text: &str, by: usize) -> String {
    let moved = |last: char| ALPHABET.find(last).and_then(|at| ALPHABET.chars().nth(at + by));
    let mut text = text.to_owned();
    let last = text.pop().and_then(moved);
    text.extend(last);
    text
}

fn stray_characters(corpus: &mut Corpus<'_>) {
    let text = corpus.text();
    let (header, payload, signature) = corpus.parts();
    for stray in
        ["=", "==", " ", "\n", "\r\n", "\t", "+", "/", "%20", "é", "\0", "\u{feff}", "\u{7f}"]
    {
        let name = |place: &str| format!("{stray:?} {place}");
        let texts = [
            (name("at the end"), format!("{text}{stray}")),
            (name("at the start"), format!("{stray}{text}")),
            (name("after the header"), format!("{header}{stray}.{payload}.{signature}")),
            (name("after the payload"), format!("{header}.{payload}{stray}.{signature}")),
        ];
        for (name, text) in texts {
            corpus.add_text("A16", name, text, TokenMalformed);
        }
    }
    let not_text = [text.as_bytes(), &[0xff]].concat();
    corpus.add_text("A16", "a byte that is no text", not_text, TokenMalformed);
    // These claims encode to text that holds both `-` and `_`.
    let forge = corpus.good().with_claim("x", r#"">>>???~~~>>>???""#);
    let token = String::from_utf8(forge.token()).unwrap_or_default();
    corpus.add_text(
        "A16",
        "plain base64",
        token.replace('-', "+").replace('_', "/"),
        TokenMalformed,
    );
}

/// CVE-2025-30204: nothing may be split into as many parts as the sender likes.
fn dots(corpus: &mut Corpus<'_>) {
    let text = corpus.text();
    let texts = [
        ("a dot at the end", format!("{text}.")),
        ("a fourth part", format!("{text}.AAAA")),
        ("a dot at the start", format!(".{text}")),
        ("three dots", "...".to_owned()),
        ("8 KiB of dots", ".".repeat(MAX_TOKEN_BYTES)),
        ("a million dots", ".".repeat(1_000_000)),
    ];
    for (name, text) in texts {
        corpus.add_text("A17", name, text, TokenMalformed);
    }
}

fn sizes(corpus: &mut Corpus<'_>) {
    let padded = |bytes: usize| format!(r#""{}""#, "a".repeat(bytes));
    for bytes in [MAX_TOKEN_BYTES, 5_000_000] {
        let forge = corpus.good().with_claim("pad", padded(bytes));
        corpus.add("A21", format!("over {bytes} bytes"), &forge, TokenMalformed);
    }
    let header = format!(r#"{{"alg":"HS256","pad":{}}}"#, padded(MAX_HEADER_BYTES * 3 / 4 - 22));
    let forge = corpus.good().with_header(header);
    corpus.add("A21", "a header just over its bound", &forge, TokenMalformed);
    let empty = corpus.good().with_claim("pad", padded(0)).payload().len();
    let forge = corpus.good().with_claim("pad", padded(MAX_PAYLOAD_BYTES + 1 - empty));
    corpus.add("A21", "a payload just over its bound", &forge, TokenMalformed);
    let forge = (0..58).fold(corpus.good(), |f, n| f.and_claim(&format!("c{n}"), "0"));
    corpus.add("A21", "65 claims", &forge, ClaimsInvalid);
    let members = (0..64).map(|n| format!(r#","c{n}":0"#)).collect::<Vec<_>>().concat();
    let forge = corpus.good().with_header(format!(r#"{{"alg":"HS256"{members}}}"#));
    corpus.add("A21", "65 header parameters", &forge, TokenMalformed);
}
