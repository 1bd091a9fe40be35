//! `audit`: verify, search, explain, archive. All work on the files, while the server writes.

mod moment;
mod shown;
mod verify;

pub(super) use self::verify::{is_clean, verify};

use mcp_auth::clock::{Clock as _, SystemClock};
use mcp_auth_audit::{AuditLog, Entry, Filter, Order, ReadError, find_error_id, search};
use mcp_auth_cli::redact::ShownPath;
use mcp_auth_cli::{Failure, exit, output};
use serde_json::json;

use super::desk;
use crate::args::{Audit, Common, Search};
use crate::files;
use crate::house::{audit_failed, audit_options, with_causes};
use crate::settings::{ServerSettings, Source};
use crate::table;

/// Runs the command.
pub(crate) fn run(common: &Common, command: &Audit) -> Result<u8, Failure> {
    let settings = desk::settings(&Source::of(common)?)?;
    match command {
        Audit::Verify => verify::run(common, &settings),
        Audit::Search(wanted) => find(common, wanted, &settings),
        Audit::Explain { error_id } => explain(common, error_id, &settings),
        Audit::Archive => archive(common, &settings),
    }
}

fn find(common: &Common, wanted: &Search, settings: &ServerSettings) -> Result<u8, Failure> {
    let now = SystemClock.now();
    let moment = |option: &str, text: &Option<String>| {
        text.as_deref().map(|text| moment::parse(option, text, now)).transpose()
    };
    let filter = Filter {
        event: wanted.event.clone(),
        user_id: wanted.user.clone(),
        tool: wanted.tool.clone(),
        code: wanted.code.clone(),
        jti: wanted.jti.clone(),
        request_id: wanted.request.clone(),
        since: moment("--since", &wanted.since)?,
        until: moment("--until", &wanted.until)?,
        ..Filter::default()
    };
    let limit = wanted.limit.get();
    let found = search(&settings.audit.log, &filter, Order::NewestFirst, limit);
    let found = found.map_err(|error| cannot_read(&error))?;
    show(common, &found, shown::line)?;
    if found.is_empty() {
        output::print_note("No line of the audit log fits all that was given.");
    } else if found.len() == limit && !common.json {
        output::print_note(format_args!("The newest {limit} lines are shown; --limit shows more."));
    }
    Ok(exit::OK)
}

/// What a client quoted, with everything that it was not told.
fn explain(common: &Common, error_id: &str, settings: &ServerSettings) -> Result<u8, Failure> {
    let error_id = error_id.trim().to_ascii_lowercase();
    if error_id.len() != 16 || !error_id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Failure::new(exit::USAGE, "an error id is 16 hexadecimal digits")
            .with_hint("it is the `error_id` of the answer that the client got"));
    }
    let found =
        find_error_id(&settings.audit.log, &error_id).map_err(|error| cannot_read(&error))?;
    if found.is_empty() {
        let message = format!("no line of the audit log has the error id {error_id}");
        return Err(Failure::new(exit::USAGE, message).with_hint(
            "is this the data directory of the server that answered, and is the archive there into which the line went?",
        ));
    }
    show(common, &found, shown::page)?;
    Ok(exit::OK)
}

/// The log under another name, and a new one in its place.
fn archive(common: &Common, settings: &ServerSettings) -> Result<u8, Failure> {
    let log = &settings.audit.log;
    if files::is_absent(log) {
        let message = format!("there is no log at {}", ShownPath(log));
        return Err(Failure::new(exit::CONFIGURATION, message).with_hint(WHERE_IT_IS));
    }
    let archived = AuditLog::archive(&audit_options(settings)?)
        .map_err(|error| audit_failed(settings, exit::INTERNAL, &error))?;
    let text = match (common.json, &archived) {
        (true, _) => table::json(&json!({ "archive": archived })),
        (false, Some(path)) => {
            format!("Archived as {}. The log goes on in {}.\n", ShownPath(path), ShownPath(log))
        }
        (false, None) => format!("Nothing was written to {} yet.\n", ShownPath(log)),
    };
    output::print(&text)?;
    Ok(exit::OK)
}

fn show(common: &Common, found: &[Entry], entry: fn(&Entry) -> String) -> Result<(), Failure> {
    output::print(&if common.json { shown::json(found) } else { found.iter().map(entry).collect() })
}

const WHERE_IT_IS: &str = "`mcp-auth-server init` makes the log; MCP_AUDIT_LOG_PATH, --data-dir and MCP_DATA_DIR say where it lies";

fn cannot_read(error: &ReadError) -> Failure {
    Failure::new(exit::CONFIGURATION, with_causes(error)).with_hint(WHERE_IT_IS)
}
