//! What the fuzz targets share: base64url, and `serde_json` as the second opinion on JSON.

use base64_simd::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

/// Base64url without padding.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode_to_string(bytes)
}

/// What base64url text stands for.
#[must_use]
pub fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode_to_vec(text).ok()
}

/// The bytes as a JSON object, by the opinion of a reader that we did not write.
#[must_use]
pub fn object(bytes: &[u8]) -> Option<Map<String, Value>> {
    serde_json::from_slice(bytes).ok()
}

/// Three parts between two dots, all of them base64url, as RFC 7515 section 7.1 says it: the form of a token,
/// written down a second time and slowly.
#[must_use]
pub fn has_form_of_token(bytes: &[u8]) -> bool {
    let parts: Vec<&[u8]> = bytes.split(|byte| *byte == b'.').collect();
    let is_base64url = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_".contains(byte);
    parts.len() == 3 && parts.iter().all(|part| part.iter().all(is_base64url))
}
