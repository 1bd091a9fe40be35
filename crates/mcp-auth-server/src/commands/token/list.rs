//! `token list`: what is on record, by hash, and whether it stands.

use mcp_auth::claims::TokenType;
use mcp_auth::store::{RevokedBy, Verdict};
use mcp_auth_cli::redact::Shown;
use mcp_auth_cli::{Failure, exit, output};
use mcp_auth_sessions::Standing;
use mcp_auth_sessions::issued::IssuedRecord;
use serde_json::{Value, json};

use crate::args::Common;
use crate::commands::desk::{Desk, no_answer};
use crate::commands::user;
use crate::table::{self, Table};

/// Runs the command.
pub(super) fn run(common: &Common, user: Option<&str>) -> Result<u8, Failure> {
    let desk = Desk::open(common)?;
    let users = match user {
        Some(user) => vec![user.to_owned()],
        None => user::all(&desk)?.into_iter().map(|account| account.user_id).collect(),
    };
    let mut records = Vec::new();
    for user in &users {
        let judged = desk.wait(desk.house.sessions.judged_tokens(user));
        records.extend(judged.map_err(|error| no_answer(&error))?);
    }
    let text = match (common.json, user) {
        (true, _) => table::json(&records.iter().map(value).collect()),
        (false, Some(user)) if records.is_empty() => nothing_of(user),
        (false, _) => page(&records),
    };
    output::print(&text)?;
    Ok(exit::OK)
}

fn nothing_of(user: &str) -> String {
    format!(
        "No token of {} that has not expired was issued here. Tokens that were made elsewhere are not on record.\n",
        Shown(user)
    )
}

fn page(records: &[(IssuedRecord, Standing)]) -> String {
    let heading =
        ["TOKEN", "TYPE", "STATUS", "USER", "ISSUED", "EXPIRES", "ADDRESS", "CLIENT", "JTI"];
    let mut table = Table::new(&heading);
    for (record, standing) in records {
        let address =
            record.client.ip_address.map(|address| address.to_string()).unwrap_or_default();
        table.row([
            record.digest.short().as_str(),
            type_name(record),
            status(*standing),
            &record.user_id,
            &record.issued_at.to_string(),
            &record.expires_at.to_string(),
            &address,
            record.client.user_agent.as_deref().unwrap_or_default(),
            &record.token_id,
        ]);
    }
    table.text()
}

fn value((record, standing): &(IssuedRecord, Standing)) -> Value {
    json!({
        "sha256": record.digest,
        "jti": record.token_id,
        "sid": record.session_id,
        "user_id": record.user_id,
        "token_type": type_name(record),
        "status": status(*standing),
        "issued_at": record.issued_at.to_string(),
        "expires_at": record.expires_at.to_string(),
        "ip_address": record.client.ip_address,
        "user_agent": record.client.user_agent,
    })
}

/// One word for a column, and for programs.
const fn status(standing: Standing) -> &'static str {
    let Standing::Judged(verdict) = standing else { return "exchanged" };
    match verdict {
        Verdict::Live => "live",
        Verdict::Blocked => "disabled",
        Verdict::Revoked(RevokedBy::Token) => "revoked",
        Verdict::Revoked(RevokedBy::Grant) => "signed-out",
        Verdict::Revoked(RevokedBy::User) => "outdated",
        Verdict::Revoked(RevokedBy::Key) => "key-revoked",
    }
}

fn type_name(record: &IssuedRecord) -> &'static str {
    match record.token_type {
        TokenType::Access => "access",
        TokenType::Refresh => "refresh",
    }
}
