use proptest::prelude::*;

use super::*;

const HS256: usize = 32;
const GUIDE: &str = "8f3e4c2b1a9d7f5e3c6b2a0d8e1f4a7c9e2d5b8f1a3c6e9d2f5a8b1e4c7a0d";

fn judged(secret: &str) -> Vec<Weakness> {
    weaknesses(secret.as_bytes(), HS256)
}

#[test]
fn regular_secrets_are_weak() {
    let regular = [
        "passwordpasswordpasswordpassword",
        "passwordpasswordpasswordpasswordpass",
        "12345678901234567890123456789012",
        "98765432109876543210987654321098",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
        "aaaabbbbccccddddeeeeffffgggghhhh",
        "abcdefghijklmnopqrstuvwxyz012345",
        "AbCdEfGhIjKlMnOpQrStUvWxYz012345",
        "qwertyuiopasdfghjklzxcvbnm123456",
        "your-secret-here-your-secret-here-your-secret-here",
        "changemechangemechangemechangeme",
        "0123456789abcdef0123456789abcdef",
        "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210",
        "31415926535897932384626433832795",
        "парольпарольпарольпарольпарольпароль",
        "                                ",
        "",
    ];
    for secret in regular {
        let found = judged(secret);
        let low = |w: &Weakness| matches!(w, Weakness::LowEntropy { bits } if *bits < MIN_BITS);
        assert!(found.iter().any(low), "{secret:?}: {found:?}");
    }
}

#[test]
fn published_secrets_are_weak_and_that_comes_first() {
    let published = [
        GUIDE,
        &GUIDE.to_uppercase(),
        "a-string-secret-at-least-256-bits-long",
        "a-valid-string-secret-that-is-at-least-512-bits-long-which-is-very-long",
        "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
        "SecretKey012345678901234567890123456789012345678901234567890123456789",
        "404E635266556A586E3272357538782F413F4428472B4B6250645367566B5970",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "your-super-secret-jwt-token-with-at-least-32-characters-long",
    ];
    for secret in published {
        assert_eq!(judged(secret).first(), Some(&Weakness::Public), "{secret}");
    }
    // The key of RFC 7515 A.1 once more, decoded from its JWK.
    let decoded = [
        3, 35, 53, 75, 43, 15, 165, 188, 131, 126, 6, 101, 119, 123, 166, 143, 90, 179, 40, 230,
        240, 84, 201, 40, 169, 15, 132, 178, 210, 80, 46, 191, 211, 251, 90, 146, 210, 6, 71, 239,
        150, 138, 180, 195, 119, 98, 61, 34, 61, 46, 33, 114, 5, 46, 79, 8, 192, 205, 154, 245,
        103, 208, 128, 163,
    ];
    assert_eq!(weaknesses(&decoded, 64), [Weakness::Public]);
}

#[test]
fn every_weakness_is_named() {
    let all = [
        Weakness::Public,
        Weakness::LowEntropy { bits: 0 },
        Weakness::ShorterThanHash { bytes: 62, needed: 64 },
    ];
    assert_eq!(weaknesses(GUIDE.as_bytes(), 64), [all[0], all[2]]);
    assert_eq!(weaknesses(&[0; 62], 64), [Weakness::LowEntropy { bits: 5 }, all[2]]);
    assert_eq!(weaknesses(b"", 0), all[1..2]);
    let texts = all.map(|weakness| weakness.to_string());
    assert_eq!(
        texts,
        [
            "is published and the first thing that an attacker tries; \
             make a new one with `openssl rand -hex 32`",
            "is easy to guess: about 0 bits of 128 at least; \
             make a new one with `openssl rand -hex 32`",
            "is 62 bytes long, but its algorithm needs 64 (RFC 7518 3.2); \
             make a new one with `openssl rand -hex 32`",
        ]
    );
}

#[test]
fn every_character_is_in_one_class() {
    for c in (0..=u8::MAX).map(char::from) {
        assert_eq!(CLASSES.iter().filter(|(_, holds)| holds(c)).count(), 1, "{c:?}");
    }
    for (size, holds) in CLASSES {
        let held = (0..=u8::MAX).map(char::from).filter(|&c| holds(c)).count();
        assert_eq!(u32::try_from(held), Ok(size));
    }
}

#[test]
fn a_repetition_may_be_cut_off_but_chance_is_forgiven() {
    assert_eq!(repeating_unit(b"abcabcabc"), b"abc");
    assert_eq!(repeating_unit(b"abcabcab"), b"abc");
    assert_eq!(repeating_unit(b"abcdefgabcde"), b"abcdefg");
    assert_eq!(repeating_unit(b"abcdefgabcd"), b"abcdefgabcd");
    assert_eq!(repeating_unit(b"aa"), b"a");
    assert_eq!(repeating_unit(b"a"), b"a");
    assert_eq!(repeating_unit(b""), b"");
}

#[test]
fn exactly_128_bits_are_enough() {
    assert_eq!(judged("3f9a0c61e7b24d58a1c60f937e2b8d45"), []);
    assert_eq!(
        judged("3f9a0c61e7b24d58a1c60f937e2b8d4"),
        [
            Weakness::LowEntropy { bits: 124 },
            Weakness::ShorterThanHash { bytes: 31, needed: HS256 },
        ]
    );
}

/// What `openssl rand -base64 32` and `secrets.token_urlsafe(32)` print, but for the alphabet.
fn base64(last: &'static str) -> impl Strategy<Value = String> {
    proptest::string::string_regex(&format!("[A-Za-z0-9{last}]{{43}}")).expect("a valid pattern")
}

proptest! {
    #[test]
    fn generated_secrets_are_strong(
        hex in "[0-9a-f]{64}",
        upper in "[0-9A-F]{64}",
        long in "[0-9a-f]{128}",
        standard in base64("+/"),
        url_safe in base64("_-"),
        raw in any::<[u8; 32]>(),
        uuid in "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
    ) {
        for secret in [&hex, &upper, &standard, &(standard.clone() + "="), &url_safe, &uuid] {
            prop_assert_eq!(judged(secret), []);
        }
        prop_assert_eq!(weaknesses(&raw, HS256), []);
        prop_assert_eq!(weaknesses(hex.as_bytes(), 64), []);
        prop_assert_eq!(weaknesses(long.as_bytes(), 64), []);
    }

    /// With 128 bits exactly, only what stands out may tell against it.
    #[test]
    fn a_little_regularity_is_forgiven(hex in "[0-9][a-f][0-9a-f]{30}") {
        let regular = |w: &&[u8]| continues(w[0].into(), w[1].into(), w[2].into());
        let regular = hex.as_bytes().windows(3).filter(regular).count();
        prop_assume!(regular <= CHANCE);
        prop_assert_eq!(judged(&hex), []);
    }

    #[test]
    fn any_repeated_short_secret_is_weak(unit in "[ -~]{1,16}", cut in 0_usize..16) {
        let text = unit.repeat(40);
        prop_assert_ne!(judged(text.get(cut..).unwrap_or_default()), []);
    }

    #[test]
    fn any_bytes_are_judged_without_being_shown(
        secret in prop::collection::vec(any::<u8>(), 5..200),
        hash_len in 0_usize..100,
    ) {
        prop_assert!(!shown(&secret, hash_len));
    }

    #[test]
    fn nothing_typed_is_shown(secret in "[a-z]{8,32}", times in 1_usize..4) {
        prop_assert!(!shown(secret.repeat(times).as_bytes(), 64));
    }
}

/// Whether any five bytes of `secret` in a row appear where its weaknesses are printed; a secret
/// does not count as shown where it happens to spell one of the fixed words.
fn shown(secret: &[u8], hash_len: usize) -> bool {
    let fixed = weaknesses(&[], usize::MAX).iter().map(told).collect::<String>();
    weaknesses(secret, hash_len).iter().any(|weakness| {
        let text = told(weakness);
        let apart = |part: &&[u8]| !fixed.as_bytes().windows(part.len()).any(|w| w == *part);
        secret.windows(5).filter(apart).any(|part| text.as_bytes().windows(5).any(|w| w == part))
    })
}

fn told(weakness: &Weakness) -> String {
    format!("{weakness} {weakness:?} {weakness:#?}")
}
