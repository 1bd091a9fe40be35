//! How a hostile token is tried: at the gate, at the report, and for what both let slip.

use std::fmt::{Debug, Write as _};
use std::sync::LazyLock;

use mcp_auth::clock::Timestamp;
use mcp_auth::keys::{Algorithm, KeyRing, SigningKey, VerifyingKey};
use mcp_auth::refusal::{Refusal, RefusalCode};
use mcp_auth::report::Report;
use mcp_auth::secret::Secret;
use mcp_auth::testing::{Attack, AttackSetting, Forge, attacks};
use mcp_auth::validate::{Expect, RawToken, Rules, Validator};

pub(crate) const SECRET: &str = "f0e1d2c3b4a5968778695a4b3c2d1e0f";
pub(crate) const NOW: u64 = 1_767_225_600;

/// Made once: some of the tokens are large.
pub(crate) static CORPUS: LazyLock<Vec<Attack>> = LazyLock::new(|| attacks(SECRET, NOW));

pub(crate) fn now() -> Timestamp {
    Timestamp::from_unix_seconds(NOW)
}

pub(crate) fn good() -> Forge {
    Forge::new(SECRET, NOW)
}

/// A validator with no settings but the secret.
pub(crate) fn validator() -> Validator {
    AttackSetting::default().validator(SECRET).expect("a legal secret")
}

pub(crate) fn validator_with(rules: Rules) -> Validator {
    Validator::new(KeyRing::new(signing_key(SECRET)), rules)
}

pub(crate) fn signing_key(secret: &str) -> SigningKey {
    let secret = Secret::from_text(secret).expect("a legal secret");
    SigningKey::from_secret(Algorithm::Hs256, &secret).expect("a symmetric algorithm")
}

pub(crate) fn verifying_key(secret: &str) -> VerifyingKey {
    signing_key(secret).verifying_key().clone()
}

/// What the gate says; `None` when it accepts.
pub(crate) fn code(validator: &Validator, token: &[u8], at: u64) -> Option<RefusalCode> {
    refusal(validator, token, Expect::Access, Timestamp::from_unix_seconds(at))
        .map(|refusal| refusal.code())
}

pub(crate) fn accepts(forge: &Forge) -> bool {
    code(&validator(), &forge.token(), NOW).is_none()
}

fn refusal(validator: &Validator, token: &[u8], expect: Expect, at: Timestamp) -> Option<Refusal> {
    RawToken::from_bytes(token).and_then(|raw| validator.validate(raw, expect, at)).err()
}

/// Tries every variant of one class, and says of all that failed what went wrong. `least` guards the corpus.
pub(crate) fn refuses_all(id: &str, least: usize) {
    let class: Vec<_> = CORPUS.iter().filter(|attack| attack.id == id).collect();
    assert!(class.len() >= least, "{id} has {} variants, {least} are due", class.len());
    let failures: Vec<_> = class.into_iter().flat_map(faults).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn faults(attack: &Attack) -> Vec<String> {
    let validator = attack.setting.validator(SECRET).expect("a legal setting");
    let tried = Tried::new(&validator, &attack.token, attack.setting.expect, now());
    tried.faults(attack.expected).into_iter().map(|fault| format!("{attack:?}: {fault}")).collect()
}

/// Tries one token at a validator of its own.
pub(crate) fn refuses(validator: &Validator, token: &[u8], expected: RefusalCode) {
    let faults = Tried::new(validator, token, Expect::Access, now()).faults(expected);
    assert!(faults.is_empty(), "{}", faults.join("; "));
}

/// All that a validator says of one token.
struct Tried<'a> {
    token: &'a [u8],
    gate: Option<Refusal>,
    header: Option<Refusal>,
    report: Report,
}

impl<'a> Tried<'a> {
    fn new(validator: &Validator, token: &'a [u8], expect: Expect, at: Timestamp) -> Self {
        let header = [b"Bearer ", token].concat();
        let secret = Secret::from_text(SECRET).expect("a legal secret");
        Self {
            token,
            gate: refusal(validator, token, expect, at),
            header: validator.validate_header(Some(header.as_slice()), expect, at).err(),
            report: validator.explain(token, expect, at, Some(&secret)),
        }
    }

    fn faults(&self, expected: RefusalCode) -> Vec<String> {
        let mut faults = Vec::new();
        let mut verdict = |door: &str, found: Option<RefusalCode>| {
            if found != Some(expected) {
                faults.push(format!("{door} says {found:?}"));
            }
        };
        verdict("the gate", self.gate.as_ref().map(Refusal::code));
        verdict("the report", self.report.code());
        // White space at the ends is not part of a header's value.
        if !self.token.is_empty() && self.token.trim_ascii() == self.token {
            verdict("the header", self.header.as_ref().map(Refusal::code));
        }
        let said = self.everything_said();
        faults.extend(slips(self.token, &said).map(|what| format!("a text holds {what}")));
        faults
    }

    fn everything_said(&self) -> String {
        let mut said = String::new();
        for refusal in [&self.gate, &self.header].into_iter().flatten() {
            say(&mut said, refusal);
            say(&mut said, refusal.reason());
        }
        for line in self.report.lines() {
            write!(said, "{line:#?} {} {:?}", line.detail, line.hint).expect("a string grows");
        }
        write!(said, "{:?} {:?}", self.report, self.report.refusal()).expect("a string grows");
        said
    }
}

fn say(said: &mut String, thing: &(impl Debug + std::fmt::Display)) {
    writeln!(said, "{thing} {thing:?} {thing:#?}").expect("a string grows");
}

/// What of a token or the secret stands in a text: the whole, or a part long enough to be no accident.
fn slips(token: &[u8], said: &str) -> impl Iterator<Item = &'static str> {
    let token = String::from_utf8_lossy(token);
    let part_of = |part: &str| part.len() >= 16 && said.contains(part);
    let mut found = Vec::new();
    if part_of(&token) || token.split('.').take(4).any(part_of) {
        found.push("the token");
    }
    if said.contains(SECRET) {
        found.push("the secret");
    }
    found.into_iter()
}
