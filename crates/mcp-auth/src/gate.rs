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
use crate::store::{NothingRevoked, RevocationStore, RevocationView, TokenDigest};
use crate::validate::{
    Caller, Expect, LiveToken, Permit, RawToken, Rules, Validator, VerifiedTokens, extract,
};

/// Decides about requests: who is this, and may they do that. Holds all a decision needs and waits for nothing, so
/// it works in a thread as well as in a task. A clone is a second handle on the same parts, so a service that reads its
/// keys or its policy again builds the next gate from the current one.
///
/// It keeps the texts of valid tokens that come again, 4,096 at most, so as not to check their signatures each time.
#[derive(Debug, Clone)]
pub struct Gate {
    validator: Validator,
    /// By this validator's keys.
    verified: Arc<VerifiedTokens>,
    policy: Arc<Policy>,
    revocations: Arc<dyn RevocationView>,
    audit: Arc<dyn AuditSink>,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
    open: bool,
}

/// What is known of a request besides its credential, for the audit.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct Origin<'a> {
    /// The client's address.
    pub ip_address: Option<IpAddr>,
    /// The request's id.
    pub request_id: Option<&'a str>,
}

impl<'a> Origin<'a> {
    /// A request from this address, with this id.
    pub const fn new(ip_address: Option<IpAddr>, request_id: Option<&'a str>) -> Self {
        Self { ip_address, request_id }
    }
}

/// A refused request: the refusal, and the id under which the audit has its full reason.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{refusal}")]
#[non_exhaustive]
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
            verified: Arc::new(VerifiedTokens::new()),
            policy: Arc::default(),
            revocations: Arc::new(NothingRevoked),
            audit: Arc::new(NoAudit),
            clock: Arc::new(SystemClock),
            randomness: Arc::new(SystemRandom),
            open: false,
        }
    }

    /// The same gate with other keys and rules. It knows no token again that it knew, and takes memory for 4,096 of them:
    /// for other rules alone there is [`Gate::with_rules`].
    #[must_use]
    pub fn with_validator(self, validator: Validator) -> Self {
        Self { validator, verified: Arc::new(VerifiedTokens::new()), ..self }
    }

    /// The same gate with other rules and the same keys.
    #[must_use]
    pub fn with_rules(self, rules: Rules) -> Self {
        let validator = Validator::new(Arc::clone(self.validator.keys()), rules);
        Self { validator, ..self }
    }

    /// Decides actions by this policy.
    #[must_use]
    pub fn with_policy(self, policy: impl Into<Arc<Policy>>) -> Self {
        Self { policy: policy.into(), ..self }
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

    /// Takes every request for [`Caller::Anonymous`] and looks at no token (`MCP_AUTH_ENABLED=false`). Only for a service
    /// that nobody but its owner can reach.
    #[must_use]
    pub fn danger_without_authentication(self) -> Self {
        Self { open: true, ..self }
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
    ) -> Result<Caller, Refused> {
        if self.open {
            return Ok(Caller::Anonymous);
        }
        let kind = AuditKind::AuthenticationFailed;
        let token = self.bearer_token(authorization, origin)?;
        self.admit(token, Expect::Access, kind, origin).map(Caller::Token)
    }

    /// The same for a token that is not in a header, such as a refresh token in a body.
    ///
    /// # Errors
    /// As for [`Gate::authenticate`].
    pub fn authenticate_token(
        &self,
        token: &[u8],
        expect: Expect,
        origin: &Origin<'_>,
    ) -> Result<LiveToken, Refused> {
        self.admit(token, expect, AuditKind::TokenInvalid, origin)
    }

    fn bearer_token<'a>(
        &self,
        authorization: impl IntoIterator<Item = &'a [u8]>,
        origin: &Origin<'_>,
    ) -> Result<&'a [u8], Refused> {
        extract::bearer_token(authorization).map_err(|refusal| {
            let event = AuditEvent::new(AuditKind::AuthenticationFailed, self.clock.now());
            self.refuse(refusal, &event, origin)
        })
    }

    fn admit(
        &self,
        token: &[u8],
        expect: Expect,
        on_refusal: AuditKind,
        origin: &Origin<'_>,
    ) -> Result<LiveToken, Refused> {
        let now = self.clock.now();
        let decided = self
            .validator
            .validate_with(&self.verified, token, expect, now)
            .and_then(|valid| valid.confirm(&*self.revocations, now));
        self.report(decided, token, on_refusal, now, origin)
    }

    /// The same as [`Gate::authenticate`], but revocations are asked of the store itself: as fresh as the store, at
    /// the price of waiting for it on every request.
    ///
    /// # Errors
    /// As for [`Gate::authenticate`].
    pub async fn authenticate_with<'a>(
        &self,
        store: &dyn RevocationStore,
        authorization: impl IntoIterator<Item = &'a [u8]>,
        origin: &Origin<'_>,
    ) -> Result<Caller, Refused> {
        if self.open {
            return Ok(Caller::Anonymous);
        }
        let kind = AuditKind::AuthenticationFailed;
        let token = self.bearer_token(authorization, origin)?;
        self.admit_with(store, token, Expect::Access, kind, origin).await.map(Caller::Token)
    }

    /// The same as [`Gate::authenticate_token`], asking the store itself.
    ///
    /// # Errors
    /// As for [`Gate::authenticate`].
    pub async fn authenticate_token_with(
        &self,
        store: &dyn RevocationStore,
        token: &[u8],
        expect: Expect,
        origin: &Origin<'_>,
    ) -> Result<LiveToken, Refused> {
        self.admit_with(store, token, expect, AuditKind::TokenInvalid, origin).await
    }

    async fn admit_with(
        &self,
        store: &dyn RevocationStore,
        token: &[u8],
        expect: Expect,
        on_refusal: AuditKind,
        origin: &Origin<'_>,
    ) -> Result<LiveToken, Refused> {
        let now = self.clock.now();
        let decided = match self.validator.validate_with(&self.verified, token, expect, now) {
            Ok(valid) => valid.confirm_with(store, now).await,
            Err(refusal) => Err(refusal),
        };
        self.report(decided, token, on_refusal, now, origin)
    }

    /// Reports what was decided about a token.
    fn report(
        &self,
        decided: Result<LiveToken, Refusal>,
        token: &[u8],
        on_refusal: AuditKind,
        now: Timestamp,
        origin: &Origin<'_>,
    ) -> Result<LiveToken, Refused> {
        match decided {
            Ok(live) => {
                self.report_accepted(&live, now, origin);
                Ok(live)
            }
            Err(refusal) => Err(self.refuse_token(refusal, token, on_refusal, now, origin)),
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
        caller: &Caller,
        action: A,
        origin: &Origin<'_>,
    ) -> Result<Permit<A>, Refused> {
        let now = self.clock.now();
        let rules = self.validator.rules();
        let in_time = caller.token().map_or(Ok(()), |token| token.check_expiry(rules, now));
        in_time.and_then(|()| caller.authorize(&self.policy, action)).map_err(|refusal| {
            let event = AuditEvent::new(AuditKind::AuthorizationDenied, now);
            self.refuse(refusal, &event.by(caller), origin)
        })
    }

    /// Whether a caller who was admitted earlier would still be: for what takes long, asked now and then while it goes on.
    /// Only revocations are asked, so a token may expire meanwhile. Not audited: whoever ends what was going on reports
    /// that.
    ///
    /// # Errors
    /// `token_revoked`, `account_disabled`, or `store_unavailable` when the view cannot tell.
    pub fn still_stands(&self, caller: &Caller) -> Result<(), Refusal> {
        let Some(token) = caller.token() else { return Ok(()) };
        token.confirm_again(&*self.revocations, self.clock.now())
    }

    /// The same as [`Gate::still_stands`], asked of the store itself, for services that ask it on every request.
    ///
    /// # Errors
    /// As for [`Gate::still_stands`].
    pub async fn still_stands_with(
        &self,
        store: &dyn RevocationStore,
        caller: &Caller,
    ) -> Result<(), Refusal> {
        let Some(token) = caller.token() else { return Ok(()) };
        token.confirm_again_with(store, self.clock.now()).await
    }

    /// Whether they may do that, for showing only what they may use. Not audited, and no substitute for a permit.
    pub fn would_allow(&self, caller: &Caller, request: &Request<'_>) -> bool {
        caller.may(&self.policy, request)
    }

    /// Refuses for a reason of the service's own, and audits it like the gate's: gives the refusal an id, and puts code,
    /// reason and origin into the event.
    #[must_use]
    pub fn refuse(&self, refusal: Refusal, event: &AuditEvent<'_>, origin: &Origin<'_>) -> Refused {
        let mut bytes = [0; 8];
        self.randomness.fill(&mut bytes);
        let error_id = ErrorId::new(bytes);
        let reason = refusal.reason().to_string();
        self.audit.record(&AuditEvent {
            code: Some(refusal.code()),
            reason: Some(&reason),
            error_id: Some(error_id),
            ..from(event, origin)
        });
        Refused { refusal, error_id }
    }

    /// The policy.
    pub fn policy(&self) -> &Arc<Policy> {
        &self.policy
    }

    /// What is revoked.
    pub fn revocations(&self) -> &Arc<dyn RevocationView> {
        &self.revocations
    }

    /// Where events go.
    pub fn audit(&self) -> &Arc<dyn AuditSink> {
        &self.audit
    }

    /// The time by which this gate decides.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// The keys and rules.
    pub fn validator(&self) -> &Validator {
        &self.validator
    }

    fn report_accepted(&self, live: &LiveToken, now: Timestamp, origin: &Origin<'_>) {
        if !self.audit.wants(AuditKind::TokenDecoded) {
            return;
        }
        // Made and filled in at one place: it is large, and this is done for every request.
        let mut event = AuditEvent::new(AuditKind::TokenDecoded, now);
        event.fill_in_token(live);
        (event.ip_address, event.request_id) = (origin.ip_address, origin.request_id);
        self.audit.record(&event);
    }

    /// An authentic token that is refused is somebody's: the line says whose. What has not the form of a token, which is
    /// asked once more here, is nothing to look for in a log.
    fn refuse_token(
        &self,
        refusal: Refusal,
        token: &[u8],
        kind: AuditKind,
        now: Timestamp,
        origin: &Origin<'_>,
    ) -> Refused {
        let event = AuditEvent::new(kind, now);
        let Ok(raw) = RawToken::from_bytes(token) else {
            return self.refuse(refusal, &event, origin);
        };
        let is_authentic = refusal.code().is_of_authentic_token();
        let claims = is_authentic.then(|| self.validator.refused_claims(raw)).flatten();
        let event = claims.iter().fold(event, AuditEvent::about);
        let digest = TokenDigest::of(token).short();
        self.refuse(refusal, &AuditEvent { token: Some(&digest), ..event }, origin)
    }
}

fn from<'a>(event: &AuditEvent<'a>, origin: &Origin<'a>) -> AuditEvent<'a> {
    AuditEvent { ip_address: origin.ip_address, request_id: origin.request_id, ..*event }
}
