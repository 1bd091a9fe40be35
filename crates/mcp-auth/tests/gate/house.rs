//! A gate with a clock that stands still, randomness that repeats and an audit that remembers.

use std::sync::Arc;

use mcp_auth::clock::{NumericDate, Timestamp};
use mcp_auth::store::{
    Credential, MemoryRevocations, Revocation, RevocationId, RevocationView, StoreError, UserEntry,
    Verdict,
};
use mcp_auth::testing::{AttackSetting, FixedClock, Forge, MemoryAudit, SequenceRandom};
use mcp_auth::validate::Caller;
use mcp_auth::{Gate, Origin, Refused};

pub(crate) const SECRET: &str = "f0e1d2c3b4a5968778695a4b3c2d1e0f";
pub(crate) const NOW: u64 = 1_767_225_600;

pub(crate) struct House {
    pub(crate) gate: Gate,
    pub(crate) audit: Arc<MemoryAudit>,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) revocations: Arc<MemoryRevocations>,
}

impl House {
    pub(crate) fn new() -> Self {
        let revocations = Arc::new(MemoryRevocations::new());
        Self { revocations: Arc::clone(&revocations), ..Self::with_view(revocations) }
    }

    pub(crate) fn with_view(view: Arc<dyn RevocationView>) -> Self {
        let (audit, clock) = (Arc::new(MemoryAudit::default()), Arc::new(FixedClock::at(NOW)));
        let validator = AttackSetting::default().validator(SECRET).unwrap();
        let gate = Gate::new(validator)
            .with_revocations(view)
            .with_audit(Arc::clone(&audit) as _)
            .with_clock(Arc::clone(&clock) as _)
            .with_randomness(Arc::new(SequenceRandom::default()));
        Self { gate, audit, clock, revocations: Arc::new(MemoryRevocations::new()) }
    }

    pub(crate) fn admit(&self, forge: &Forge) -> Result<Caller, Refused> {
        self.gate.authenticate(Some(forge.authorization().as_slice()), &origin())
    }

    /// The one event so far, as a sink would write it.
    pub(crate) fn event(&self) -> String {
        let events = self.audit.events();
        assert_eq!(events.len(), 1, "{events:#?}");
        serde_json::to_string_pretty(&events[0]).unwrap()
    }

    pub(crate) fn block(&self, user_id: &str) {
        let entry = UserEntry { generation: 1, blocked: true, not_before: date(NOW) };
        let id = RevocationId::of_user(user_id);
        let revocation = Revocation::User { id, entry, keep_until: date(NOW + 600) };
        self.revocations.insert(revocation, Timestamp::from_unix_seconds(NOW));
    }

    pub(crate) fn revoke(&self, caller: &Caller) {
        let token = caller.token().unwrap();
        let (id, keep_until) = (token.revocation_id(), token.claims().expires_at());
        let now = Timestamp::from_unix_seconds(NOW);
        self.revocations.insert(Revocation::Entry { id, keep_until }, now);
    }
}

pub(crate) fn origin() -> Origin<'static> {
    Origin::new(Some([203, 0, 113, 7].into()), Some("request-1"))
}

/// The token of a user with this role.
pub(crate) fn token(role: &str) -> Forge {
    Forge::new(SECRET, NOW)
        .with_claim("role", format!(r#""{role}""#))
        .with_claim("sid", r#""grant-1""#)
}

pub(crate) fn date(seconds: u64) -> NumericDate {
    NumericDate::new(seconds).unwrap()
}

/// A view whose store is away.
#[derive(Debug)]
pub(crate) struct Away;

impl RevocationView for Away {
    fn verdict(&self, _: &Credential<'_>, _: Timestamp) -> Result<Verdict, StoreError> {
        Err(StoreError::new("connection refused"))
    }
}
