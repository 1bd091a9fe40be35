//! Where events go: to the audit, to the log, and to the counters.

mod discreet;

use std::sync::Arc;

use mcp_auth::audit::{AuditEvent, AuditKind, AuditSink};
use mcp_auth::refusal::RefusalCode;
use mcp_auth_audit::{AppendError, AuditLog, CloseError, Health};

use self::discreet::Texts;
use super::metrics::Metrics;

/// Takes every event of the server.
#[derive(Debug)]
pub(crate) struct Ledger {
    audit: Arc<AuditLog>,
    metrics: Arc<Metrics>,
}

impl Ledger {
    pub(crate) fn new(audit: Arc<AuditLog>, metrics: Arc<Metrics>) -> Self {
        Self { audit, metrics }
    }

    /// Writes events that belong together, and returns when all are on disk.
    ///
    /// # Errors
    /// When one of them is not.
    pub(crate) async fn write(&self, events: &[AuditEvent<'_>]) -> Result<(), AppendError> {
        let texts: Vec<_> = events.iter().map(Texts::of).collect();
        let events = events.iter().zip(&texts).map(|(event, texts)| texts.within(event));
        let events: Vec<_> = events.collect();
        let written: Vec<_> = events.iter().map(|event| self.audit.append(event)).collect();
        for line in written {
            line.await?;
        }
        for event in &events {
            self.tell(event);
        }
        Ok(())
    }

    /// Writes the last event from outside of the runtime. Closing says whether it was written.
    pub(crate) fn say_last(&self, event: &AuditEvent<'_>) {
        self.record(event);
    }

    /// Writes what waits and ends the audit's thread.
    ///
    /// # Errors
    /// When lines were left that could not be written.
    pub(crate) fn close(&self) -> Result<(), CloseError> {
        self.audit.close()
    }

    /// How the audit is doing.
    pub(crate) fn health(&self) -> Health {
        self.audit.health()
    }

    fn tell(&self, event: &AuditEvent<'_>) {
        self.metrics.count_event(event);
        log(event);
    }
}

/// What decides about requests hands its events over here; they are on disk within milliseconds.
impl AuditSink for Ledger {
    fn record(&self, event: &AuditEvent<'_>) {
        let texts = Texts::of(event);
        let event = texts.within(event);
        self.audit.record(&event);
        self.tell(&event);
    }
}

/// The event in the log, by its name and with the audit's words.
macro_rules! log_at {
    ($level:ident, $event:expr) => {
        tracing::$level!(
            user_id = $event.user_id,
            role = $event.role,
            target = $event.target,
            jti = $event.jti,
            sid = $event.sid,
            token = $event.token,
            server = $event.server,
            tool_name = $event.tool_name,
            success = $event.success,
            execution_time = $event.execution_time,
            expiry_hours = $event.expiry_hours,
            code = $event.code.map(RefusalCode::name),
            reason = $event.reason,
            error_id = $event.error_id.map(tracing::field::display),
            ip_address = $event.ip_address.map(tracing::field::display),
            request_id = $event.request_id,
            "{}",
            $event.event.name()
        )
    };
}

fn log(event: &AuditEvent<'_>) {
    match event.event {
        AuditKind::TokenDecoded => log_at!(debug, event),
        _ if event.code.is_some() || event.success == Some(false) => log_at!(warn, event),
        _ => log_at!(info, event),
    }
}
