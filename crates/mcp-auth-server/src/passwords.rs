//! New passwords: from the terminal, standard input or a file, never from the command line; or made here.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read};
use std::path::Path;

use mcp_auth::random::Randomness;
use mcp_auth_cli::redact::ShownPath;
use mcp_auth_cli::{Failure, exit};
use mcp_auth_sessions::password::{MAX_PASSWORD_BYTES, Password};
use zeroize::Zeroizing;

use crate::args::PasswordSource;

/// Reads a new password from where the command line says, or asks for it twice.
///
/// # Errors
/// [`exit::USAGE`] when there is none, it cannot be set, or the two differ.
pub(crate) fn read(source: &PasswordSource) -> Result<Password, Failure> {
    match &source.password_file {
        Some(path) => from_file(path),
        None if source.password_stdin => from(io::stdin().lock(), "standard input"),
        None => ask(),
    }
}

/// Reads a new password from a file.
///
/// # Errors
/// [`exit::USAGE`] when it cannot be read or set.
pub(crate) fn from_file(path: &Path) -> Result<Password, Failure> {
    let shown = ShownPath(path).to_string();
    let file = File::open(path).map_err(|error| cannot_read(&shown, &error))?;
    from(file, &shown)
}

/// A password of 125 bits: five groups of five letters and digits, none of which looks like another.
pub(crate) fn generate(randomness: &dyn Randomness) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut bytes = Zeroizing::new([0; 25]);
    randomness.fill(&mut *bytes);
    // 256 is a multiple of 32, so each character is as likely as any other.
    let character =
        |byte: &u8| ALPHABET.get(usize::from(byte % 32)).copied().map_or('a', char::from);
    let groups = bytes.chunks(5).map(|group| group.iter().map(character).collect::<String>());
    groups.collect::<Vec<_>>().join("-")
}

fn from(source: impl Read, name: &str) -> Result<Password, Failure> {
    // One that is longer than any legal one is read so far that it is refused; the rest may be endless.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_PASSWORD_BYTES + 3));
    let limit = MAX_PASSWORD_BYTES as u64 + 3;
    source.take(limit).read_to_end(&mut bytes).map_err(|error| cannot_read(name, &error))?;
    let line =
        bytes.strip_suffix(b"\n").map_or(&**bytes, |it| it.strip_suffix(b"\r").unwrap_or(it));
    let text = std::str::from_utf8(line).map_err(|_| {
        Failure::new(exit::USAGE, format!("the password in {name} is not UTF-8 text"))
            .with_hint("save it as UTF-8")
    })?;
    if text.contains('\n') {
        let message = format!("the password in {name} has several lines");
        return Err(
            Failure::new(exit::USAGE, message).with_hint("give the password alone, on one line")
        );
    }
    checked(Password::new(text), name)
}

fn ask() -> Result<Password, Failure> {
    if !io::stdin().is_terminal() {
        let message = "there is no terminal to ask for the password at";
        return Err(Failure::new(exit::USAGE, message)
            .with_hint("give it with --password-stdin or --password-file FILE"));
    }
    let prompt = |text| {
        rpassword::prompt_password(text).map(Zeroizing::new).map_err(|error| {
            Failure::new(exit::USAGE, format!("cannot ask for the password: {error}"))
                .with_hint("give it with --password-stdin or --password-file FILE")
        })
    };
    let first = prompt("New password: ")?;
    if first != prompt("The same again: ")? {
        return Err(Failure::new(exit::USAGE, "the two passwords differ; nothing was changed"));
    }
    checked(Password::new(first.as_str()), "your answer")
}

fn checked(password: Password, name: &str) -> Result<Password, Failure> {
    let refused = |error| Failure::new(exit::USAGE, format!("the password in {name} {error}"));
    password.check().map_err(refused)?;
    Ok(password)
}

fn cannot_read(name: &str, error: &io::Error) -> Failure {
    Failure::new(exit::USAGE, format!("cannot read the password from {name}: {error}"))
        .with_hint("name a file that holds the password and nothing else")
}

#[cfg(test)]
mod tests {
    use super::*;
    use mcp_auth::random::SystemRandom;

    #[test]
    fn one_line_is_a_password() {
        for good in ["12345678", "12345678\n", "12345678\r\n", " pass word ", "pässwört\n"] {
            assert!(from(good.as_bytes(), "x").is_ok(), "{good:?}");
        }
        let long = "x".repeat(MAX_PASSWORD_BYTES);
        assert!(from(format!("{long}\r\n").as_bytes(), "x").is_ok());
        for (bad, problem) in [
            ("", "fewer than 8 bytes"),
            ("1234567\n", "fewer than 8 bytes"),
            ("12345678\n\n", "several lines"),
            ("12345678\nmore", "several lines"),
            (&format!("{long}x"), "more than 1024 bytes"),
        ] {
            let failure = from(bad.as_bytes(), "x").unwrap_err();
            assert!(failure.message().contains(problem), "{failure:?}");
        }
        assert!(from(&b"\xff\xff\xff\xff\xff\xff\xff\xff"[..], "x").is_err());
        let failure = from(io::repeat(b'x'), "x").unwrap_err();
        assert!(failure.message().contains("more than 1024"), "{failure:?}");
    }

    #[test]
    fn a_password_that_is_made_is_readable_and_never_the_same() {
        let password = generate(&SystemRandom);
        let groups: Vec<_> = password.split('-').collect();
        assert_eq!(groups.iter().map(|group| group.len()).collect::<Vec<_>>(), [5; 5]);
        assert!(!password.contains(['l', 'o', '0', '1']), "{password}");
        assert_ne!(password, generate(&SystemRandom));
        assert!(Password::new(password).check().is_ok());
    }
}
