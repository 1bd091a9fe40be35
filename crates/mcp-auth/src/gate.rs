//! The gate: the whole road in two steps, with every answer about a caller and every refusal on the audit.

use std::net::IpAddr;
use std::sync::Arc;

use thiserror::Error;

use crate::action::{Action, Request};
use crate::audit::{AuditEvent, AuditKind, AuditSink, ErrorId, NoAudit};
use crate::clock::{Clock, SystemClock, Timestamp};
use crate::policy::Policy;
use crate::random::{Randomness, SystemRandom};
use crate::refusal::Refusal;
use crate::roles::Role;
use crate::store::{NothingRevoked, RevocationView};
use crate::validate::{Expect, LiveToken, Permit, Validator};

/// Decides about requests: who is this, and may they do that. Holds all a decision needs and waits for nothing, so
/// it works in a thread as well as in a task.
#[derive(Debug)]
pub struct Gate {
    validator: Validator,
    policy: Policy,
    revocations: Arc<dyn RevocationView>,
    audit: Arc<dyn AuditSink>,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
}

/// What is known of a request besides its credential, for the audit.
#[derive(Debug, Clone, Copy, Default)]
pub struct Origin<'a> {
    /// The client's address.
    pub ip_address: Option<IpAddr>,
    /// The request's id.
    pub request_id: Option<&'a str>,
}

/// A refused request: the refusal, and the id under which the audit has its full reason.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{refusal}")]
pub struct Refused {
    /// Why.
    #[source]
    pub refusal: Refusal,
    /// What the client may quote.
    pub error_id: ErrorId,
}

impl Gate {
    /// A gate with the built-in policy, the machine's clock, no revocations and no audit.
    pub fn new(validator: Validator) -> Self {
        Self {
            validator,
            policy: Policy::default(),
            revocations: Arc::new(NothingRevoked),
            audit: Arc::new(NoAudit),
            clock: Arc::new(SystemClock),
            randomness: Arc::new(SystemRandom),
        }
    }

    /// Decides actions by this policy.
    #[must_use]
    pub fn with_policy(self, policy: Policy) -> Self {
        Self { policy, ..self }
    }

    /// Refuses what this view says is revoked.
    #[must_use]
    pub fn with_revocations(self, revocations: Arc<dyn RevocationView>) -> Self {
        Self { revocations, ..self }
    }

    /// Reports every decision to this sink.
    #[must_use]
    pub fn with_audit(self, audit: Arc<dyn AuditSink>) -> Self {
        Self { audit, ..self }
    }

    /// Reads time from this clock.
    #[must_use]
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// Makes error ids from this source.
    #[must_use]
    pub fn with_randomness(self, randomness: Arc<dyn Randomness>) -> Self {
        Self { randomness, ..self }
    }

    /// Who is this? Takes the values of the request's `Authorization` headers, of which there should be one; an
    /// `Option` will do.
    ///
    /// # Errors
    /// Any refusal up to revocation; it has been audited.
    pub fn authenticate<'a>(
        &self,
        authorization: impl IntoIterator<Item = &'a [u8]>,
        origin: &Origin<'_>,
    ) -> Result<LiveToken, Refused> {
        let now = self.clock.now();
        let decided = self
            .validator
            .validate_header(authorization, Expect::Access, now)
            .and_then(|token| token.confirm(&*self.revocations, now));
        match decided {
            Ok(token) => {
                self.audit.record(&about(&token, AuditKind::TokenDecoded, now, origin));
                Ok(token)
            }
            Err(refusal) => {
                let event = bare(AuditKind::AuthenticationFailed, now, origin);
                Err(self.refused(refusal, event))
            }
        }
    }

    /// May they do that? A permit is not audited here: whoever uses it reports what came of it. The token must not have
    /// expired meanwhile; whether it was revoked meanwhile only [`Gate::authenticate`] asks, so do not keep a
    /// [`LiveToken`] beyond its request.
    ///
    /// # Errors
    /// `permission_denied`, `token_expired`, or `token_type_mismatch` for a refresh token; it has been audited.
    pub fn authorize<A: Action>(
        &self,
        token: &LiveToken,
        action: A,
        origin: &Origin<'_>,
    ) -> Result<Permit<A>, Refused> {
        let now = self.clock.now();
        let expiry = token.check_expiry(self.validator.rules(), now);
        expiry.and_then(|()| token.authorize(&self.policy, action)).map_err(|refusal| {
            let event = about(token, AuditKind::AuthorizationDenied, now, origin);
            self.refused(refusal, event)
        })
    }

    /// Whether they may do that, for showing only what they may use. Not audited, and no substitute for a permit.
    pub fn would_allow(&self, token: &LiveToken, request: &Request<'_>) -> bool {
        token.subject().is_some_and(|subject| self.policy.decide(&subject, request).allowed())
    }

    /// The keys and rules.
    pub fn validator(&self) -> &Validator {
        &self.validator
    }

    fn refused(&self, refusal: Refusal, event: AuditEvent<'_>) -> Refused {
        let mut bytes = [0; 8];
        self.randomness.fill(&mut bytes);
        let error_id = ErrorId::new(bytes);
        let reason = refusal.reason().to_string();
        self.audit.record(&AuditEvent {
            code: Some(refusal.code()),
            reason: Some(&reason),
            error_id: Some(error_id),
            ..event
        });
        Refused { refusal, error_id }
    }
}

fn bare<'a>(kind: AuditKind, now: Timestamp, origin: &Origin<'a>) -> AuditEvent<'a> {
    AuditEvent {
        ip_address: origin.ip_address,
        request_id: origin.request_id,
        ..AuditEvent::new(kind, now)
    }
}

fn about<'a>(
    token: &'a LiveToken,
    kind: AuditKind,
    now: Timestamp,
    origin: &Origin<'a>,
) -> AuditEvent<'a> {
    AuditEvent {
        user_id: Some(token.user_id()),
        role: token.role().map(Role::name),
        jti: token.claims().token_id(),
        sid: token.claims().session_id(),
        ..bare(kind, now, origin)
    }
}
