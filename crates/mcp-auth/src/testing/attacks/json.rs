//! JSON that readers disagree about: names twice, things that are no object, depth, broken text in what nobody reads.

use super::{Corpus, shown};
use crate::refusal::RefusalCode::{ClaimsInvalid, TokenMalformed};

pub(super) fn add(corpus: &mut Corpus<'_>) {
    equal_names(corpus);
    not_an_object(corpus);
    depth(corpus);
    not_utf8(corpus);
    ignored_members(corpus);
}

/// Names count as equal after unescaping: `ro\u006ce` is `role`.
fn equal_names(corpus: &mut Corpus<'_>) {
    let headers = [
        r#"{"alg":"HS256","alg":"none"}"#,
        r#"{"alg":"none","alg":"HS256"}"#,
        r#"{"alg":"HS256","typ":"JWT","typ":"JWT"}"#,
        r#"{"alg":"HS256","a\u006cg":"none"}"#,
        r#"{"alg":"HS256","x":1,"x":1}"#,
        r#"{"alg":"HS256","x":{"y":1,"y":2}}"#,
    ];
    for raw in headers {
        let forge = corpus.good().with_header(raw);
        corpus.add("A18", format!("header {raw}"), &forge, TokenMalformed);
    }
    let again = [
        ("role", r#""admin""#),
        ("role", r#""user""#),
        (r"ro\u006ce", r#""admin""#),
        (r"\u0072\u006F\u006c\u0065", r#""admin""#),
        ("user_id", r#""root""#),
        ("exp", "253402300799"),
        (r"\u0065xp", "253402300799"),
        ("jti", r#""other""#),
    ];
    for (name, raw) in again {
        let forge = corpus.good().and_claim(name, raw);
        corpus.add("A18", format!("{name} once more, {raw}"), &forge, ClaimsInvalid);
    }
    let unknown =
        [("x", r"x"), ("x", r"\u0078"), ("", ""), ("é", r"\u00e9"), ("😀", r"\ud83d\ude00")];
    for (first, second) in unknown {
        let forge = corpus.good().and_claim(first, "1").and_claim(second, "2");
        corpus.add("A18", format!("{first:?} and {second:?}"), &forge, ClaimsInvalid);
    }
    for raw in [r#"{"a":1,"a":2}"#, r#"[{"a":1,"\u0061":2}]"#, r#"{"b":{"a":{},"a":{}}}"#] {
        let forge = corpus.good().with_claim("nested", raw);
        corpus.add("A18", format!("nested {raw}"), &forge, ClaimsInvalid);
    }
}

/// A derived reader takes an array for a struct; a lenient one forgives what surrounds the object.
fn not_an_object(corpus: &mut Corpus<'_>) {
    let good = String::from_utf8(corpus.good().payload()).unwrap_or_default();
    let array = format!(r#"["alice","alice","user","access",{0},{0},"forged"]"#, corpus.now + 600);
    let claims = spoiled(&good);
    let payloads = claims.iter().map(String::as_str).chain([array.as_str()]);
    for raw in payloads {
        let forge = corpus.good().with_payload(raw);
        corpus.add("A19", format!("payload {:?}", shown(raw)), &forge, ClaimsInvalid);
    }
    let headers = spoiled(r#"{"alg":"HS256","typ":"JWT"}"#);
    let array = r#"["HS256","JWT"]"#;
    for raw in headers.iter().map(String::as_str).chain([array]) {
        let forge = corpus.good().with_header(raw);
        corpus.add("A19", format!("header {:?}", shown(raw)), &forge, TokenMalformed);
    }
}

/// An object with something around or in it that does not belong there, and things that are none.
fn spoiled(object: &str) -> Vec<String> {
    let open = object.strip_suffix('}').unwrap_or_default();
    let around = [
        format!("[{object}]"),
        format!("{object}{object}"),
        format!("{object}x"),
        format!("{object},"),
        format!("{object}\0"),
        format!("\u{feff}{object}"),
        format!("\u{a0}{object}"),
        format!("\u{c}{object}"),
        format!("/**/{object}"),
        format!("{object}//"),
        format!("{open},}}"),
        format!("{open},,\"x\":1}}"),
        format!("{open},\"x\"}}"),
        format!("{open},x:1}}"),
        format!("{open},'x':1}}"),
        format!("{open},\"x\":1;}}"),
        format!("{open},\"x\":undefined}}"),
        format!("{open},\"x\":tru}}"),
        format!("{open},\"x\":[1,]}}"),
        format!("{open},\"x\":\"a\tb\"}}"),
        format!("{open},\"x\":\"\\x41\"}}"),
        open.to_owned(),
    ];
    let none = ["[]", "\"text\"", "1", "null", "true", "", " "].map(str::to_owned);
    around.into_iter().chain(none).collect()
}

/// The object around it counts: sixteen levels are the most.
fn depth(corpus: &mut Corpus<'_>) {
    let arrays = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let objects = |levels: usize| format!("{}0{}", r#"{"a":"#.repeat(levels), "}".repeat(levels));
    let values = [
        ("17 levels of arrays", arrays(16)),
        ("17 levels of objects", objects(16)),
        ("1,500 levels", arrays(1_500)),
        ("3,000 levels that never end", "[".repeat(3_000)),
    ];
    for (name, raw) in values {
        let forge = corpus.good().with_claim("ignored", raw);
        corpus.add("A20", name, &forge, ClaimsInvalid);
    }
    let forge = corpus.good().with_claim("ignored", arrays(100_000));
    corpus.add("A20", "100,000 levels", &forge, TokenMalformed);
    for levels in [16, 300] {
        let forge =
            corpus.good().with_header(format!(r#"{{"alg":"HS256","x":{}}}"#, arrays(levels)));
        corpus.add("A20", format!("{} levels in the header", levels + 1), &forge, TokenMalformed);
    }
}

/// In a claim that nobody reads: still no text, so no payload.
fn not_utf8(corpus: &mut Corpus<'_>) {
    let sequences: [(&str, &[u8]); 5] = [
        ("a stray byte", &[0xff]),
        ("a cut character", &[0xe2, 0x82]),
        ("an overlong slash", &[0xc0, 0xaf]),
        ("half a surrogate pair", &[0xed, 0xa0, 0x80]),
        ("past the last character", &[0xf4, 0x90, 0x80, 0x80]),
    ];
    for (name, bytes) in sequences {
        let mut payload = corpus.good().payload();
        payload.pop();
        let payload = [&payload, br#","ignored":""#.as_slice(), bytes, br#""}"#].concat();
        let forge = corpus.good().with_payload(payload);
        corpus.add("A29", format!("{name} in an ignored claim"), &forge, TokenMalformed);
        let header = [br#"{"alg":"HS256","x":""#.as_slice(), bytes, br#""}"#].concat();
        let forge = corpus.good().with_header(header);
        corpus.add("A29", format!("{name} in the header"), &forge, TokenMalformed);
    }
}

fn ignored_members(corpus: &mut Corpus<'_>) {
    let digits = "9".repeat(400);
    let values = [
        r#""\ud800""#,
        r#""\udc00""#,
        r#""\ud800\u0041""#,
        r#""\ud800\ud800""#,
        r#"["\udfff"]"#,
        r#""\u00g0""#,
        "1e999",
        "-1e999",
        "1.5e400",
        r#"{"deep":[1e999]}"#,
        "NaN",
        "Infinity",
        "01",
        "+1",
        "1.",
        ".5",
        "0x10",
        &digits,
    ];
    for raw in values {
        let forge = corpus.good().with_claim("ignored", raw);
        corpus.add("A29", format!("an ignored claim {}", shown(raw)), &forge, ClaimsInvalid);
        let forge = corpus.good().with_header(format!(r#"{{"alg":"HS256","x":{raw}}}"#));
        corpus.add("A29", format!("a header with {}", shown(raw)), &forge, TokenMalformed);
    }
    let forge = corpus.good().and_claim(r"\ud800", "1");
    corpus.add("A29", "half a surrogate pair as a name", &forge, ClaimsInvalid);
}
