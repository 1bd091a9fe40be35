//! What the layers inside of [`AuthLayer`](crate::AuthLayer) ask of the request that it admitted.

use http::Extensions;
use mcp_auth::audit::{AuditEvent, AuditKind};
use mcp_auth::refusal::{Reason, Refusal, RefusalCode};
use mcp_auth::validate::Caller;
use mcp_auth::{Gate, Origin, Refused};

use crate::origin;

/// Who asks, as [`AuthLayer`](crate::AuthLayer) found out.
///
/// # Errors
/// `internal` where that layer did not run: nobody is admitted because layers stand in the wrong order. The audit says
/// so.
pub fn known_caller<'a>(gate: &Gate, extensions: &'a Extensions) -> Result<&'a Caller, Refused> {
    extensions.get().ok_or_else(|| {
        let what = "no caller is known: AuthLayer must run before what asks for one".to_owned();
        let reason = Reason::Failure { code: RefusalCode::Internal, what };
        let event = AuditEvent::new(AuditKind::RequestRefused, gate.clock().now());
        gate.refuse(reason.into(), &event, &origin(extensions))
    })
}

/// Refuses a known caller for a reason of the service's own, and audits it.
#[must_use]
pub fn refuse_caller(
    gate: &Gate,
    caller: &Caller,
    refusal: Refusal,
    origin: &Origin<'_>,
) -> Refused {
    let kind = match refusal.code().status() {
        403 => AuditKind::AuthorizationDenied,
        429 => AuditKind::RateLimited,
        _ => AuditKind::RequestRefused,
    };
    let event = AuditEvent::new(kind, gate.clock().now()).by(caller);
    gate.refuse(refusal, &event, origin)
}
