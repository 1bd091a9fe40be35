//! The house: stores, sessions and audit over one data directory, opened in one place for every command and for
//! `serve`.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::available_parallelism;

use mcp_auth::clock::{Clock, SystemClock};
use mcp_auth::random::{Randomness, SystemRandom};
use mcp_auth::refusal::RefusalCode;
use mcp_auth::store::{RevocationView, StoreErrorKind};
use mcp_auth_audit::{AuditFileError, AuditKeys, AuditLog, AuditOptions};
use mcp_auth_cli::{Failure, exit};
use mcp_auth_sessions::password::{HashCost, PasswordPool};
use mcp_auth_sessions::{SessionPolicy, Sessions};

use crate::data_dir::Obstacle;
use crate::settings::{ServerSettings, StoreSettings};
use crate::store::Store;

/// Everything that outlives a request. Several processes may have the same house open.
#[derive(Debug)]
pub(crate) struct House {
    pub(crate) settings: ServerSettings,
    /// Accounts, grants, revocations: the one place that changes them.
    pub(crate) sessions: Arc<Sessions>,
    /// What the gate asks.
    pub(crate) revocations: Arc<dyn RevocationView>,
    pub(crate) audit: Arc<AuditLog>,
    /// What is behind the sessions, for those who look whether it works.
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) randomness: Arc<dyn Randomness>,
}

impl House {
    /// Opens what `init` made.
    ///
    /// # Errors
    /// [`exit::CONFIGURATION`] when there is nothing, or a part is missing, unreadable or of another version; the exit code of
    /// `store_unavailable` when the store gives no answer.
    pub(crate) fn open(settings: ServerSettings) -> Result<Self, Failure> {
        require_initialised(&settings)?;
        Self::open_or_begin(settings)
    }

    /// The same where the store may be missing: it is created.
    pub(crate) fn open_or_begin(settings: ServerSettings) -> Result<Self, Failure> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let randomness: Arc<dyn Randomness> = Arc::new(SystemRandom);
        let audit = open_audit(&settings)?;
        let store = open_store(&settings, &clock)?;
        let revocations = store.revocations();
        let issuer = settings.tokens.issuer().map_err(|error| {
            Failure::new(exit::CONFIGURATION, format!("no token can be signed: {error}"))
        })?;
        let cores = available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let passwords = PasswordPool::new(
            HashCost::default(),
            randomness.clone(),
            PasswordPool::default_workers(cores),
            PasswordPool::DEFAULT_QUEUE,
        );
        let policy = policy(&settings);
        let sessions = Sessions::new(
            store.stores(),
            issuer,
            passwords,
            clock.clone(),
            randomness.clone(),
            policy,
        );
        let sessions = Arc::new(sessions);
        Ok(Self { settings, sessions, revocations, audit, store, clock, randomness })
    }

    /// Closes the stores, so that their file is whole without its log. Nothing is admitted from then on.
    pub(crate) async fn close_store(&self) {
        self.store.close().await;
    }
}

fn policy(settings: &ServerSettings) -> SessionPolicy {
    SessionPolicy {
        lifetimes: settings.tokens.lifetimes(),
        max_grant: settings.tokens.max_grant_age(),
        ..SessionPolicy::default()
    }
}

/// The audit log, whose keys `init` made.
fn open_audit(settings: &ServerSettings) -> Result<Arc<AuditLog>, Failure> {
    let log = AuditLog::open(&audit_options(settings)?);
    log.map(Arc::new).map_err(|error| audit_failed(settings, exit::CONFIGURATION, &error))
}

/// A file of the audit that cannot be opened or written, and which variable names it.
pub(crate) fn audit_failed(settings: &ServerSettings, exit: u8, error: &AuditFileError) -> Failure {
    let failure = Failure::new(exit, with_causes(error));
    match settings.audit.named_by(&error.path, &settings.data_dir) {
        Some(variable) => failure.with_hint(format!("{variable} names that file")),
        None => failure,
    }
}

/// What every process opens the audit log with.
///
/// # Errors
/// [`exit::CONFIGURATION`] when its keys cannot be read.
pub(crate) fn audit_options(settings: &ServerSettings) -> Result<AuditOptions, Failure> {
    let keys = AuditKeys::load(&settings.data_dir.audit_keys())
        .map_err(|error| Failure::new(exit::CONFIGURATION, with_causes(&error)))?;
    let mut options = AuditOptions::new(&settings.audit.log, keys);
    options.checkpoint_path = Some(settings.audit.checkpoints.clone());
    options.log_bytes = settings.audit.max_bytes;
    Ok(options)
}

fn open_store(settings: &ServerSettings, clock: &Arc<dyn Clock>) -> Result<Store, Failure> {
    Store::open(settings, clock)
        .map_err(|error| Failure::new(exit_code(error.kind()), with_causes(&error)))
}

/// Scripts try again later where a store is away, and not where somebody has to correct something.
fn exit_code(kind: StoreErrorKind) -> u8 {
    match kind {
        StoreErrorKind::Unavailable | StoreErrorKind::Stale => {
            RefusalCode::StoreUnavailable.exit_code()
        }
        _ => exit::CONFIGURATION,
    }
}

/// Refuses to go on without a data directory that this user may use.
///
/// # Errors
/// [`exit::CONFIGURATION`] with what is in the way.
pub(crate) fn require_initialised(settings: &ServerSettings) -> Result<(), Failure> {
    let data_dir = &settings.data_dir;
    match data_dir.obstacle_to_opening(settings.store == StoreSettings::Sqlite) {
        None => Ok(()),
        Some(Obstacle { problem, remedy, .. }) => {
            let message = format!("the data directory {data_dir} {problem}");
            Err(Failure::new(exit::CONFIGURATION, message).with_hint(remedy))
        }
    }
}

/// An error and what it says of its causes, in one line.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        cause = error.source();
    }
    text
}
