//! Hostile tokens as data: the same list is tried at a validator, at command-line tools and at routes.

mod claims;
mod dates;
mod form;
mod header;
mod json;

use std::time::Duration;

use crate::keys::{Algorithm, KeyRing, SigningKey, VerifyingKey};
use crate::refusal::RefusalCode;
use crate::secret::{Secret, SecretError};
use crate::validate::{Expect, Rules, Validator};

use super::Forge;

/// One hostile token, and the refusal that it must meet.
#[derive(Clone)]
pub struct Attack {
    /// Its class: `A01` and so on. A class has many variants.
    pub id: &'static str,
    /// What is wrong with this one.
    pub name: String,
    /// The token. Not always text.
    pub token: Vec<u8>,
    /// The one code that is right.
    pub expected: RefusalCode,
    /// What the validator must be configured with, besides the secret.
    pub setting: AttackSetting,
}

/// What a validator must be configured with for an attack to be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AttackSetting {
    /// `MCP_JWT_ISSUER`.
    pub issuer: Option<&'static str>,
    /// `MCP_JWT_AUDIENCE`.
    pub audience: Option<&'static str>,
    /// `MCP_JWT_LEEWAY_SECONDS`.
    pub leeway: u64,
    /// `MCP_JWT_PREVIOUS_SECRETS`.
    pub previous: Option<&'static str>,
    /// Which kind of token is due; `--type` of the command-line tool.
    pub expect: Expect,
}

/// Every hostile token that needs neither a store nor a key of its own, for a validator that verifies HS256 with
/// `secret` and whose clock shows `now`. All are still hostile when the clock goes on for some minutes.
pub fn attacks(secret: &str, now: u64) -> Vec<Attack> {
    let mut corpus = Corpus { secret, now, attacks: Vec::new() };
    header::add(&mut corpus);
    form::add(&mut corpus);
    json::add(&mut corpus);
    dates::add(&mut corpus);
    claims::add(&mut corpus);
    corpus.attacks
}

impl Attack {
    /// The value of an `Authorization` header with this token; `None` where HTTP cannot carry it unchanged.
    pub fn authorization(&self) -> Option<Vec<u8>> {
        let in_header = |byte: &u8| *byte >= b' ' && *byte != 0x7f;
        let carried = self.is_untrimmed() && self.token.iter().all(in_header);
        carried.then(|| [b"Bearer ", self.token.as_slice()].concat())
    }

    /// The token as an argument of a program; `None` where no command line can carry it unchanged.
    pub fn argument(&self) -> Option<&str> {
        const LONGEST: usize = 100 * 1024;
        let text = std::str::from_utf8(&self.token).ok()?;
        let carried = self.is_untrimmed() && text.len() < LONGEST && !text.contains('\0');
        carried.then_some(text)
    }

    /// Not empty and without white space at its ends, which headers and files lose on the way.
    fn is_untrimmed(&self) -> bool {
        !self.token.is_empty() && self.token.trim_ascii().len() == self.token.len()
    }
}

/// Shows what it is, not the token: some of them are good but for the setting.
impl std::fmt::Debug for Attack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({}), {} bytes, {}", self.id, self.name, self.token.len(), self.expected)
    }
}

impl AttackSetting {
    /// The variables that configure a program so, for [`Settings::load`](crate::settings::Settings::load) too.
    pub fn variables(&self, secret: &str) -> Vec<(&'static str, String)> {
        let texts = [
            ("MCP_JWT_SECRET", Some(secret)),
            ("MCP_JWT_PREVIOUS_SECRETS", self.previous),
            ("MCP_JWT_ISSUER", self.issuer),
            ("MCP_JWT_AUDIENCE", self.audience),
        ];
        let set = |(name, value): (_, Option<&str>)| value.map(|value| (name, value.to_owned()));
        let leeway = ("MCP_JWT_LEEWAY_SECONDS", self.leeway.to_string());
        texts.into_iter().filter_map(set).chain([leeway]).collect()
    }

    /// The rules of a validator configured so.
    pub fn rules(&self) -> Rules {
        Rules::default()
            .with_leeway(Duration::from_secs(self.leeway))
            .with_issuer(self.issuer.map(str::to_owned))
            .with_audience(self.audience.map(str::to_owned))
    }

    /// A validator configured so.
    ///
    /// # Errors
    /// When `secret` cannot be one.
    pub fn validator(&self, secret: &str) -> Result<Validator, Box<dyn std::error::Error>> {
        let key = SigningKey::from_secret(Algorithm::Hs256, &Secret::from_text(secret)?)?;
        let mut keys = KeyRing::new(key);
        if let Some(previous) = self.previous {
            keys = keys.and_accept(verifying_key(previous)?)?;
        }
        Ok(Validator::new(keys, self.rules()))
    }
}

/// The list in the making.
struct Corpus<'a> {
    secret: &'a str,
    now: u64,
    attacks: Vec<Attack>,
}

impl Corpus<'_> {
    fn good(&self) -> Forge {
        Forge::new(self.secret, self.now)
    }

    fn add(
        &mut self,
        id: &'static str,
        name: impl Into<String>,
        forge: &Forge,
        expected: RefusalCode,
    ) {
        self.add_with(AttackSetting::default(), id, name, forge, expected);
    }

    fn add_with(
        &mut self,
        setting: AttackSetting,
        id: &'static str,
        name: impl Into<String>,
        forge: &Forge,
        expected: RefusalCode,
    ) {
        let token = forge.token();
        self.attacks.push(Attack { id, name: name.into(), token, expected, setting });
    }

    /// A text that no forge makes.
    fn add_text(
        &mut self,
        id: &'static str,
        name: impl Into<String>,
        token: impl Into<Vec<u8>>,
        expected: RefusalCode,
    ) {
        let (token, setting) = (token.into(), AttackSetting::default());
        self.attacks.push(Attack { id, name: name.into(), token, expected, setting });
    }
}

/// A raw value cut to a length that fits a name.
fn shown(raw: &str) -> String {
    raw.chars().take(40).collect()
}

fn verifying_key(secret: &str) -> Result<VerifyingKey, Box<dyn std::error::Error>> {
    Ok(VerifyingKey::from_secret(Algorithm::Hs256, &Secret::from_text(secret)?)?)
}

/// The id of the key that `secret` makes.
fn key_id(secret: &str) -> Result<String, SecretError> {
    let secret = Secret::from_text(secret)?;
    let key = VerifyingKey::from_secret(Algorithm::Hs256, &secret);
    Ok(key.map(|key| key.id().to_string()).unwrap_or_default())
}
