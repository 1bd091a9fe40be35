//! The variables that make a key ring.

use super::Purpose;
use super::reader::{Named, Reader, shown};
use crate::keys::{Algorithm, KeyError, KeyRing, SigningKey, VerifyingKey};
use crate::secret::{Secret, Weakness};

/// What the key variables say.
pub(super) struct KeySettings {
    pub(super) keys: KeyRing,
    pub(super) algorithm: Algorithm,
    pub(super) secret: Option<Secret>,
    /// Where the current key came from.
    pub(super) source: String,
}

impl KeySettings {
    /// `None` when something is wrong; the reader then has the mistakes. Looks at every variable that can be judged.
    pub(super) fn read(reader: &mut Reader<'_>, purpose: Purpose) -> Option<Self> {
        let Some(algorithm) = read_algorithm(reader) else {
            // What the other variables should hold depends on it; only these are always secrets.
            read_previous(reader, Algorithm::Hs256);
            return None;
        };
        let current = if algorithm.is_symmetric() {
            read_secret(reader, algorithm).and_then(|(secret, source)| {
                let key = SigningKey::from_secret(algorithm, &secret).ok()?;
                Some((KeyRing::new(key), Some(secret), source))
            })
        } else {
            warn_of_unused_secret(reader, algorithm);
            read_key_files(reader, algorithm, purpose).map(|(keys, source)| (keys, None, source))
        };
        let previous = if algorithm.is_symmetric() { algorithm } else { Algorithm::Hs256 };
        let previous = read_previous(reader, previous);
        let ((keys, secret, source), previous) = (current?, previous?);
        let keys = with_previous(reader, keys, previous)?;
        Some(Self { keys, algorithm, secret, source })
    }
}

fn read_algorithm(reader: &mut Reader<'_>) -> Option<Algorithm> {
    let Some(name) = reader.text("MCP_JWT_ALGORITHM") else { return Some(Algorithm::Hs256) };
    let algorithm: Result<Algorithm, _> = name.parse();
    if let Err(error) = algorithm {
        reader.mistake("MCP_JWT_ALGORITHM", format!("is {}, which {error}", shown(&name)));
    }
    algorithm.ok()
}

/// An asymmetric key does not need the secret, and whoever set both may expect its tokens to be accepted.
fn warn_of_unused_secret(reader: &mut Reader<'_>, algorithm: Algorithm) {
    for name in ["MCP_JWT_SECRET", "MCP_JWT_SECRET_FILE"] {
        if reader.text(name).is_some() {
            reader.warning(
                name,
                format!(
                    "is not used, because MCP_JWT_ALGORITHM is {algorithm}; to accept the tokens it signed, put it \
                     into MCP_JWT_PREVIOUS_SECRETS, else remove it"
                ),
            );
        }
    }
}

/// The secret, and where it came from.
fn read_secret(reader: &mut Reader<'_>, algorithm: Algorithm) -> Option<(Secret, String)> {
    for name in [PRIVATE, PUBLIC] {
        if reader.text(name).is_some() {
            reader.mistake(name, format!("is set, but {algorithm} takes MCP_JWT_SECRET; set MCP_JWT_ALGORITHM to the key's algorithm"));
        }
    }
    let before = reader.count();
    let Some(Named { source, text }) = reader.text_or_file("MCP_JWT_SECRET") else {
        if reader.count() == before {
            reader.mistake("MCP_JWT_SECRET", "is not set; make a secret with `openssl rand -hex 32`, and give every service that shares tokens the same one");
        }
        return None;
    };
    // Only a file's end of line is cut: in a variable, a line break is a mistake that other programs keep.
    let text = if source == "MCP_JWT_SECRET" { &text } else { without_line_end(&text) };
    Some((accept(reader, &source, text, algorithm)?, source))
}

fn without_line_end(text: &str) -> &str {
    text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line))
}

/// Checks one secret, and warns when it is weak.
fn accept(
    reader: &mut Reader<'_>,
    source: &str,
    text: &str,
    algorithm: Algorithm,
) -> Option<Secret> {
    let secret =
        Secret::from_text(text).map_err(|error| reader.mistake(source, error.to_string())).ok()?;
    if let Some(worst) = secret.weaknesses(algorithm).first() {
        reader.weak_secret(source, Weakness::to_string(worst));
    }
    Some(secret)
}

/// The previous secrets, each with the name under which a mistake is reported.
fn read_previous(
    reader: &mut Reader<'_>,
    algorithm: Algorithm,
) -> Option<Vec<(String, VerifyingKey)>> {
    let before = reader.count();
    let Some(Named { source, text }) = reader.text_or_file("MCP_JWT_PREVIOUS_SECRETS") else {
        return (reader.count() == before).then(Vec::new);
    };
    let texts: Vec<&str> = match source.as_str() {
        "MCP_JWT_PREVIOUS_SECRETS" => text.split(',').collect(),
        _ => text.lines().filter(|line| !line.is_empty()).collect(),
    };
    let mut key = |(index, text): (usize, &str)| {
        let source = format!("{source}, entry {},", index + 1);
        let secret = accept(reader, &source, text, algorithm)?;
        Some((source, VerifyingKey::from_secret(algorithm, &secret).ok()?))
    };
    // All of them first, so that every bad one is reported.
    let keys: Vec<_> = texts.into_iter().enumerate().map(&mut key).collect();
    keys.into_iter().collect()
}

/// A key that the ring holds already is no mistake: a rotation that writes two files passes through that state.
fn with_previous(
    reader: &mut Reader<'_>,
    mut ring: KeyRing,
    previous: Vec<(String, VerifyingKey)>,
) -> Option<KeyRing> {
    for (source, key) in previous {
        if ring.verifying_keys().iter().any(|held| held.id() == key.id()) {
            reader.warning(
                source,
                format!("is the current key again, or listed twice ({}); remove it", key.id()),
            );
            continue;
        }
        ring =
            ring.and_accept(key).map_err(|error| reader.mistake(source, error.to_string())).ok()?;
    }
    Some(ring)
}

/// The ring of a key pair or of a public key, and where its key came from.
fn read_key_files(
    reader: &mut Reader<'_>,
    algorithm: Algorithm,
    purpose: Purpose,
) -> Option<(KeyRing, String)> {
    let before = reader.count();
    let private = read_pem(reader, PRIVATE, |text| SigningKey::from_pem(algorithm, text));
    let public = read_pem(reader, PUBLIC, |text| VerifyingKey::from_pem(algorithm, text));
    if reader.count() > before {
        return None;
    }
    let (missing, problem) = match (private, public, purpose) {
        (Some((private, _)), Some((public, _)), _)
            if private.verifying_key().id() != public.id() =>
        {
            (
                PUBLIC,
                format!(
                    "is not the public half of {PRIVATE}; derive it with `openssl pkey -in private.pem -pubout`, or \
                 remove the variable"
                ),
            )
        }
        (Some((private, source)), ..) => return Some((KeyRing::new(private), source)),
        (None, Some((public, source)), Purpose::Validate) => {
            return Some((KeyRing::verify_only(public), source));
        }
        (None, _, Purpose::Issue) => (
            PRIVATE,
            format!("is not set, and {algorithm} signs with a private key; name its PEM file"),
        ),
        (None, None, Purpose::Validate) => (
            PUBLIC,
            format!("is not set, and {algorithm} verifies with a public key; name its PEM file"),
        ),
    };
    reader.mistake(missing, problem);
    None
}

const PRIVATE: &str = "MCP_JWT_PRIVATE_KEY_FILE";
const PUBLIC: &str = "MCP_JWT_PUBLIC_KEY_FILE";

/// The key in the file that a variable names, and where that is.
fn read_pem<K>(
    reader: &mut Reader<'_>,
    variable: &str,
    parse: impl Fn(&str) -> Result<K, KeyError>,
) -> Option<(K, String)> {
    let Named { source, text } = reader.named_file(variable)?;
    match parse(&text) {
        Ok(key) => Some((key, source)),
        Err(error) => {
            reader.mistake(source, error.to_string());
            None
        }
    }
}
