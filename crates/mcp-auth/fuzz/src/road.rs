//! The whole road. The input says how to make a token; half of them carry a good signature, so that the reader of
//! claims is reached. The gate, the report, `serde_json` and `jsonwebtoken` are asked about the same token.

#![no_main]

use std::sync::{Arc, LazyLock};

use jsonwebtoken::{Algorithm as Name, DecodingKey, EncodingKey, Validation, crypto};
use libfuzzer_sys::fuzz_target;
use mcp_auth::clock::{Clock, Timestamp};
use mcp_auth::keys::{Algorithm, KeyRing, SigningKey};
use mcp_auth::report::Report;
use mcp_auth::secret::Secret;
use mcp_auth::validate::{Caller, Expect, LiveToken, Rules, Validator};
use mcp_auth::{Gate, Origin, Refused};
use mcp_auth_fuzz::{encode, object};
use serde_json::{Map, Value};

const SECRET: &str = "b7d1c3f09e5a4862a1f4d07c93be6512e8f7a60b4c2d91385f6e07ab43cd1972";
/// Of the right length, and nobody's.
const OTHER_SECRET: &str = "4c1e9d70a8b35f2671d0e94f8a2b6c3d5e7f90813a4b5c6d7e8f9012a3b4c5d6";
const HEADER: &[u8] = br#"{"alg":"HS256","typ":"JWT"}"#;
/// 2026-01-01T00:00:30Z: the seeds live around it.
const NOW: Timestamp = Timestamp::from_unix_seconds(1_767_225_630);

static GATE: LazyLock<Gate> = LazyLock::new(|| {
    let key = SigningKey::from_secret(Algorithm::Hs256, &secret()).expect("a secret's algorithm");
    let validator = Validator::new(Arc::new(KeyRing::new(key)), Rules::default());
    Gate::new(validator).with_clock(Arc::new(Standing))
});

#[derive(Debug)]
struct Standing;

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        NOW
    }
}

fuzz_target!(|data: &[u8]| {
    let Some(recipe) = Recipe::read(data) else { return };
    let token = recipe.token();
    // Whatever came before with another input is forgotten.
    let gate = GATE.clone().with_validator(GATE.validator().clone());
    // Known, where it is good, when one comes that is nearly the same.
    let unspoilt = recipe.unspoilt();
    let first = ask(&gate, &unspoilt);
    for _ in 0..2 {
        same(&first, &ask(&gate, &unspoilt));
    }
    let decided = ask(&gate, &token);
    same(&decided, &ask(&gate, &token));
    let report = GATE.validator().explain(&token, Expect::Access, NOW, Some(&secret()));
    agree(&decided, &report);
    match &decided {
        Ok(caller) => {
            let live = caller.token().expect("whom a closed gate lets in has a token");
            assert!(recipe.is_genuine(), "accepted without a good signature");
            second_opinions(live, &recipe, &token);
        }
        Err(refused) => {
            let reason = refused.refusal.reason();
            silent(&format!("{refused} {refused:?} {reason}"), &token);
        }
    }
    silent(&format!("{report:?}"), &token);
});

fn ask(gate: &Gate, token: &[u8]) -> Result<Caller, Refused> {
    let header = [b"Bearer ", token].concat();
    gate.authenticate(Some(header.as_slice()), &Origin::default())
}

/// A token that comes again is told the same.
fn same(first: &Result<Caller, Refused>, again: &Result<Caller, Refused>) {
    match (first, again) {
        (Ok(first), Ok(again)) => {
            let [first, again] =
                [first, again].map(|caller| caller.token().expect("a closed gate"));
            assert_eq!(first.claims(), again.claims());
            assert_eq!(first.revocation_id(), again.revocation_id());
        }
        (Err(first), Err(again)) => assert_eq!(first.refusal, again.refusal),
        _ => panic!("{first:?}, and then {again:?}"),
    }
}

/// One byte of flags, one for the mutation, one with the length of the header, the header, the payload.
struct Recipe<'a> {
    flags: u8,
    mutation: u8,
    header: &'a [u8],
    payload: &'a [u8],
}

impl<'a> Recipe<'a> {
    const FORGED: u8 = 1;
    const OWN_HEADER: u8 = 2;
    const MUTATED: u8 = 4;

    fn read(data: &'a [u8]) -> Option<Self> {
        let [flags, mutation, length, rest @ ..] = data else { return None };
        let (header, payload) = rest.split_at_checked(usize::from(*length))?;
        Some(Self { flags: *flags, mutation: *mutation, header, payload })
    }

    fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    fn is_genuine(&self) -> bool {
        !self.has(Self::FORGED) && !self.has(Self::MUTATED)
    }

    fn token(&self) -> Vec<u8> {
        let mut token = self.unspoilt();
        if self.has(Self::MUTATED) {
            self.mutate(&mut token);
        }
        token
    }

    /// Before a byte is changed.
    fn unspoilt(&self) -> Vec<u8> {
        let header = if self.has(Self::OWN_HEADER) { self.header } else { HEADER };
        let input = format!("{}.{}", encode(header), encode(self.payload));
        let secret = if self.has(Self::FORGED) { OTHER_SECRET } else { SECRET };
        let key = EncodingKey::from_secret(secret.as_bytes());
        let signature = crypto::sign(input.as_bytes(), &key, Name::HS256).expect("HMAC signs");
        format!("{input}.{signature}").into_bytes()
    }

    /// Changes one byte for certain, anywhere.
    fn mutate(&self, token: &mut [u8]) {
        let at = usize::from(self.mutation) * token.len() / 256;
        token[at] ^= 1 << (self.flags >> 5);
    }
}

/// The gate and the report have one table of checks, so they have one verdict.
fn agree(decided: &Result<Caller, Refused>, report: &Report) {
    let code = decided.as_ref().err().map(|refused| refused.refusal.code());
    assert_eq!(code, report.code(), "the gate and the report disagree");
    assert_eq!(decided.is_ok(), report.is_valid());
}

fn second_opinions(live: &LiveToken, recipe: &Recipe<'_>, token: &[u8]) {
    let read = object(recipe.payload).expect("an accepted payload is a JSON object");
    assert_eq!(read["user_id"].as_str(), Some(live.user_id()));
    let expires_at = live.claims().expires_at().seconds();
    let floored = read["exp"].as_u64().map_or_else(|| read["exp"].as_f64(), |_| None);
    match floored {
        #[expect(clippy::cast_precision_loss, reason = "dates end far below 2^53")]
        Some(fraction) => assert!((expires_at as f64 - fraction.floor()).abs() < 0.5),
        None => assert_eq!(read["exp"].as_u64(), Some(expires_at)),
    }
    assert_eq!(read, live.claims().to_json());
    let mut validation = Validation::new(Name::HS256);
    // It reads the machine's clock, which is not ours.
    validation.validate_exp = false;
    let key = DecodingKey::from_secret(SECRET.as_bytes());
    let oracle = jsonwebtoken::decode::<Map<String, Value>>(token, &key, &validation);
    assert!(oracle.is_ok(), "accepted what jsonwebtoken refuses: {oracle:?}");
}

/// No text shows the token, nor the part of it that makes it one.
fn silent(text: &str, token: &[u8]) {
    let Ok(token) = std::str::from_utf8(token) else { return };
    let signature = token.rsplit('.').next().unwrap_or_default();
    for secret in [token, signature] {
        assert!(secret.len() < 32 || !text.contains(secret), "a text shows the token");
    }
}

fn secret() -> Secret {
    Secret::from_text(SECRET).expect("a good secret")
}
