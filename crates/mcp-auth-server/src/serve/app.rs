//! What all requests share.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use mcp_auth::audit::{AuditEvent, AuditKind, NoAudit};
use mcp_auth::clock::Timestamp;
use mcp_auth::refusal::Refusal;
use mcp_auth::{Gate, Origin, Refused};
use mcp_auth_sessions::Sessions;
use mcp_auth_sessions::rate_limit::RateLimitStore;
use mcp_auth_tower::SharedGate;
use tokio::sync::Mutex;
use tokio_util::task::TaskTracker;

use super::body::Room;
use super::ledger::Ledger;
use super::metrics::Metrics;
use super::strangers::Strangers;
use crate::gatekeeper::Gatekeeper;
use crate::house::House;
use crate::policy::LoadedPolicy;
use crate::settings::ServerSettings;

/// The house, and what serving it over HTTP adds.
pub(crate) struct App {
    house: House,
    /// Decides about requests; replaced when the keys or the policy change.
    pub(crate) gate: SharedGate,
    /// Where events go.
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) metrics: Arc<Metrics>,
    /// The policy that the gate has, with its rate limits.
    pub(crate) policy: ArcSwap<LoadedPolicy>,
    /// The way to the MCP servers.
    pub(crate) gatekeeper: Gatekeeper,
    /// How often one address may sign in, and one user call tools.
    pub(crate) rate_limits: Arc<dyn RateLimitStore>,
    /// Whom nobody knows, and who was refused too often.
    pub(crate) strangers: Strangers,
    /// Requests that change something and are worked on, whether or not their clients still wait.
    pub(crate) unfinished: TaskTracker,
    /// Room for request bodies, all together.
    pub(crate) bodies: Room,
    /// Gives refusals their ids, and tells nobody.
    silent: Gate,
    /// Held by whoever may take a superadmin away.
    pub(crate) superadmins: Mutex<()>,
}

impl App {
    /// Builds the gate over what the house has.
    pub(crate) fn new(house: House, policy: LoadedPolicy, gatekeeper: Gatekeeper) -> Self {
        let metrics = Arc::new(Metrics::new());
        let ledger = Arc::new(Ledger::new(Arc::clone(&house.audit), Arc::clone(&metrics)));
        let gate = Gate::new(house.settings.tokens.validator())
            .with_policy(Arc::clone(&policy.policy))
            .with_revocations(Arc::clone(&house.revocations))
            .with_clock(Arc::clone(&house.clock))
            .with_randomness(Arc::clone(&house.randomness));
        let gate =
            if house.settings.auth_enabled { gate } else { gate.danger_without_authentication() };
        let silent = gate.clone().with_audit(Arc::new(NoAudit));
        let gate = SharedGate::new(gate.with_audit(Arc::clone(&ledger) as _));
        let rate_limits = house.store.rate_limits(house.settings.rate_limits.strategy);
        Self {
            house,
            gate,
            ledger,
            metrics,
            policy: ArcSwap::from_pointee(policy),
            gatekeeper,
            rate_limits,
            strangers: Strangers::new(),
            unfinished: TaskTracker::new(),
            bodies: Room::new(),
            silent,
            superadmins: Mutex::default(),
        }
    }

    /// Decides by this policy from the next request on.
    pub(crate) fn put_policy(&self, policy: LoadedPolicy) {
        self.gate.update(|gate| gate.clone().with_policy(Arc::clone(&policy.policy)));
        self.policy.store(Arc::new(policy));
    }

    pub(crate) fn settings(&self) -> &ServerSettings {
        &self.house.settings
    }

    pub(crate) fn house(&self) -> &House {
        &self.house
    }

    pub(crate) fn sessions(&self) -> &Sessions {
        &self.house.sessions
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.house.clock.now()
    }

    /// An event that happens now.
    pub(crate) fn event(&self, kind: AuditKind) -> AuditEvent<'static> {
        AuditEvent::new(kind, self.now())
    }

    /// Gives a refusal its id and records nothing.
    pub(crate) fn refuse_silently(&self, refusal: impl Into<Refusal>) -> Refused {
        let event = self.event(AuditKind::RequestRefused);
        self.silent.refuse(refusal.into(), &event, &Origin::default())
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("house", &self.house).finish_non_exhaustive()
    }
}
