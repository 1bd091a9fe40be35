//! The walk behind a report.

use super::{Line, Report, Verdict, causes, revocation};
use crate::claims::Claims;
use crate::clock::Timestamp;
use crate::refusal::{Reason, Refusal, RefusalCode};
use crate::secret::Secret;
use crate::validate::checks::{CHECKS, Question};
use crate::validate::parse::decode_payload;
use crate::validate::{Expect, ParsedToken, RawToken, Validator};

/// Collects the lines of a report and remembers the first failure.
pub(super) struct Inspection<'v> {
    validator: &'v Validator,
    expect: Expect,
    now: Timestamp,
    secret: Option<&'v Secret>,
    lines: Vec<Line>,
    refusal: Option<Refusal>,
}

impl<'v> Inspection<'v> {
    pub(super) fn new(
        validator: &'v Validator,
        expect: Expect,
        now: Timestamp,
        secret: Option<&'v Secret>,
    ) -> Self {
        Self { validator, expect, now, secret, lines: Vec::new(), refusal: None }
    }

    pub(super) fn run(mut self, token: &[u8]) -> Report {
        let Some(raw) = self.structure(token) else {
            for name in ["header", "algorithm", "key", "signature", "claims"] {
                self.skip(name, "needs a token of the right form");
            }
            return self.judge_claims(None, false);
        };
        let verified = match self.header(raw) {
            Some(parsed) => self.signature(&parsed),
            None => false,
        };
        self.judge_claims(Some(raw), verified)
    }

    fn structure<'t>(&mut self, token: &'t [u8]) -> Option<RawToken<'t>> {
        match RawToken::from_bytes(token) {
            Ok(raw) => {
                self.pass("structure", format!("3 parts, {} bytes", token.len()));
                Some(raw)
            }
            Err(refusal) => {
                self.fail("structure", refusal, causes::of_form(token));
                None
            }
        }
    }

    /// Two lines from one stage: a header can be unsound, or sound and of an algorithm that nobody here has.
    fn header<'t>(&mut self, raw: RawToken<'t>) -> Option<ParsedToken<'t>> {
        let parsed = raw.parse().and_then(|parsed| {
            parsed.check_algorithm(self.validator.keys())?;
            Ok(parsed)
        });
        match parsed {
            Ok(parsed) => {
                let key_id =
                    parsed.key_id().map_or_else(|| "no kid".to_owned(), |id| format!("kid {id}"));
                self.pass("header", key_id);
                self.pass("algorithm", parsed.algorithm().name().to_owned());
                return Some(parsed);
            }
            Err(refusal) if refusal.code() == RefusalCode::AlgorithmRefused => {
                self.pass("header", "readable".to_owned());
                let hint = self.cause(&refusal);
                self.fail("algorithm", refusal, hint);
            }
            Err(refusal) => {
                let hint = self.cause(&refusal);
                self.fail("header", refusal, hint);
                self.skip("algorithm", "needs a sound header");
            }
        }
        self.skip("key", "needs a configured algorithm");
        self.skip("signature", "needs a key");
        None
    }

    /// Whether a key of the ring signed the token.
    fn signature(&mut self, parsed: &ParsedToken<'_>) -> bool {
        let keys = self.validator.keys();
        let refusal = match parsed.signer(keys) {
            Ok(key) => {
                let current =
                    keys.verifying_keys().first().is_some_and(|first| first.id() == key.id());
                self.pass(
                    "key",
                    format!(
                        "{}, the {} key",
                        key.id(),
                        if current { "current" } else { "previous" }
                    ),
                );
                self.pass("signature", format!("{} by that key", key.algorithm()));
                return true;
            }
            Err(refusal) => refusal,
        };
        if matches!(refusal.reason(), Reason::Key { .. }) {
            let hint = causes::of_key(parsed, keys, self.secret);
            self.fail("key", refusal, Some(hint));
            self.skip("signature", "needs a key");
        } else {
            self.pass(
                "key",
                format!("{} in the ring for {}", tried(refusal.reason()), parsed.algorithm()),
            );
            let hint = causes::of_signature(parsed, self.secret);
            self.fail("signature", refusal, Some(hint));
        }
        false
    }

    fn judge_claims(mut self, raw: Option<RawToken<'_>>, verified: bool) -> Report {
        let from = self.lines.len();
        let payload = raw.map(|raw| decode_payload(raw.payload()));
        let claims = match &payload {
            None => None,
            Some(Err(refusal)) => {
                self.fail("claims", refusal.clone(), self.cause(refusal));
                None
            }
            Some(Ok(payload)) => self.claims(payload.clone()),
        };
        match &claims {
            Some(claims) => self.run_table(claims),
            None => CHECKS.iter().for_each(|check| self.skip(check.name, "needs readable claims")),
        }
        if !verified && claims.is_some() {
            self.mark_unverified(from);
        }
        self.lines.push(revocation::not_checked());
        let payload = payload.and_then(Result::ok);
        Report {
            lines: self.lines,
            refusal: self.refusal,
            verified,
            claims,
            payload,
            now: self.now,
        }
    }

    fn claims(&mut self, payload: Box<str>) -> Option<Claims> {
        match Claims::read(payload) {
            Ok(claims) => {
                self.pass(
                    "claims",
                    format!("{} members, each of the right type", claims.to_json().len()),
                );
                Some(claims)
            }
            Err(fault) => {
                let refusal: Refusal = Reason::from(fault).into();
                let hint = self.cause(&refusal);
                self.fail("claims", refusal, hint);
                None
            }
        }
    }

    fn run_table(&mut self, claims: &Claims) {
        let question =
            Question { claims, rules: self.validator.rules(), expect: self.expect, now: self.now };
        for check in &CHECKS {
            match (check.run)(&question) {
                Ok(()) => self.pass(check.name, (check.value)(&question)),
                Err(reason) => {
                    let hint = causes::of(&reason, self.now, Some(claims));
                    self.fail(check.name, reason.into(), hint);
                }
            }
        }
    }

    /// A check that passes on claims that anybody may have written has found nothing out.
    fn mark_unverified(&mut self, from: usize) {
        let judged =
            self.lines.iter_mut().skip(from).filter(|line| line.verdict != Verdict::Skipped);
        judged.for_each(|line| line.detail.push_str(" (unverified)"));
    }

    fn cause(&self, refusal: &Refusal) -> Option<String> {
        causes::of(refusal.reason(), self.now, None)
    }

    fn pass(&mut self, name: &'static str, detail: String) {
        self.lines.push(Line { name, verdict: Verdict::Pass, detail, hint: None });
    }

    fn skip(&mut self, name: &'static str, why: &str) {
        self.lines.push(Line {
            name,
            verdict: Verdict::Skipped,
            detail: why.to_owned(),
            hint: None,
        });
    }

    fn fail(&mut self, name: &'static str, refusal: Refusal, hint: Option<String>) {
        let detail = refusal.reason().to_string();
        self.lines.push(Line { name, verdict: Verdict::Fail, detail, hint });
        self.refusal.get_or_insert(refusal);
    }
}

fn tried(reason: &Reason) -> usize {
    match reason {
        Reason::Signature { tried } => *tried,
        _ => 0,
    }
}
