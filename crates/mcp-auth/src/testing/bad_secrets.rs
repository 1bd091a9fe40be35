//! Secrets that are mistakes, as data: tried at [`Secret`](crate::secret::Secret), at the settings and at programs.

/// One text that should not be configured as the shared secret.
#[derive(Debug, Clone)]
pub struct BadSecret {
    /// Its class: `A05` and so on.
    pub id: &'static str,
    /// What is wrong with it.
    pub name: &'static str,
    /// The text. An empty variable counts as not set; what ends in a line break is legal in a file.
    pub text: String,
    /// What must become of it.
    pub outcome: Outcome,
    /// A part of the message that must come with it.
    pub message: &'static str,
}

/// What must become of a bad secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It cannot be configured.
    Refused,
    /// It can, with a warning; a server that listens beyond loopback must not start with it.
    Weak,
}

const GOOD: &str = "f0e1d2c3b4a5968778695a4b3c2d1e0f";
const PUBLIC_PEM: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n\
                          -----END PUBLIC KEY-----\n";
const SSH: &str = "AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea host";
const JWK: &str =
    r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

/// Every such text.
pub fn bad_secrets() -> Vec<BadSecret> {
    [other_things(), too_short(), stray_characters(), weak()].concat()
}

fn refused(
    id: &'static str,
    name: &'static str,
    text: impl Into<String>,
    message: &'static str,
) -> BadSecret {
    BadSecret { id, name, text: text.into(), outcome: Outcome::Refused, message }
}

/// Public keys: with one of them as the secret of HS256, anybody can sign (CVE-2022-29217).
fn other_things() -> Vec<BadSecret> {
    const KEY: &str = "is a PEM or SSH key";
    const JSON: &str = "is a JSON object";
    vec![
        refused("A05", "a PEM public key", PUBLIC_PEM, KEY),
        refused("A05", "a PEM public key after white space", format!(" \n\t{PUBLIC_PEM}"), KEY),
        refused("A05", "a PEM public key after a BOM", format!("\u{feff}{PUBLIC_PEM}"), KEY),
        refused("A05", "a PEM key on one line", PUBLIC_PEM.replace('\n', "\\n"), KEY),
        refused("A05", "a PEM private key", PUBLIC_PEM.replace("PUBLIC", "PRIVATE"), KEY),
        refused("A05", "a PEM certificate", PUBLIC_PEM.replace("PUBLIC KEY", "CERTIFICATE"), KEY),
        refused("A05", "an SSH Ed25519 key", format!("ssh-ed25519 {SSH}"), KEY),
        refused("A05", "an SSH RSA key", format!("ssh-rsa {SSH}"), KEY),
        refused("A05", "an SSH ECDSA key", format!("ecdsa-sha2-nistp256 {SSH}"), KEY),
        refused("A05", "an SSH key after white space", format!("  ssh-ed25519 {SSH}"), KEY),
        refused("A05", "a JWK", JWK, JSON),
        refused("A05", "a JWK after white space", format!("\n {JWK}\n"), JSON),
        refused("A05", "a set of JWKs", format!(r#"{{"keys":[{JWK}]}}"#), JSON),
        refused("A05", "an unexpanded variable", "${SECRET_FROM_THE_SECRET_MANAGER}", "unexpanded"),
    ]
}

fn too_short() -> Vec<BadSecret> {
    vec![
        refused("A37", "nothing", "", "is empty"),
        refused("A37", "white space", " ".repeat(40), "is empty"),
        refused("A37", "white space of all kinds", " \t\r\n\u{a0}".repeat(8), "is empty"),
        refused("A37", "one byte", "a", "has 1 bytes, 32 are needed"),
        refused("A37", "a word", "secret", "has 6 bytes, 32 are needed"),
        refused("A37", "31 bytes", GOOD.trim_end_matches('f'), "has 31 bytes, 32 are needed"),
    ]
}

/// What another program would cut, and then have another key.
fn stray_characters() -> Vec<BadSecret> {
    const ENDS: &str = "begins or ends with white space";
    const INSIDE: &str = "holds a line break or another control character";
    vec![
        refused("A38", "a line break at the end", format!("{GOOD}\n"), ENDS),
        refused("A38", "a Windows line break at the end", format!("{GOOD}\r\n"), ENDS),
        refused("A38", "two line breaks at the end", format!("{GOOD}\n\n"), ENDS),
        refused("A38", "a space at the end", format!("{GOOD} "), ENDS),
        refused("A38", "a space at the start", format!(" {GOOD}"), ENDS),
        refused("A38", "a tab at the start", format!("\t{GOOD}"), ENDS),
        refused("A38", "a no-break space at the end", format!("{GOOD}\u{a0}"), ENDS),
        refused("A38", "a byte order mark", format!("\u{feff}{GOOD}"), ENDS),
        refused("A38", "a NUL at the end", format!("{GOOD}\0"), ENDS),
        refused("A38", "padded with NUL", format!("secret{}", "\0".repeat(58)), ENDS),
        refused("A38", "a line break inside", format!("{GOOD}\n{GOOD}"), INSIDE),
        refused("A38", "a NUL inside", format!("{GOOD}\0{GOOD}"), INSIDE),
        refused("A38", "an escape sequence inside", format!("{GOOD}\u{1b}[0m{GOOD}"), INSIDE),
        refused("A38", "a C1 character inside", format!("{GOOD}\u{85}{GOOD}"), INSIDE),
    ]
}

/// Legal, and the first thing that an attacker tries.
fn weak() -> Vec<BadSecret> {
    const PUBLIC: &str = "is published";
    const REGULAR: &str = "is easy to guess";
    let cases = [
        ("of jwt.io", "a-string-secret-at-least-256-bits-long", PUBLIC),
        (
            "of a tutorial",
            "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
            PUBLIC,
        ),
        (
            "of RFC 7515 A.1",
            "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
            PUBLIC,
        ),
        ("one character", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", REGULAR),
        ("digits in order", "12345678901234567890123456789012", REGULAR),
        ("rows of keys", "mnbvcxzlkjhgfdsapoiuytrewq098765", REGULAR),
        ("twice the same", "0123456789abcdef0123456789abcdef", REGULAR),
    ];
    let bad = |(name, text, message): (&'static str, &str, &'static str)| BadSecret {
        id: "A39",
        name,
        text: text.to_owned(),
        outcome: Outcome::Weak,
        message,
    };
    cases.map(bad).into()
}
