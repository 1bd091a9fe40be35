//! The JOSE header (RFC 7515 section 4), read strictly: what it must not say is refused, not ignored.

use std::convert::Infallible;

use crate::json::{self, Name, Value};
use crate::keys::{Algorithm, KeyId};
use crate::refusal::{Malformed, Reason, Refusal};
use crate::text::Escaped;

/// Longest header, in base64url characters.
pub const MAX_HEADER_BYTES: usize = 1024;

/// What a header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::validate) struct Header {
    pub(in crate::validate) algorithm: Algorithm,
    pub(in crate::validate) key_id: Option<KeyId>,
}

/// `{"alg":"HS256","typ":"JWT"}` and the same in the other order, as nearly every token has it: recognised, they need
/// not be decoded.
const USUAL_HEADERS: [&[u8]; 2] =
    [b"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9", b"eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9"];

/// Parameters that bring a key or a certificate, change what is signed, or belong to encryption. This crate
/// supports none of them, and a token that has one was made for another reader (RFC 8725 sections 3.1, 3.6, 3.10;
/// RFC 7797 section 6).
const FORBIDDEN: [&str; 18] = [
    "crit", "b64", "zip", "enc", "cty", "jwk", "jku", "x5u", "x5c", "x5t", "x5t#S256", "epk",
    "apu", "apv", "p2c", "p2s", "iv", "tag",
];

impl Header {
    pub(super) fn read(part: &[u8]) -> Result<Self, Refusal> {
        if USUAL_HEADERS.contains(&part) {
            return Ok(Self { algorithm: Algorithm::Hs256, key_id: None });
        }
        Self::read_strictly(part)
    }

    fn read_strictly(part: &[u8]) -> Result<Self, Refusal> {
        let text = decode(part).map_err(Reason::from)?;
        let mut found = Found::default();
        json::read_object(&text, &[], |name: Name<'_, Infallible>, value| {
            let (value, end) = value.value()?;
            found.parameter(&name.text, value);
            Ok::<_, Malformed>(end)
        })
        .map_err(Reason::from)?;
        found.complete()
    }
}

fn decode(part: &[u8]) -> Result<String, Malformed> {
    if part.len() > MAX_HEADER_BYTES {
        return Err(Malformed::HeaderTooLong { bytes: part.len(), limit: MAX_HEADER_BYTES });
    }
    let decoded = base64_simd::URL_SAFE_NO_PAD
        .decode_to_vec(part)
        .map_err(|_| Malformed::Encoding { part: "header" })?;
    String::from_utf8(decoded).map_err(|_| Malformed::Utf8 { part: "header" })
}

/// The parameters seen so far. `alg` is judged first of all, whatever the order.
#[derive(Default)]
struct Found {
    algorithm: Option<Result<Algorithm, String>>,
    fault: Option<Malformed>,
    key_id: Option<KeyId>,
}

impl Found {
    fn parameter(&mut self, name: &str, value: Value<'_>) {
        match (name, value) {
            ("alg", Value::String(name)) => {
                self.algorithm =
                    Some(Algorithm::from_name(&name).ok_or_else(|| Escaped(&name).to_string()));
            }
            ("alg", other) => self.algorithm = Some(Err(other.kind().to_owned())),
            ("kid", Value::String(id)) => match KeyId::new(&id) {
                Some(id) => self.key_id = Some(id),
                None => self.refuse("kid", "is not 1 to 64 characters of A-Z a-z 0-9 . _ -"),
            },
            ("kid", _) => self.refuse("kid", "is not a string"),
            ("typ", Value::String(typ)) if matches!(&*typ, "JWT" | "at+jwt") => {}
            ("typ", _) => self.refuse("typ", "is neither JWT nor at+jwt"),
            ("url", value) => self.require_string("url", &value),
            ("nonce", value) => self.require_string("nonce", &value),
            (other, _) => {
                if let Some(name) = FORBIDDEN.into_iter().find(|name| *name == other) {
                    self.refuse(name, "is not supported here and must not be present");
                }
            }
        }
    }

    /// For parameters that mean nothing here and that other readers insist on.
    fn require_string(&mut self, name: &'static str, value: &Value<'_>) {
        if !matches!(value, Value::String(_)) {
            self.refuse(name, "is not a string");
        }
    }

    fn refuse(&mut self, name: &'static str, problem: &'static str) {
        self.fault.get_or_insert(Malformed::Parameter { name, problem });
    }

    fn complete(self) -> Result<Header, Refusal> {
        let algorithm = self
            .algorithm
            .unwrap_or_else(|| Err("missing".to_owned()))
            .map_err(|found| Reason::UnknownAlgorithm { found })?;
        match self.fault {
            Some(fault) => Err(Reason::from(fault).into()),
            None => Ok(Header { algorithm, key_id: self.key_id }),
        }
    }
}
