//! `user delete`

use std::io::{self, IsTerminal as _};

use mcp_auth::audit::AuditKind;
use mcp_auth::text::Escaped;
use mcp_auth_cli::{Failure, exit, output};

use super::{existing, tell, warn_without_admin};
use crate::args::Common;
use crate::commands::desk::{Desk, account_refused};

/// Deletes the account, once somebody has said so.
pub(super) fn run(common: &Common, name: &str, yes: bool) -> Result<u8, Failure> {
    let desk = Desk::open(common)?;
    let account = existing(&desk, name)?;
    if !yes && !confirmed(&account.user_id)? {
        output::print_note("Nothing was deleted.");
        return Ok(exit::USAGE);
    }
    desk.check_audit()?;
    let deleted = desk.wait(desk.house.sessions.delete_account(&account.user_id, |_| true));
    let account = deleted.map_err(|error| account_refused(&error))?.account;
    desk.record(AuditKind::AccountDeleted, &account.user_id, "deleted")?;
    tell(common, &account, "was deleted; every token of the name is refused")?;
    warn_without_admin(&desk)?;
    Ok(exit::OK)
}

fn confirmed(user_id: &str) -> Result<bool, Failure> {
    if !io::stdin().is_terminal() {
        let message = format!(
            "deleting {} needs a yes, and there is no terminal to ask at",
            Escaped(user_id)
        );
        return Err(Failure::new(exit::USAGE, message).with_hint("add --yes"));
    }
    output::print_note(format_args!(
        "Delete the account {}? Its tokens are refused at once. Type yes:",
        Escaped(user_id)
    ));
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).map_err(|error| {
        Failure::new(exit::USAGE, format!("cannot read the answer: {error}")).with_hint("add --yes")
    })?;
    Ok(matches!(answer.trim(), "y" | "yes"))
}
