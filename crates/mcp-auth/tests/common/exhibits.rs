//! One of each public type that can come near a secret, made from secrets that are easy to find in a text.

#![expect(clippy::expect_used, reason = "a test without its exhibits cannot go on")]

use std::sync::{Arc, Mutex, PoisonError};

use mcp_auth::action::CallTool;
use mcp_auth::audit::{AuditEvent, AuditSink};
use mcp_auth::clock::Timestamp;
use mcp_auth::issue::{IssuedToken, Issuer, NewToken};
use mcp_auth::keys::{Algorithm, KeyRing, SigningKey, VerifyingKey};
use mcp_auth::policy::Policy;
use mcp_auth::refusal::{Reason, Refusal};
use mcp_auth::secret::Secret;
use mcp_auth::settings::{Purpose, Settings};
use mcp_auth::store::{Credential, MemoryRevocations, RevocationView, StoreError, Verdict};
use mcp_auth::testing::{FixedClock, Forge, MemoryAudit, attacks};
use mcp_auth::validate::{Caller, Expect, RawToken, Rules, Validator};
use mcp_auth::{Gate, Origin};

use crate::{Walk, keys};

const NOW: u64 = 1_767_225_600;
const PREVIOUS: &str = "a0c9e47d1b5f82364e7d9c0b1a2f3856";

pub(crate) struct Exhibits {
    ring: Arc<KeyRing>,
    issued: IssuedToken,
    private_pem: String,
}

/// Keeps what it was shown, as a careless log would print it.
#[derive(Debug, Default)]
struct Tap(Mutex<Vec<String>>);

impl Tap {
    fn keep(&self, text: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(text);
    }

    fn texts(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl AuditSink for Tap {
    fn record(&self, event: &AuditEvent<'_>) {
        let json = serde_json::to_string(event).expect("an event is JSON");
        self.keep(format!("{event:?}\n{event:#?}\n{json}"));
    }
}

impl RevocationView for Tap {
    fn verdict(&self, credential: &Credential<'_>, _: Timestamp) -> Result<Verdict, StoreError> {
        self.keep(format!("{credential:?}\n{credential:#?}"));
        Ok(Verdict::Live)
    }
}

fn secret(text: &str) -> Secret {
    Secret::from_text(text).expect("a good secret")
}

fn now() -> Timestamp {
    Timestamp::from_unix_seconds(NOW)
}

impl Exhibits {
    pub(crate) fn new() -> Self {
        let ring = KeyRing::new(keys::signing_key(Algorithm::Hs256));
        let previous = VerifyingKey::from_secret(Algorithm::Hs256, &secret(PREVIOUS));
        let ring = Arc::new(ring.and_accept(previous.expect("a key")).expect("two keys"));
        let issuer = Issuer::new(Arc::clone(&ring)).expect("a ring that signs");
        let issuer = issuer.with_clock(Arc::new(FixedClock::at(NOW)));
        let token = issuer.issue(&NewToken::access("alice")).expect("a token");
        Self { ring, issued: token, private_pem: keys::pem("test-ed25519-private") }
    }

    fn token(&self) -> &str {
        self.issued.token.expose()
    }

    /// What must not be seen, in each shape in which a formatter might show it.
    pub(crate) fn hidden(&self) -> Vec<(&'static str, String)> {
        let start = |text: &str| text.chars().take(16).collect::<String>();
        let numbers = |text: &str| {
            let numbers: Vec<_> = text.bytes().take(8).map(|byte| byte.to_string()).collect();
            numbers.join(", ")
        };
        let part = |index| start(self.token().split('.').nth(index).expect("three parts"));
        let line = |name: &str| {
            start(keys::pem(name).lines().nth(1).expect("a key").get(30..).expect("64 a line"))
        };
        vec![
            ("the secret", start(keys::SECRET)),
            ("the secret as numbers", numbers(keys::SECRET)),
            ("the secret in hex", hex::encode(start(keys::SECRET))),
            ("the previous secret", start(PREVIOUS)),
            ("the private key", line("test-ed25519-private")),
            ("the RSA private key", line("test-rsa-2048-private")),
            ("the token's payload part", part(1)),
            ("the token's signature part", part(2)),
        ]
    }

    pub(crate) fn show(&self, walk: &mut Walk) {
        self.show_keys(walk);
        self.show_issuing(walk);
        self.show_the_road(walk);
        self.show_the_gate(walk);
        self.show_refusals(walk);
        self.show_settings(walk);
        show_doubles(walk);
    }

    fn show_keys(&self, walk: &mut Walk) {
        walk.debug("Secret", &secret(keys::SECRET));
        for algorithm in Algorithm::ALL {
            let key = keys::signing_key(algorithm);
            walk.debug("VerifyingKey", key.verifying_key());
            walk.both("KeyId", key.verifying_key().id());
            walk.json("KeyId", key.verifying_key().id());
            walk.debug("SigningKey", &key);
            walk.debug("KeyRing", &KeyRing::new(key));
        }
        let (pem, cut) = (&self.private_pem, self.private_pem.replace("END", "FIN"));
        for text in [pem, &cut] {
            walk.both("SecretError", &Secret::from_text(text).expect_err("a PEM key"));
            for algorithm in [Algorithm::Hs256, Algorithm::Es256, Algorithm::Rs256] {
                walk.both("KeyError", &SigningKey::from_pem(algorithm, text).expect_err("another"));
                walk.both(
                    "KeyError",
                    &VerifyingKey::from_pem(algorithm, text).expect_err("another"),
                );
            }
        }
        let spaced = format!("{} ", keys::SECRET);
        walk.both("SecretError", &Secret::from_text(&spaced).expect_err("a space at its end"));
    }

    fn show_issuing(&self, walk: &mut Walk) {
        walk.debug("Token", &self.issued.token);
        walk.debug("IssuedToken", &self.issued);
        let issuer = Issuer::new(Arc::clone(&self.ring)).expect("a ring that signs");
        walk.debug("Issuer", &issuer);
        let request = NewToken::access("alice\0");
        walk.debug("NewToken", &request);
        walk.both("IssueError", &issuer.issue(&request).expect_err("a control character"));
    }

    fn validator(&self) -> Validator {
        let rules = Rules::default().with_audience(None);
        Validator::new(Arc::clone(&self.ring), rules)
    }

    fn show_the_road(&self, walk: &mut Walk) {
        let validator = self.validator();
        walk.debug("Validator", &validator);
        let raw = RawToken::from_bytes(self.token().as_bytes()).expect("the form of a token");
        walk.debug("RawToken", &raw);
        let parsed = raw.parse().expect("a header");
        walk.debug("ParsedToken", &parsed);
        let signed = parsed.verify(&self.ring).expect("a signature");
        walk.debug("SignedToken", &signed);
        let valid = signed.check(validator.rules(), Expect::Access, now()).expect("claims");
        walk.debug("ValidToken", &valid);
        walk.debug("Claims", valid.claims());
        let view = Tap::default();
        let live = valid.confirm(&view, now()).expect("no revocation");
        view.texts().into_iter().for_each(|text| walk.printed.push(("Credential", text)));
        walk.debug("LiveToken", &live);
        let call = CallTool { server: "files".into(), tool: "read".into() };
        let caller = Caller::from(live);
        walk.debug("Caller", &caller);
        let permit = caller.authorize(&Policy::default(), call).expect("a user may call");
        walk.debug("Permit", &permit);
    }

    fn show_the_gate(&self, walk: &mut Walk) {
        let (tap, memory) = (Arc::new(Tap::default()), Arc::new(MemoryAudit::default()));
        let clock = Arc::new(FixedClock::at(NOW));
        let sinks: [Arc<dyn AuditSink>; 2] = [tap.clone(), memory.clone()];
        for sink in sinks {
            let gate = Gate::new(self.validator()).with_audit(sink).with_clock(clock.clone());
            let origin = Origin::default();
            for header in [format!("Bearer {}", self.token()), format!("Bearer {}x", self.token())]
            {
                if let Err(refused) = gate.authenticate(Some(header.as_bytes()), &origin) {
                    walk.both("Refused", &refused);
                }
            }
            walk.debug("Gate", &gate);
        }
        tap.texts().into_iter().for_each(|text| walk.printed.push(("AuditEvent", text)));
        walk.debug("MemoryAudit", &memory);
        walk.debug("MemoryRevocations", &MemoryRevocations::new());
    }

    /// The token with each of the mistakes that people and attackers make.
    fn broken_tokens(&self) -> Vec<String> {
        let token = self.token();
        let cut = token.rsplit_once('.').map_or(token, |(input, _)| input);
        let mut broken: Vec<_> =
            ["", " ", "\n", "\"", ".x", "é", "A", "="].map(|end| format!("{token}{end}")).into();
        broken.extend(
            ["Bearer ", "Authorization: Bearer ", "'", "$"].map(|start| format!("{start}{token}")),
        );
        broken.extend([
            cut.to_owned(),
            format!("{cut}."),
            token.replacen('.', "", 1),
            token.replace('.', " "),
        ]);
        broken.push(format!("e30.{}", token.split_once('.').map_or(token, |(_, rest)| rest)));
        broken
    }

    fn show_refusals(&self, walk: &mut Walk) {
        let validator = self.validator();
        let secret = secret(keys::SECRET);
        let late = Timestamp::from_unix_seconds(NOW + 10_000);
        for token in self.broken_tokens() {
            for (now, expect) in [(now(), Expect::Access), (late, Expect::Refresh)] {
                let report = validator.explain(token.as_bytes(), expect, now, Some(&secret));
                walk.debug("Report", &report);
                report.lines().iter().for_each(|line| walk.json("Line", line));
                let Some(refusal) = report.refusal() else { continue };
                walk.both("Refusal", refusal);
                walk.both("Reason", refusal.reason());
                if let Reason::Malformed(malformed) = refusal.reason() {
                    walk.both("Malformed", malformed);
                }
            }
        }
        let named = Forge::new(keys::SECRET, NOW).with_claim("aud", "[\"a\"]");
        let nameless = Forge::new(keys::SECRET, NOW).without_claim("user_id");
        let audience = validator.explain(&named.token(), Expect::Access, now(), Some(&secret));
        walk.debug("Audience", &audience.claims_possibly_unverified().and_then(|c| c.audience()));
        let fault = validator.explain(&nameless.token(), Expect::Access, now(), Some(&secret));
        if let Some(Reason::Claims(fault)) = fault.refusal().map(Refusal::reason) {
            walk.both("ClaimsFault", fault);
        }
    }

    /// Good settings, and every variable with a secret that was meant for another.
    fn show_settings(&self, walk: &mut Walk) {
        let good = |name: &str| match name {
            "MCP_JWT_SECRET" => Some(keys::SECRET.into()),
            "MCP_JWT_PREVIOUS_SECRETS" => Some(PREVIOUS.into()),
            _ => None,
        };
        walk.debug("Settings", &Settings::load(Purpose::Issue, good).expect("good settings"));
        let wrongly = [
            ["MCP_JWT_SECRET", "MCP_JWT_PREVIOUS_SECRETS", "MCP_JWT_LEEWAY_SECONDS"],
            ["MCP_JWT_SECRET_FILE", "MCP_JWT_PREVIOUS_SECRETS_FILE", "MCP_MAX_TOKEN_AGE"],
            ["MCP_JWT_ALGORITHM", "MCP_JWT_PRIVATE_KEY_FILE", "MCP_JWT_PUBLIC_KEY_FILE"],
        ];
        for wrong in [keys::SECRET.to_owned(), self.private_pem.clone(), format!("{PREVIOUS} ")] {
            for names in wrongly {
                let misplaced = |name: &str| names.contains(&name).then(|| wrong.clone().into());
                let mistakes = Settings::load(Purpose::Issue, misplaced).expect_err("misplaced");
                mistakes.list().iter().for_each(|mistake| walk.both("Mistake", mistake));
                walk.both("Mistakes", &mistakes);
            }
        }
    }
}

fn show_doubles(walk: &mut Walk) {
    walk.debug("Forge", &Forge::new(keys::SECRET, NOW));
    for attack in attacks(keys::SECRET, NOW) {
        walk.debug("Attack", &attack);
    }
}
