//! No formatter shows a key of the log, whichever public type holds it.

use std::collections::BTreeSet;
use std::path::Path;

use mcp_auth::testing::{SequenceRandom, public_types};
use mcp_auth_audit::{AuditKeys, AuditLog, AuditOptions, Verifier};

/// Types that hold the secret keys.
const WALKED: [&str; 4] = ["AuditKeys", "AuditLog", "AuditOptions", "Verifier"];

const PUBLIC: &str = "holds what is written into the log or derived from it, and no key";

/// Not walked, and why that is safe.
const EXEMPT: [(&str, &str); 24] = [
    ("AppendError", PUBLIC),
    ("Appending", PUBLIC),
    ("AuditFileError", PUBLIC),
    ("AuditPublicKey", "made to be shown"),
    ("Checkpoint", PUBLIC),
    ("CloseError", PUBLIC),
    ("Continued", PUBLIC),
    ("Cut", PUBLIC),
    ("Damage", PUBLIC),
    ("Defect", PUBLIC),
    ("Entry", PUBLIC),
    ("Fault", PUBLIC),
    ("Filter", PUBLIC),
    ("Findings", PUBLIC),
    ("Gap", PUBLIC),
    ("Health", PUBLIC),
    ("KeyFileError", "says where a key file is wrong, never what is in it"),
    ("LineHash", PUBLIC),
    ("LogId", PUBLIC),
    ("NotAPublicKey", "says what a key looks like"),
    ("Order", PUBLIC),
    ("ReadError", PUBLIC),
    ("Verification", PUBLIC),
    ("Verified", PUBLIC),
];

#[test]
fn nothing_that_holds_a_key_shows_it() {
    let directory = tempfile::tempdir().unwrap();
    let keys = AuditKeys::generate(&SequenceRandom::default());
    let options = AuditOptions::new(directory.path().join("audit.log"), keys.clone());
    let (log, verifier) = (AuditLog::open(&options).unwrap(), Verifier::new(&keys));
    let shown = [
        format!("{keys:?}\n{keys:#?}"),
        format!("{log:?}\n{log:#?}"),
        format!("{options:?}\n{options:#?}"),
        format!("{verifier:?}\n{verifier:#?}"),
    ];
    let file = directory.path().join("keys");
    keys.save(&file).unwrap();
    let stored = std::fs::read_to_string(file).unwrap();
    let public = keys.public_key().to_string();
    let secret = stored.split('"').filter(|it| it.len() == 64 && *it != public);
    let secret: Vec<_> = secret.collect();
    assert_eq!(secret.len(), 2, "the chain's key and the signer's");
    for (key, text) in secret.iter().flat_map(|key| shown.iter().map(move |text| (key, text))) {
        let bytes = hex(key);
        let numbers = format!("{}, {}, {}", bytes[0], bytes[1], bytes[2]);
        assert!(!text.contains(*key) && !text.contains(&numbers), "{text}");
    }
    assert_eq!(WALKED.len(), shown.len());
}

fn hex(digits: &str) -> Vec<u8> {
    let bytes = (0..digits.len()).step_by(2);
    bytes.map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn every_public_type_is_walked_or_exempt_with_a_reason() {
    let found = public_types(Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let known = WALKED.into_iter().chain(EXEMPT.map(|(name, _)| name)).map(str::to_owned);
    let known: BTreeSet<String> = known.collect();
    assert_eq!(found, known, "walk a new type, or exempt it with a reason");
}
