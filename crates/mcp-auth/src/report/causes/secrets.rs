//! A signature that does not match: was it one of the mistakes that are made with shared secrets?

use base64_simd::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

use crate::keys::{KeyRing, VerifyingKey};
use crate::secret::Secret;
use crate::validate::ParsedToken;

/// A key that an issuer may have used when it meant ours, and what it did.
type Mistake = (Vec<u8>, &'static str);

/// Why no key made the signature.
pub(in crate::report) fn of_signature(parsed: &ParsedToken<'_>, secret: Option<&Secret>) -> String {
    of_mistake(parsed, secret).unwrap_or_else(|| {
        "The token was signed with another secret or key, or was changed on the way. Compare the keys' fingerprints \
         on both sides (`--verbose` shows them), or get a new token from this service's issuer."
            .to_owned()
    })
}

/// Why the ring does not hold the key that the header names.
pub(in crate::report) fn of_key(
    parsed: &ParsedToken<'_>,
    keys: &KeyRing,
    secret: Option<&Secret>,
) -> String {
    if let Some(key) = keys.verifying_keys().iter().find(|key| parsed.is_signed_by(key)) {
        return format!(
            "The key {} of this service did sign it, but the header calls that key by another name. Let the issuer \
             write this `kid`, or none.",
            key.id()
        );
    }
    of_mistake(parsed, secret).unwrap_or_else(|| {
        "The token names a key that is not configured: it was issued elsewhere, or its key was retired. Get a new \
         token; while a rotation lasts, list the other secret in MCP_JWT_PREVIOUS_SECRETS here."
            .to_owned()
    })
}

fn of_mistake(parsed: &ParsedToken<'_>, secret: Option<&Secret>) -> Option<String> {
    let signed_with = |key: &[u8]| {
        VerifyingKey::from_raw(parsed.algorithm(), key).is_some_and(|key| parsed.is_signed_by(&key))
    };
    let (_, cause) =
        usual_mistakes(secret?.expose()).into_iter().find(|(key, _)| signed_with(key))?;
    Some(format!("The issuer signed with {cause}. Give both sides the same bytes."))
}

fn usual_mistakes(secret: &[u8]) -> Vec<Mistake> {
    let mut keys = ends(secret);
    keys.extend(decoded(secret));
    keys.extend(encoded(secret));
    keys.push((Vec::new(), "an empty secret: its variable is not set"));
    keys.push((
        b"your-secret-here".to_vec(),
        "the placeholder `your-secret-here`, which everybody knows",
    ));
    keys
}

/// Bytes too many at an end, and quotes that one side kept: `docker run --env-file` takes them for a part of it.
fn ends(secret: &[u8]) -> Vec<Mistake> {
    let with = |end: &[u8]| [secret, end].concat();
    let mut keys = vec![
        (with(b"\n"), "the secret and the line break at the end of its file"),
        (with(b"\r\n"), "the secret and the Windows line break at the end of its file"),
        (with(b"\r"), "the secret and a carriage return at its end"),
        (with(b" "), "the secret and a space at its end"),
        ([b"\"", secret, b"\""].concat(), "the secret and the quotes around it"),
        ([b"'", secret, b"'"].concat(), "the secret and the quotes around it"),
        ([b"\xef\xbb\xbf", secret].concat(), "a byte order mark before the secret"),
    ];
    for quote in [b"\"", b"'"] {
        let inner = secret
            .strip_prefix(quote)
            .and_then(|secret| secret.strip_suffix(quote))
            .map(<[u8]>::to_vec);
        keys.extend(
            inner.map(|key| {
                (key, "the secret without the quotes that this service keeps around it")
            }),
        );
    }
    keys
}

/// The issuer took the text for an encoding of the key.
fn decoded(secret: &[u8]) -> Vec<Mistake> {
    const BASE64: &str = "the bytes that the secret's base64 stands for";
    const BASE64URL: &str = "the bytes that the secret's base64url stands for";
    let mut keys: Vec<Mistake> = hex::decode(secret)
        .map(|key| (key, "the bytes that the secret's hex digits stand for"))
        .into_iter()
        .collect();
    let encodings = [
        (STANDARD, BASE64),
        (STANDARD_NO_PAD, BASE64),
        (URL_SAFE, BASE64URL),
        (URL_SAFE_NO_PAD, BASE64URL),
    ];
    keys.extend(encodings.into_iter().filter_map(|(encoding, cause)| {
        encoding.decode_to_vec(secret).ok().map(|key| (key, cause))
    }));
    keys
}

/// The issuer has the encoding, as it stands in a Kubernetes manifest, or the other case of the hex digits.
fn encoded(secret: &[u8]) -> Vec<Mistake> {
    let mut keys = vec![
        (STANDARD.encode_to_string(secret).into_bytes(), "the secret's base64 text, undecoded"),
        (hex::encode(secret).into_bytes(), "the secret's bytes in hex digits"),
    ];
    for other in [secret.to_ascii_uppercase(), secret.to_ascii_lowercase()] {
        if hex::decode(secret).is_ok() && other != secret {
            keys.push((other, "the secret's hex digits in the other case (A-F, a-f)"));
        }
    }
    keys
}
