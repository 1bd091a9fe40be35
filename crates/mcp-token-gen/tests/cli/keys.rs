//! Where the key comes from, and what is said when it does not.

use std::path::{Path, PathBuf};

use crate::shared::{Place, SECRET};

const OTHER: &str = "b7e09a41d2c58f63e1a04b97c8d25f30b7e09a41d2c58f63e1a04b97c8d25f31";

/// Fingerprint of the key that signed, as `--verbose` shows it.
fn fingerprint(place: &Place) -> String {
    let ran = place.line("--user-id a --verbose");
    let line = ran.stderr.lines().find(|line| line.starts_with("Key: "));
    line.unwrap_or_else(|| panic!("{ran:?}")).to_owned()
}

fn pem(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../mcp-auth/tests/vectors/keys").join(name)
}

#[test]
fn the_environment_wins_over_local_over_env() {
    let [one, two] =
        [SECRET, OTHER].map(|secret| format!("export MCP_JWT_SECRET=\"{secret}\"\r\n"));
    let ones = fingerprint(&Place::ready());
    let twos = fingerprint(&Place::empty().with("MCP_JWT_SECRET", OTHER));
    assert_ne!(ones, twos);
    assert_eq!(fingerprint(&Place::empty().with_file(".env", &one)), ones);
    let both = || Place::empty().with_file(".env", &one).with_file(".env.local", &two);
    assert_eq!(fingerprint(&both()), twos);
    assert_eq!(fingerprint(&both().with("MCP_JWT_SECRET", SECRET)), ones);
}

#[test]
fn a_line_that_names_itself_changes_nothing() {
    let itself = "MCP_JWT_SECRET=\"${MCP_JWT_SECRET}\"\n";
    let place = Place::ready().with_file(".env", itself);
    assert_eq!(fingerprint(&place), fingerprint(&Place::ready()));
    Place::empty().with_file(".env", itself).line("--user-id a").refused(8, &["is not set"]);
}

#[test]
fn a_missing_secret_says_how_to_make_one() {
    let words = ["MCP_JWT_SECRET is not set", "openssl rand -hex 32", "hint: "];
    Place::empty().line("--user-id a").refused(8, &words);
}

#[test]
fn secrets_that_are_none_are_refused() {
    for (secret, word) in [
        ("short".to_owned(), "has 5 bytes"),
        (format!("{SECRET}\n"), "white space"),
        (format!("{SECRET}\n{SECRET}"), "line break"),
        ("${MCP_JWT_SECRET_THAT_NOBODY_FILLED_IN}".to_owned(), "unexpanded"),
    ] {
        let place = Place::empty().with("MCP_JWT_SECRET", secret);
        place.line("--user-id a").refused(8, &["MCP_JWT_SECRET", word]);
    }
}

#[test]
fn secret_files_are_read() {
    for end in ["", "\n", "\r\n"] {
        let place = Place::empty()
            .with_file("secret", format!("{SECRET}{end}"))
            .with("MCP_JWT_SECRET_FILE", "secret");
        assert_eq!(fingerprint(&place), fingerprint(&Place::ready()), "{end:?}");
        let ran = place.line("--user-id a -v");
        assert!(ran.stderr.contains("MCP_JWT_SECRET_FILE (secret) in the environment"));
    }
    for path in [".", "./missing"] {
        let place = Place::empty().with("MCP_JWT_SECRET_FILE", path);
        place.line("--user-id a").refused(8, &["MCP_JWT_SECRET_FILE", path, "cannot be read"]);
    }
}

#[test]
fn a_secret_and_a_secret_file_are_one_too_many() {
    let place = Place::ready().with_file("secret", SECRET).with("MCP_JWT_SECRET_FILE", "secret");
    place.line("--user-id a").refused(8, &["MCP_JWT_SECRET_FILE", "both set"]);
}

#[test]
fn all_mistakes_are_reported_at_once() {
    let place = Place::empty().with("MCP_JWT_SECRET", "x").with("MCP_JWT_EXPIRY_HOURS", "1e9");
    let words =
        ["error: the configuration has 2 mistakes:\n  MCP_JWT_SECRET", "\n  MCP_JWT_EXPIRY_HOURS"];
    place.line("--user-id a").refused(8, &words);
}

#[test]
fn a_weak_secret_is_a_warning() {
    let ran = Place::empty().with("MCP_JWT_SECRET", "a".repeat(40)).line("--user-id a");
    assert_eq!(ran.code, 0);
    assert!(ran.stderr.starts_with("warning: MCP_JWT_SECRET "), "{}", ran.stderr);
    assert!(ran.stdout.starts_with("MCP Authentication"));
}

#[test]
fn a_broken_file_of_variables_is_named_and_not_shown() {
    let place = Place::ready().with_file(".env", format!("A=1\nMCP_JWT_SECRET={OTHER} {OTHER}\n"));
    let ran = place.line("--user-id a");
    ran.refused(8, &[".env, line 2,"]);
    assert!(!ran.stderr.contains(&OTHER[..8]), "{}", ran.stderr);
}

#[test]
fn every_algorithm_signs() {
    for name in ["HS384", "HS512"] {
        let ran = Place::ready().with("MCP_JWT_ALGORITHM", name).line("--user-id a");
        assert_eq!(ran.part(0), serde_json::json!({"alg": name, "typ": "JWT"}));
    }
    for (name, file) in [("ES256", "ec-p256"), ("EdDSA", "ed25519"), ("RS256", "rsa-2048")] {
        let file = pem(&format!("test-{file}-private.pem"));
        let place = Place::empty()
            .with("MCP_JWT_ALGORITHM", name)
            .with("MCP_JWT_PRIVATE_KEY_FILE", file.to_str().unwrap());
        let header = place.line("--user-id a").part(0);
        assert_eq!((&header["alg"], header["kid"].as_str().unwrap().len()), (&name.into(), 11));
    }
    let public = pem("test-ec-p256-public.pem");
    let place = Place::empty()
        .with("MCP_JWT_ALGORITHM", "ES256")
        .with("MCP_JWT_PUBLIC_KEY_FILE", public.to_str().unwrap());
    place.line("--user-id a").refused(8, &["MCP_JWT_PRIVATE_KEY_FILE is not set"]);
}

#[test]
fn previous_secrets_put_a_key_id_into_the_header() {
    let ran = Place::ready().with("MCP_JWT_PREVIOUS_SECRETS", OTHER).line("--user-id a");
    assert_eq!(ran.part(0)["kid"].as_str().unwrap().len(), 11);
}

#[test]
fn the_lifetime_and_the_claims_of_the_settings_are_used() {
    let place = Place::ready()
        .with("MCP_JWT_EXPIRY_HOURS", "2")
        .with("MCP_JWT_ISSUER", "me")
        .with("MCP_JWT_AUDIENCE", "api");
    let ran = place.line("--user-id a");
    assert!(ran.stdout.contains("\nExpires In: 2 hours\n"));
    let payload = ran.part(1);
    assert_eq!((&payload["iss"], &payload["aud"]), (&"me".into(), &"api".into()));
}
