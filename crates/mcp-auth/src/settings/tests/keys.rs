//! The variables that make a key ring: previous secrets, and keys in files.

use super::*;

#[test]
fn previous_secrets_come_as_a_list_or_as_lines() {
    let list = with_secret().set("MCP_JWT_PREVIOUS_SECRETS", format!("{OLD},{OLDER}")).settings();
    for (separator, end) in [("\n", ""), ("\n", "\n"), ("\r\n", "\r\n"), ("\n\n", "\n")] {
        let content = format!("{OLD}{separator}{OLDER}{end}");
        let lines = with_secret().file("MCP_JWT_PREVIOUS_SECRETS_FILE", content).settings();
        let ids = |settings: &Settings| {
            settings
                .keys()
                .verifying_keys()
                .iter()
                .map(|key| key.id().to_string())
                .collect::<Vec<_>>()
        };
        assert_eq!(ids(&lines), ids(&list), "{separator:?} {end:?}");
        assert_eq!(ids(&lines).len(), 3);
    }
    assert!(list.keys().issued_key_id().is_some(), "several keys are named");
}

#[test]
fn previous_secrets_that_cannot_be_meant_are_refused() {
    let cases = [
        (format!("{OLD},"), "entry 2, is empty"),
        (format!("{OLD}, {OLDER}"), "entry 2, begins or ends with white space"),
        (
            (0..16).map(|n| format!("{OLD}{n}")).collect::<Vec<_>>().join(","),
            "entry 16, is one key too many",
        ),
    ];
    for (list, expected) in cases {
        let mistakes = with_secret().set("MCP_JWT_PREVIOUS_SECRETS", list).mistakes(Purpose::Issue);
        assert!(mistakes.contains(expected), "{mistakes} should say {expected:?}");
    }
}

/// So that services start in the middle of a rotation, which writes the list before the secret.
#[test]
fn a_secret_that_is_listed_again_is_a_warning_and_counts_once() {
    for (list, entry) in [(GOOD.to_owned(), 1), (format!("{OLD},{OLD}"), 2)] {
        let settings = with_secret().set("MCP_JWT_PREVIOUS_SECRETS", &list).settings();
        assert_eq!(settings.keys().verifying_keys().len(), entry);
        let [warning] = settings.warnings() else { panic!("{:?}", settings.warnings()) };
        assert_eq!(warning.variable, format!("MCP_JWT_PREVIOUS_SECRETS, entry {entry},"));
        assert!(warning.problem.contains("listed twice"), "{warning}");
    }
}

const STEMS: [(&str, &str); 3] =
    [("ES256", "test-ec-p256"), ("EdDSA", "test-ed25519"), ("RS256", "test-rsa-2048")];

#[test]
fn an_issuer_needs_the_private_key_and_a_validator_either() {
    for (algorithm, stem) in STEMS {
        let (private, public) = (format!("{stem}-private.pem"), format!("{stem}-public.pem"));
        let with = |private, public| asymmetric(algorithm, private, public);
        let (private, public) = (Some(private.as_str()), Some(public.as_str()));
        for purpose in [Purpose::Issue, Purpose::Validate] {
            assert!(with(private, None).load(purpose).is_ok(), "{algorithm}");
            assert!(with(private, public).load(purpose).is_ok(), "{algorithm}");
        }
        let settings = with(None, public).load(Purpose::Validate).unwrap();
        assert_eq!(settings.issuer().err(), Some(IssueError::NoSigningKey));
        assert!(settings.secret().is_none());
        let unsigned = with(None, public).mistakes(Purpose::Issue);
        let needed = format!("MCP_JWT_PRIVATE_KEY_FILE is not set, and {algorithm} signs with");
        assert!(unsigned.starts_with(&needed), "{unsigned}");
        let nothing = with(None, None).mistakes(Purpose::Validate);
        assert!(nothing.starts_with("MCP_JWT_PUBLIC_KEY_FILE is not set"), "{nothing}");
    }
}

#[test]
fn halves_of_two_keys_are_refused() {
    for (algorithm, stem) in STEMS {
        let (private, public) = (format!("{stem}-private.pem"), format!("{stem}-other-public.pem"));
        let mistakes =
            asymmetric(algorithm, Some(&private), Some(&public)).mistakes(Purpose::Validate);
        assert!(
            mistakes.contains("is not the public half of MCP_JWT_PRIVATE_KEY_FILE"),
            "{mistakes}"
        );
    }
}

#[test]
fn key_files_of_another_kind_are_both_named() {
    let swapped =
        asymmetric("EdDSA", Some("test-ed25519-public.pem"), Some("test-ec-p256-public.pem"));
    let mistakes = swapped.mistakes(Purpose::Issue);
    assert_eq!(mistakes.lines().count(), 2, "{mistakes}");
    assert!(
        mistakes.contains("test-ed25519-public.pem) is not a private key for EdDSA"),
        "{mistakes}"
    );
    assert!(
        mistakes.contains("test-ec-p256-public.pem) is not a public key for EdDSA"),
        "{mistakes}"
    );
}

#[test]
fn key_files_without_their_algorithm_are_a_mistake() {
    let stray = with_secret().set("MCP_JWT_PUBLIC_KEY_FILE", key_file("test-ed25519-public.pem"));
    let mistakes = stray.mistakes(Purpose::Validate);
    assert!(mistakes.contains("is set, but HS256 takes MCP_JWT_SECRET"), "{mistakes}");
}

#[test]
fn a_previous_secret_stands_beside_an_asymmetric_key() {
    let settings = asymmetric("EdDSA", Some("test-ed25519-private.pem"), None)
        .set("MCP_JWT_PREVIOUS_SECRETS", OLD)
        .settings();
    assert!(settings.keys().accepts(Algorithm::Hs256) && settings.keys().accepts(Algorithm::EdDsa));
}
