//! A house with somebody at the desk: what the commands on the host share.

use mcp_auth::audit::{AuditEvent, AuditKind};
use mcp_auth::refusal::RefusalCode;
use mcp_auth::store::StoreError;
use mcp_auth_cli::{Failure, exit, output};
use mcp_auth_sessions::AccountError;
use tokio::runtime::{Builder, Runtime};

use crate::args::Common;
use crate::house::{House, with_causes};
use crate::settings::{ServerSettings, Source};

/// An open house, and a runtime for one command. Others may have the same house open; what is changed here holds for
/// them at once.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) house: House,
    runtime: Runtime,
}

impl Desk {
    /// Opens the house that the command line and the environment name.
    ///
    /// # Errors
    /// [`exit::CONFIGURATION`] when the settings are wrong or `init` has not run.
    pub(crate) fn open(common: &Common) -> Result<Self, Failure> {
        Self::over(House::open(settings(&Source::of(common)?)?)?)
    }

    /// Sits down in this house.
    ///
    /// # Errors
    /// When the operating system gives no runtime.
    pub(crate) fn over(house: House) -> Result<Self, Failure> {
        let runtime = Builder::new_current_thread().build();
        let runtime = runtime.map_err(|error| {
            Failure::new(exit::INTERNAL, format!("cannot start a runtime: {error}"))
        })?;
        Ok(Self { house, runtime })
    }

    /// Does the work and waits for it.
    pub(crate) fn wait<F: Future>(&self, work: F) -> F::Output {
        self.runtime.block_on(work)
    }

    /// Refuses to change anything while nobody could write it down.
    ///
    /// # Errors
    /// The exit code of `store_unavailable`.
    pub(crate) fn check_audit(&self) -> Result<(), Failure> {
        if self.house.audit.health().is_writable {
            return Ok(());
        }
        let message = "the audit log cannot be written; nothing was changed";
        Err(Failure::new(UNAVAILABLE, message).with_hint("`mcp-auth-server doctor` says why"))
    }

    /// Writes down that the operator did something to `target`. It is on the disk when this returns.
    ///
    /// # Errors
    /// The exit code of `store_unavailable`: what was done stays done.
    pub(crate) fn record(&self, kind: AuditKind, target: &str, what: &str) -> Result<(), Failure> {
        let reason = format!("{what}, by a command on the host");
        let mut event = AuditEvent::new(kind, self.house.clock.now());
        event.target = Some(target);
        event.reason = Some(&reason);
        event.success = Some(true);
        self.house.audit.append_blocking(&event).map(drop).map_err(|error| {
            let message = format!(
                "it is done, but was not written to the audit log: {}",
                with_causes(&error)
            );
            Failure::new(UNAVAILABLE, message)
                .with_hint("note it elsewhere, and run `mcp-auth-server doctor`")
        })
    }
}

/// The settings; their warnings go to stderr.
///
/// # Errors
/// [`exit::CONFIGURATION`] with all mistakes.
pub(super) fn settings(source: &Source) -> Result<ServerSettings, Failure> {
    let settings = source.settings()?;
    for warning in &settings.warnings {
        output::print_warning(&warning.to_string());
    }
    Ok(settings)
}

/// The exit code where a store or the audit gives no answer.
const UNAVAILABLE: u8 = RefusalCode::StoreUnavailable.exit_code();

/// A store that gave no answer.
pub(super) fn no_answer(error: &StoreError) -> Failure {
    Failure::new(UNAVAILABLE, format!("the store gave no answer: {}", with_causes(error)))
        .with_hint("`mcp-auth-server doctor` looks for the cause")
}

/// An account that was not created, changed or deleted.
pub(super) fn account_refused(error: &AccountError) -> Failure {
    match error {
        AccountError::Store(error) => no_answer(error),
        AccountError::Hashing(_) => Failure::new(exit::INTERNAL, with_causes(error)),
        AccountError::NotFound => Failure::new(exit::USAGE, with_causes(error))
            .with_hint("`mcp-auth-server user list` shows the accounts"),
        other => Failure::new(exit::USAGE, with_causes(other)),
    }
}
