//! Dates that are none, and tokens that are too early, too late or made for too long.

use super::{AttackSetting, Corpus};
use crate::refusal::RefusalCode::{ClaimsInvalid, NotYetValid, TokenExpired, TokenTooOld};

pub(super) fn add(corpus: &mut Corpus<'_>) {
    dates(corpus);
    no_expiry(corpus);
    order_of_dates(corpus);
    too_early(corpus);
    too_late(corpus);
}

fn dates(corpus: &mut Corpus<'_>) {
    let as_text = format!(r#""{}""#, corpus.now + 600);
    let as_array = format!("[{}]", corpus.now + 600);
    let values = [
        &as_text,
        &as_array,
        "true",
        "false",
        "null",
        "[]",
        "{}",
        r#""""#,
        r#""never""#,
        "-1",
        "-0",
        "-0.0",
        "-1e-9",
        "NaN",
        "Infinity",
        "-Infinity",
        "1e999",
        "1e300",
        "1e19",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "99999999999999999999",
        "253402300800",
        "253402300800.5",
        "2534023008e2",
        "01767225600",
        "+1767225600",
        "0x69557A00",
        "1767225600.",
        "1_767_225_600",
    ];
    for claim in ["exp", "nbf", "iat"] {
        for raw in values {
            let forge = corpus.good().with_claim(claim, raw);
            corpus.add("A22", format!("{claim} {raw}"), &forge, ClaimsInvalid);
        }
    }
}

fn no_expiry(corpus: &mut Corpus<'_>) {
    let forge = corpus.good().without_claim("exp");
    corpus.add("A23", "no exp", &forge, ClaimsInvalid);
    for name in ["Exp", "EXP", "expires", "exp ", "exp\\u0000"] {
        let forge = corpus.good().without_claim("exp").with_claim(name, "253402300799");
        corpus.add("A23", format!("{name:?} instead of exp"), &forge, ClaimsInvalid);
    }
}

fn order_of_dates(corpus: &mut Corpus<'_>) {
    let now = corpus.now;
    let dated =
        |exp: u64| move |forge: crate::testing::Forge| forge.with_claim("exp", exp.to_string());
    let forge = dated(now + 7_200)(corpus.good()).with_claim("iat", (now + 3_600).to_string());
    corpus.add("A24", "issued in the future", &forge, NotYetValid);
    let forge = corpus.good().with_claim("iat", (now + 601).to_string());
    corpus.add("A24", "issued after its end", &forge, ClaimsInvalid);
    let forge = corpus.good().with_claim("nbf", (now + 601).to_string());
    corpus.add("A24", "begins after its end", &forge, ClaimsInvalid);
    let forge = dated(now + 31_536_000)(corpus.good())
        .with_claim("iat", now.saturating_sub(3_601).to_string());
    corpus.add("A24", "made for a year, and over an hour old", &forge, TokenTooOld);
    let forge = dated(now + 31_536_000)(corpus.good()).without_claim("iat");
    corpus.add("A24", "made for a year, nobody knows when", &forge, TokenTooOld);
}

fn too_early(corpus: &mut Corpus<'_>) {
    let early = corpus.now + 3_600;
    for (raw, leeway) in
        [(early.to_string(), 0), (format!("{early}.5"), 0), (early.to_string(), 120)]
    {
        let forge =
            corpus.good().with_claim("exp", (early + 600).to_string()).with_claim("nbf", raw);
        let setting = AttackSetting { leeway, ..AttackSetting::default() };
        corpus.add_with(setting, "A25", format!("nbf ahead, leeway {leeway}"), &forge, NotYetValid);
    }
}

/// `exp` names the first second at which the token is refused.
fn too_late(corpus: &mut Corpus<'_>) {
    let now = corpus.now;
    let cases = [
        ("exp is now", format!("{now}"), 0),
        ("exp is a fraction of this second", format!("{now}.999"), 0),
        ("exp was a second ago", format!("{}", now.saturating_sub(1)), 0),
        ("exp and the most leeway are now", format!("{}", now.saturating_sub(120)), 120),
    ];
    for (name, raw, leeway) in cases {
        let forge = corpus
            .good()
            .with_claim("iat", now.saturating_sub(600).to_string())
            .with_claim("exp", raw);
        let setting = AttackSetting { leeway, ..AttackSetting::default() };
        corpus.add_with(setting, "A26", name, &forge, TokenExpired);
    }
}
