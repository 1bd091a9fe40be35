//! `POST /api/v1/auth/logout`: the sign-in that the token comes from ends, with all its tokens.

use mcp_auth::audit::AuditKind;
use mcp_auth::refusal::Reason;

use super::ended;
use crate::serve::call::{Answer, Call};

pub(super) async fn logout(call: Call) -> Answer {
    let token = call.token()?;
    call.require_audit()?;
    let revoked = call.sessions().sign_out(token).await;
    let revoked = revoked.map_err(|error| call.refuse(Reason::Store(error)))?;
    let mut event = call.event_of_caller(AuditKind::LoggedOut);
    event.target = revoked.session_id.as_deref().or(revoked.token_id.as_deref());
    call.write_down(&[event]).await?;
    Ok(ended::answer("Successfully logged out", &revoked))
}
