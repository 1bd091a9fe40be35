//! Every hostile token of the library's list meets its one code here too, in a test named by its class.

use super::*;
use mcp_auth::refusal::RefusalCode;
use mcp_auth::testing::{Attack, attacks};
use mcp_auth::validate::Expect;

macro_rules! classes {
    ($($test:ident: $id:literal,)*) => {
        $(#[test] fn $test() { try_all($id); })*

        const TRIED: &[&str] = &[$($id),*];
    };
}

classes! {
    a01_alg_none_and_non_strings: "A01",
    a02_alg_in_another_case: "A02",
    a03_alg_not_configured: "A03",
    a06_hostile_kids: "A06",
    a07_keys_of_others_and_retired_ones: "A07",
    a08_keys_in_the_header: "A08",
    a09_crit: "A09",
    a10_unencoded_payload: "A10",
    a11_encryption_and_compression: "A11",
    a12_json_serialisation: "A12",
    a14_missing_signatures: "A14",
    a15_cut_and_extended_macs: "A15",
    a16_other_spellings_of_base64: "A16",
    a17_too_many_dots: "A17",
    a18_duplicate_names: "A18",
    a19_no_objects: "A19",
    a20_deep_nesting: "A20",
    a21_oversize: "A21",
    a22_dates_that_are_none: "A22",
    a23_no_expiry: "A23",
    a24_impossible_lifetimes: "A24",
    a25_not_yet_valid: "A25",
    a26_clock_skew: "A26",
    a28_hostile_names: "A28",
    a29_broken_text_in_ignored_claims: "A29",
    a30_the_wrong_type_of_token: "A30",
    a31_tokens_of_other_services: "A31",
    a32_nearly_the_right_names: "A32",
    a33_roles_that_are_none: "A33",
}

#[test]
fn no_class_of_the_corpus_is_left_out() {
    let left: Vec<_> =
        attacks(SECRET, now()).into_iter().filter(|attack| !TRIED.contains(&attack.id)).collect();
    assert!(left.is_empty(), "{left:?}");
}

fn try_all(id: &str) {
    let class: Vec<_> = attacks(SECRET, now()).into_iter().filter(|a| a.id == id).collect();
    assert!(!class.is_empty(), "the corpus has no {id}");
    class.iter().for_each(refused);
}

fn refused(attack: &Attack) {
    let variables = attack.setting.variables(SECRET);
    let run = variables
        .into_iter()
        .fold(without_settings(), |run, (name, value)| run.variable(name, value));
    let kind = match attack.setting.expect {
        Expect::Access => "access",
        Expect::Refresh => "refresh",
        Expect::Any => "any",
    };
    // A file's end of line is cut, so it gets one that may be.
    let file = run.file("t", [attack.token.as_slice(), b"\n"].concat());
    let ended = file.with(&format!("--token-file t --type {kind} --json"));
    if attack.token.is_empty() {
        assert_eq!(ended.exit, i32::from(RefusalCode::TokenMissing.exit_code()));
        return;
    }
    assert_eq!(ended.exit, i32::from(attack.expected.exit_code()), "{attack:?}: {ended:?}");
    let json = ended.json();
    let member = |name: &str| json.get(name).cloned().unwrap_or_default();
    assert_eq!(member("code"), attack.expected.name(), "{attack:?}");
    assert_eq!(member("valid"), false, "{attack:?}");
    assert!(member("verified") == true || member("payload").is_null(), "{attack:?}");
}
