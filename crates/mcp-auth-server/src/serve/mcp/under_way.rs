//! A call while it goes on: what it is told on the audit and in the metrics, however it ends.

use std::pin::Pin;
use std::time::{Duration, Instant};

use mcp_auth::action::CallTool;
use mcp_auth::audit::{AuditEvent, AuditKind, AuditSink as _};
use mcp_auth::refusal::{Refusal, RefusalCode};
use mcp_auth_tower::axum::Rejection;
use tokio::time::{MissedTickBehavior, interval};

use crate::serve::call::Call;

/// How often a call that goes on is asked whether its caller still stands.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// How a call ended, by the layer that answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The tool answered, well or not.
    Tool,
    /// The server refused in the words of the protocol or with an HTTP status, or broke the protocol.
    Protocol,
    /// There was no answer.
    Transport,
    /// The server was not asked.
    Unasked,
}

impl Outcome {
    const fn name(self) -> &'static str {
        match self {
            Self::Tool => "tool",
            Self::Protocol => "protocol",
            Self::Transport => "transport",
            Self::Unasked => "unasked",
        }
    }
}

/// A call that goes on. It is told once: by who ends it, or when it is dropped because the client has gone.
pub(super) struct UnderWay<'a> {
    call: &'a Call,
    action: &'a CallTool,
    begun: Instant,
    is_told: bool,
}

impl<'a> UnderWay<'a> {
    pub(super) fn begin(call: &'a Call, action: &'a CallTool) -> Self {
        Self { call, action, begun: Instant::now(), is_told: false }
    }

    /// Seconds so far.
    pub(super) fn seconds(&self) -> f64 {
        self.begun.elapsed().as_secs_f64()
    }

    /// Waits for `work`, unless its caller falls meanwhile: then the work is dropped, which cancels it. Where it cannot be
    /// told whether something was revoked, nothing ends that goes on; the next request is refused.
    ///
    /// # Errors
    /// `token_revoked`, `account_disabled`.
    pub(super) async fn while_caller_stands<T>(
        &self,
        work: Pin<&mut impl Future<Output = T>>,
    ) -> Result<T, Refusal> {
        tokio::select! {
            done = work => Ok(done),
            refusal = self.caller_falls() => Err(refusal),
        }
    }

    /// Looks again and again until the caller no longer stands. The work goes on also while a store is waited for.
    async fn caller_falls(&self) -> Refusal {
        let mut looks = interval(LOOK_AGAIN);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        looks.reset();
        loop {
            looks.tick().await;
            let Ok(caller) = self.call.caller() else { continue };
            if let Err(refusal) = self.call.still_stands(caller).await
                && refusal.code() != RefusalCode::StoreUnavailable
            {
                return refusal;
            }
        }
    }

    /// The tool answered so many bytes.
    pub(super) fn answered(mut self, success: bool, bytes: usize) {
        let mut event = self.end(Outcome::Tool);
        event.success = Some(success);
        event.size = u64::try_from(bytes).ok();
        self.call.app.ledger.record(&event);
    }

    /// There was no answer of the tool. `told` is for the audit where the refusal's own reason may hold what an MCP server
    /// made of the arguments.
    pub(super) fn refused(
        mut self,
        outcome: Outcome,
        refusal: impl Into<Refusal>,
        told: Option<&str>,
    ) -> Rejection {
        let refused = self.call.app.refuse_silently(refusal);
        let reason = refused.refusal.reason().to_string();
        let mut event = self.end(outcome);
        event.code = Some(refused.refusal.code());
        event.reason = Some(told.unwrap_or(&reason));
        event.error_id = Some(refused.error_id);
        self.call.app.ledger.record(&event);
        Rejection(refused)
    }

    fn end(&mut self, outcome: Outcome) -> AuditEvent<'a> {
        self.is_told = true;
        let CallTool { server, tool } = self.action;
        self.call.app.metrics.count_call(server, tool, outcome.name(), self.begun.elapsed());
        let mut event = self.call.event_of_caller(AuditKind::ToolExecuted);
        event.server = Some(server);
        event.tool_name = Some(tool);
        event.success = Some(false);
        event.outcome = (outcome != Outcome::Unasked).then_some(outcome.name());
        event.execution_time = Some(self.seconds());
        event
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if !self.is_told {
            let mut event = self.end(Outcome::Transport);
            event.reason = Some("the client went away, and the call was cancelled");
            self.call.app.ledger.record(&event);
        }
    }
}
