//! Classes about secrets: what cannot be configured, and what should not stay so.

use std::ffi::OsString;

use mcp_auth::keys::Algorithm;
use mcp_auth::secret::Secret;
use mcp_auth::settings::{Purpose, Settings};
use mcp_auth::testing::{BadSecret, Outcome, bad_secrets};

fn class(id: &str, least: usize) -> Vec<BadSecret> {
    let class: Vec<_> = bad_secrets().into_iter().filter(|bad| bad.id == id).collect();
    assert!(class.len() >= least, "{id}: {}", class.len());
    class
}

fn load(name: &str, value: impl Into<OsString>) -> Result<Settings, String> {
    let value = value.into();
    let lookup = |asked: &str| (asked == name).then(|| value.clone());
    Settings::load(Purpose::Validate, lookup).map_err(|mistakes| mistakes.to_string())
}

/// Refused by the type and by the settings, with a message that names the problem and not the secret.
fn cannot_be_configured(id: &str, least: usize) {
    for BadSecret { name, text, message, outcome, .. } in class(id, least) {
        assert_eq!(outcome, Outcome::Refused, "{name}");
        let error = Secret::from_text(&text).expect_err(name);
        assert!(error.to_string().contains(message), "{name}: {error}");
        let error = load("MCP_JWT_SECRET", &text).expect_err(name);
        let expected = if text.is_empty() { "is not set" } else { message };
        assert!(error.contains("MCP_JWT_SECRET") && error.contains(expected), "{name}: {error}");
        let inner = text.trim();
        assert!(inner.len() < 8 || !error.contains(inner), "{name}: {error}");
    }
}

#[test]
fn a05_public_keys_as_secrets() {
    cannot_be_configured("A05", 14);
}

#[test]
fn a37_short_secrets() {
    cannot_be_configured("A37", 6);
    for bytes in [0, 1, 31] {
        assert!(Secret::from_bytes(&vec![7; bytes]).is_err(), "{bytes}");
    }
    assert!(Secret::from_bytes(&[7; 32]).is_ok());
}

#[test]
fn a38_secrets_that_others_read_differently() {
    cannot_be_configured("A38", 14);
    assert!(Secret::from_bytes(&[&[7; 32][..], &[0]].concat()).is_err(), "HMAC pads with zeros");
}

/// Of a file's text the last end of line is cut, and nothing else.
#[test]
fn a38_secret_files() {
    const GOOD: &str = "f0e1d2c3b4a5968778695a4b3c2d1e0f";
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("secret");
    for (end, legal) in
        [("", true), ("\n", true), ("\r\n", true), ("\n\n", false), (" \n", false), ("\r", false)]
    {
        std::fs::write(&path, format!("{GOOD}{end}")).unwrap();
        let settings = load("MCP_JWT_SECRET_FILE", &path);
        assert_eq!(settings.is_ok(), legal, "{end:?}");
        if let Ok(settings) = settings {
            assert_eq!(settings.secret(), Secret::from_text(GOOD).ok().as_ref(), "{end:?}");
        }
    }
}

#[test]
fn a39_weak_secrets() {
    for BadSecret { name, text, message, outcome, .. } in class("A39", 7) {
        assert_eq!(outcome, Outcome::Weak, "{name}");
        let secret = Secret::from_text(&text).expect(name);
        let worst = secret.weaknesses(Algorithm::Hs256).first().map(ToString::to_string);
        assert!(worst.as_ref().is_some_and(|worst| worst.contains(message)), "{name}: {worst:?}");
        let settings = load("MCP_JWT_SECRET", &text).expect(name);
        let warnings: Vec<_> = settings.warnings().iter().map(ToString::to_string).collect();
        assert!(warnings.iter().any(|warning| warning.contains(message)), "{name}: {warnings:?}");
        assert!(warnings.iter().all(|warning| !warning.contains(&text)), "{name}");
    }
    let short_for_its_hash = Secret::from_text("f0e1d2c3b4a5968778695a4b3c2d1e0f").unwrap();
    assert!(short_for_its_hash.weaknesses(Algorithm::Hs256).is_empty());
    assert!(!short_for_its_hash.weaknesses(Algorithm::Hs512).is_empty());
}
