//! What a header may say to be believed: another algorithm, another key, a key of its own, another format.

use super::{AttackSetting, Corpus, key_id, shown};
use crate::keys::Algorithm;
use crate::refusal::RefusalCode::{AlgorithmRefused, KeyUnknown, SignatureInvalid, TokenMalformed};
use crate::testing::{Forge, Signature};

/// The key of another service, or one that was taken off the list.
const OTHER_SECRET: &str = "5b1c0d9e8f7a6b5c43d1f0b7c9e8a462";

pub(super) fn add(corpus: &mut Corpus<'_>) {
    no_algorithm(corpus);
    other_spelling(corpus);
    other_algorithm(corpus);
    key_names(corpus);
    other_keys(corpus);
    parameters(corpus);
    critical(corpus);
    encryption(corpus);
}

impl Corpus<'_> {
    /// The good token under this header, with a good signature over it.
    fn with_header(&self, raw: impl Into<Vec<u8>>) -> Forge {
        self.good().with_header(raw)
    }

    /// The usual header and this member.
    fn with_parameter(&self, raw: &str) -> Forge {
        self.with_header(format!(r#"{{"alg":"HS256","typ":"JWT",{raw}}}"#))
    }
}

/// CVE-2015-2951; the object form is what a careless serde enum takes for HS256.
fn no_algorithm(corpus: &mut Corpus<'_>) {
    let values = [
        r#""none""#,
        r#""None""#,
        r#""NONE""#,
        r#""nOnE""#,
        r#""none ""#,
        r#""n\u006fne""#,
        r#""""#,
        "null",
        "0",
        "256",
        "true",
        r#"["HS256"]"#,
        r#"["none","HS256"]"#,
        r#"{"HS256":null}"#,
        r#"{"alg":"HS256"}"#,
    ];
    for raw in values {
        let signed = corpus.with_header(format!(r#"{{"alg":{raw},"typ":"JWT"}}"#));
        let unsigned = signed.clone().with_signature(Signature::Missing);
        corpus.add("A01", format!("alg {raw}, signed"), &signed, AlgorithmRefused);
        corpus.add("A01", format!("alg {raw}, unsigned"), &unsigned, AlgorithmRefused);
    }
    for raw in [r#"{"typ":"JWT"}"#, "{}", r#"{"ALG":"HS256"}"#] {
        let missing = corpus.with_header(raw);
        corpus.add("A01", format!("alg missing: {raw}"), &missing, AlgorithmRefused);
    }
}

fn other_spelling(corpus: &mut Corpus<'_>) {
    for alg in
        ["hs256", "Hs256", "HS256 ", " HS256", r"HS256\n", r"HS256\u0000", "HS-256", "ＨＳ256"]
    {
        let forge = corpus.with_header(format!(r#"{{"alg":"{alg}","typ":"JWT"}}"#));
        corpus.add("A02", format!("alg {alg:?}"), &forge, AlgorithmRefused);
    }
}

fn other_algorithm(corpus: &mut Corpus<'_>) {
    for algorithm in [Algorithm::Hs384, Algorithm::Hs512] {
        let key = corpus.secret.as_bytes().to_vec();
        let forge = corpus
            .with_header(format!(r#"{{"alg":"{algorithm}","typ":"JWT"}}"#))
            .with_signature(Signature::Hmac { algorithm, key });
        corpus.add("A03", format!("a genuine {algorithm}"), &forge, AlgorithmRefused);
    }
    for alg in ["RS256", "ES256", "EdDSA", "Ed25519", "PS256", "ES256K", "HS1", "dir"] {
        let forge = corpus.with_header(format!(r#"{{"alg":"{alg}","typ":"JWT"}}"#));
        corpus.add("A03", format!("a MAC under the name {alg}"), &forge, AlgorithmRefused);
    }
}

/// Ids that a careless reader hands to a file system, a database or a log. Each is tried with the key that the
/// trick would yield, the empty one, and with the good key.
fn key_names(corpus: &mut Corpus<'_>) {
    let huge = format!(r#""{}""#, "k".repeat(64 * 1024));
    let long = format!(r#""{}""#, "k".repeat(65));
    let illegal = [
        r#""../../../../../../dev/null""#,
        r#""/dev/null""#,
        r#""' UNION SELECT 'secret' -- ""#,
        r#""key\u0000""#,
        r#""key\n""#,
        r#"" key""#,
        r#""ключ""#,
        r#""$(id)""#,
        r#""http://127.0.0.1/key""#,
        r#""{\"$ne\":null}""#,
        r#"{"$ne":null}"#,
        r#"["key"]"#,
        r#""""#,
        "null",
        "0",
        &long,
        &huge,
    ];
    for raw in illegal {
        try_key_name(corpus, raw, TokenMalformed);
    }
    let longest = format!(r#""{}""#, "k".repeat(64));
    for raw in [r#""unknown""#, r#""..""#, r#"".env""#, r#""0""#, &longest] {
        try_key_name(corpus, raw, KeyUnknown);
    }
}

fn try_key_name(corpus: &mut Corpus<'_>, raw: &str, expected: crate::refusal::RefusalCode) {
    let good = corpus.with_parameter(&format!(r#""kid":{raw}"#));
    let empty = Signature::Hmac { algorithm: Algorithm::Hs256, key: Vec::new() };
    corpus.add("A06", format!("kid {}, the good key", shown(raw)), &good, expected);
    let empty = good.with_signature(empty);
    corpus.add("A06", format!("kid {}, the empty key", shown(raw)), &empty, expected);
}

fn other_keys(corpus: &mut Corpus<'_>) {
    let own = key_id(corpus.secret).unwrap_or_default();
    let other = key_id(OTHER_SECRET).unwrap_or_default();
    let key = Signature::Hmac { algorithm: Algorithm::Hs256, key: OTHER_SECRET.into() };
    let named = |corpus: &Corpus<'_>, id| corpus.with_parameter(&format!(r#""kid":"{id}""#));
    let both = AttackSetting { previous: Some(OTHER_SECRET), ..AttackSetting::default() };

    let forge = named(corpus, &other);
    corpus.add_with(both, "A07", "kid of another key of the ring", &forge, SignatureInvalid);
    let forge = named(corpus, &own).with_signature(key.clone());
    corpus.add_with(both, "A07", "own kid, another key of the ring", &forge, SignatureInvalid);
    corpus.add("A07", "own kid, a retired key", &forge, SignatureInvalid);
    let forge = named(corpus, &other).with_signature(key.clone());
    corpus.add("A07", "kid of a retired key", &forge, KeyUnknown);
    let forge = corpus.good().with_signature(key);
    corpus.add("A07", "a retired key without kid", &forge, SignatureInvalid);
}

/// Keys that a token brings along (CVE-2018-0114), and `b64` (RFC 7797).
fn parameters(corpus: &mut Corpus<'_>) {
    let own_key = r#""jwk":{"kty":"oct","k":"YXR0YWNrZXItYXR0YWNrZXItYXR0YWNrZXItYXR0"}"#;
    let attacker = b"attacker-attacker-attacker-att".to_vec();
    let by_own_key = Signature::Hmac { algorithm: Algorithm::Hs256, key: attacker };
    let forge = corpus.with_parameter(own_key).with_signature(by_own_key);
    corpus.add("A08", "jwk, signed with it", &forge, TokenMalformed);
    let links = [
        own_key,
        r#""jwk":null"#,
        r#""jku":"https://attacker.example/keys.json""#,
        r#""x5u":"http://169.254.169.254/latest""#,
        r#""x5c":["MIIB"]"#,
        r#""x5t":"AAAAAAAAAAAAAAAAAAAAAAAAAAA""#,
        r#""x5t#S256":"AAAA""#,
        r#""j\u0077k":{}"#,
    ];
    for raw in links {
        let forge = corpus.with_parameter(raw);
        corpus.add("A08", format!("header with {}", shown(raw)), &forge, TokenMalformed);
    }
    for raw in [r#""b64":false"#, r#""b64":false,"crit":["b64"]"#, r#""b64":true"#, r#""b64":"no""#]
    {
        let forge = corpus.with_parameter(raw);
        corpus.add("A10", format!("header with {raw}"), &forge, TokenMalformed);
    }
    let plain = corpus.with_parameter(r#""b64":false,"crit":["b64"]"#);
    let plain = plain.with_encoded_payload(corpus.good().payload());
    corpus.add("A10", "a payload that is not encoded", &plain, TokenMalformed);
}

/// Any `crit` is refused: this crate understands no extension (CVE-2025-59420).
fn critical(corpus: &mut Corpus<'_>) {
    let values = [
        r#""crit":["exp"]"#,
        r#""crit":["exp"],"exp":1"#,
        r#""crit":["https://example.com/x"],"https://example.com/x":true"#,
        r#""crit":["absent"]"#,
        r#""crit":["alg"]"#,
        r#""crit":["x","x"],"x":1"#,
        r#""crit":[]"#,
        r#""crit":[5]"#,
        r#""crit":"exp""#,
        r#""crit":{"exp":true}"#,
        r#""crit":null"#,
        r#""crit":false"#,
        r#""cr\u0069t":["exp"]"#,
    ];
    for raw in values {
        let forge = corpus.with_parameter(raw);
        corpus.add("A09", format!("header with {raw}"), &forge, TokenMalformed);
    }
}

/// Parameters of encrypted, compressed or nested tokens, and an encrypted token itself.
fn encryption(corpus: &mut Corpus<'_>) {
    let values = [
        r#""zip":"DEF""#,
        r#""enc":"A256GCM""#,
        r#""p2c":2147483647"#,
        r#""p2s":"c2FsdA""#,
        r#""epk":{"kty":"EC"}"#,
        r#""apu":"QWxpY2U""#,
        r#""apv":"Qm9i""#,
        r#""iv":"AAAA""#,
        r#""tag":"AAAA""#,
        r#""cty":"JWT""#,
        r#""cty":"jwt""#,
    ];
    for raw in values {
        let forge = corpus.with_parameter(raw);
        corpus.add("A11", format!("header with {raw}"), &forge, TokenMalformed);
    }
    let nested = corpus.with_parameter(r#""cty":"JWT""#).with_payload(corpus.good().token());
    corpus.add("A11", "a token in a token", &nested, TokenMalformed);
    let jwe =
        "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA";
    corpus.add_text("A11", "an encrypted token", jwe, TokenMalformed);
}
