//! The list of all classes: each has a test that names it, or a reason why it has none here.

use std::collections::BTreeSet;

use crate::support::CORPUS;
use mcp_auth::testing::bad_secrets;

/// Where a class is dealt with.
enum Covered {
    By(&'static str),
    /// Not the business of this crate, and why.
    Elsewhere(&'static str),
}

use Covered::{By, Elsewhere};

const CLASSES: [(&str, Covered); 46] = [
    ("A01", By("a01_alg_none_and_non_strings")),
    ("A02", By("a02_alg_in_another_spelling")),
    ("A03", By("a03_alg_that_is_not_configured")),
    ("A04", By("a04_public_keys_as_hmac_secrets")),
    ("A05", By("a05_public_keys_as_secrets")),
    ("A06", By("a06_hostile_key_ids")),
    ("A07", By("a07_keys_by_name")),
    ("A08", By("a08_keys_that_the_token_brings")),
    ("A09", By("a09_any_crit")),
    ("A10", By("a10_unencoded_payloads")),
    ("A11", By("a11_encryption_compression_and_nesting")),
    ("A12", By("a12_json_serialisation")),
    ("A13", By("a13_ecdsa_signatures_that_are_none")),
    ("A14", By("a14_missing_parts")),
    ("A15", By("a15_cut_and_extended_macs")),
    ("A16", By("a16_second_spellings_of_base64url")),
    ("A17", By("a17_many_dots")),
    ("A18", By("a18_names_that_stand_twice")),
    ("A19", By("a19_no_object_or_more_than_one")),
    ("A20", By("a20_depth")),
    ("A21", By("a21_sizes")),
    ("A22", By("a22_dates_that_are_none")),
    ("A23", By("a23_no_expiry")),
    ("A24", By("a24_lifetimes_and_the_order_of_dates")),
    ("A25", By("a25_not_before")),
    ("A26", By("a26_leeway")),
    ("A27", By("a27_a_clock_before_1970")),
    ("A28", By("a28_hostile_names")),
    ("A29", By("a29_broken_text_in_ignored_claims")),
    ("A30", By("a30_the_wrong_kind_of_token")),
    ("A31", By("a31_tokens_of_other_services")),
    ("A32", By("a32_nearly_the_issuer_or_the_audience")),
    ("A33", By("a33_roles_that_are_none")),
    ("A34", By("a34_tokens_from_before_a_demotion")),
    ("A35", By("a35_replay_ends_with_revocation")),
    ("A36", By("a36_the_second_form_of_a_signature")),
    ("A37", By("a37_short_secrets")),
    ("A38", By("a38_secrets_that_others_read_differently")),
    ("A39", By("a39_weak_secrets")),
    ("A40", By("a40_every_wrong_mac_meets_the_same_answer")),
    ("A41", By("a41_the_authorization_header")),
    ("A42", By("a42_short_rsa_keys_and_small_exponents")),
    ("A43", Elsewhere("remote key sets: this crate fetches nothing, keys are configured")),
    ("A44", By("a44_eddsa_signatures_that_are_none")),
    ("A45", By("a45_no_attack_fares_better_when_it_comes_again")),
    ("A46", By("a46_no_formatter_shows_a_token_or_a_secret")),
];

const TESTS: [&str; 6] = [
    include_str!("../gate/again.rs"),
    include_str!("asymmetric.rs"),
    include_str!("configuration.rs"),
    include_str!("requests.rs"),
    include_str!("time.rs"),
    include_str!("tokens.rs"),
];

#[test]
fn every_class_has_a_test_or_a_reason() {
    for (number, (id, covered)) in (1..).zip(&CLASSES) {
        assert_eq!(*id, format!("A{number:02}"));
        match covered {
            By(test) => {
                assert!(test.starts_with(&format!("{}_", id.to_lowercase())), "{id}: {test}");
                let definition = format!("#[test]\nfn {test}()");
                assert!(TESTS.iter().any(|file| file.contains(&definition)), "{id}: {test}");
            }
            Elsewhere(reason) => assert!(!reason.is_empty(), "{id}"),
        }
    }
}

/// A class in the corpus that no test asks for would never be tried.
#[test]
fn every_class_of_the_corpus_is_tried() {
    let mut ids: BTreeSet<_> = CORPUS.iter().map(|attack| attack.id).collect();
    ids.extend(bad_secrets().iter().map(|bad| bad.id));
    for id in ids {
        let tried = ["refuses_all", "cannot_be_configured", "class"]
            .map(|by| format!("{by}(\"{id}\""))
            .iter()
            .any(|call| TESTS.iter().any(|file| file.contains(call)));
        assert!(tried, "{id}");
    }
}
