//! A token as it stands, with no key at hand and nothing verified.

use serde_json::Value;

use super::{Line, Verdict, causes};
use crate::refusal::{Reason, Refusal};
use crate::validate::RawToken;
use crate::validate::parse::decode_payload;

/// What anybody could have written: the two readable parts of a token that nobody verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unverified {
    /// The header; `None` where it is not JSON.
    pub header: Option<Value>,
    /// The payload; `None` where it is not JSON.
    pub payload: Option<Value>,
}

/// Reads a token without asking who made it: good for looking at, never for a decision.
///
/// # Errors
/// When the bytes have not the form of a token, the line that a report would have for it.
pub fn read_unverified(token: &[u8]) -> Result<Unverified, Line> {
    let raw = RawToken::from_bytes(token).map_err(|refusal| no_token(token, &refusal))?;
    let json = |part| serde_json::from_str(&decode_payload(part).ok()?).ok();
    Ok(Unverified { header: json(raw.header()), payload: json(raw.payload()) })
}

fn no_token(token: &[u8], refusal: &Refusal) -> Line {
    Line {
        name: "structure",
        verdict: Verdict::Fail,
        detail: Reason::to_string(refusal.reason()),
        hint: causes::of_form(token),
    }
}
