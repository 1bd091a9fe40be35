//! What is said when the server starts.

use anyhow::Context as _;
use mcp_auth::audit::AuditKind;
use mcp_auth_cli::{Failure, output};

use super::app::App;
use super::listener::Listener;
use crate::settings::{Source, StoreSettings};

/// Logs what works but should not stay so, and which key signs.
pub(crate) fn announce(app: &App, source: &Source) {
    let settings = app.settings();
    for warning in settings.warnings.iter().chain(&settings.problems()) {
        tracing::warn!(variable = warning.variable, problem = warning.problem, "configuration");
    }
    if !settings.auth_enabled {
        tracing::warn!("authentication is switched off: whoever reaches this address is anonymous");
    }
    let tokens = &settings.tokens;
    let fingerprint = tokens.keys().signing_key().map(|key| key.verifying_key().id().as_str());
    tracing::info!(
        algorithm = %tokens.algorithm(),
        source = key_source(tokens.key_source(), source),
        fingerprint,
        verifying = tokens.keys().verifying_keys().len(),
        data_dir = %settings.data_dir,
        "keys"
    );
    if let StoreSettings::Redis(redis) = &settings.store {
        let bound = u64::try_from(redis.bound.as_millis()).unwrap_or(u64::MAX);
        tracing::info!(url = %redis.url, mode = ?redis.mode, bound_ms = bound, "store");
    }
    let status = app.house().store.status();
    if status.is_some_and(|status| !status.is_bounded) {
        tracing::warn!(
            "the engine may lose what it acknowledged: a revocation has no bound; `mcp-auth-server doctor` says what to change"
        );
    }
}

/// The variable, its file, and where the variable was set: nowhere, where the file is the data directory's own.
fn key_source(named: &str, source: &Source) -> String {
    let variable = named.split(' ').next().unwrap_or_default();
    match source.environment().origin(variable) {
        Some(origin) => format!("{named} in {origin}"),
        None => format!("{named} of the data directory"),
    }
}

/// The first line of this run on the audit.
///
/// # Errors
/// When it cannot be written: a server without an audit does not start.
pub(crate) async fn write_down(app: &App) -> Result<(), Failure> {
    let mut event = app.event(AuditKind::ServiceStarted);
    let version = concat!("version ", env!("CARGO_PKG_VERSION"));
    event.reason = Some(version);
    Ok(app.ledger.write(&[event]).await.context("the start cannot be written to the audit")?)
}

/// One line on stdout for whoever started this: the address, where the port was left to the system.
///
/// # Errors
/// When stdout cannot be written.
pub(crate) fn say_where(listener: &Listener) -> Result<(), Failure> {
    let url = listener.url();
    tracing::info!(url, "listening");
    output::print(&format!("Listening on {url}\n"))
}
