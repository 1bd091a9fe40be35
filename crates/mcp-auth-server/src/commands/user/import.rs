//! `user import`

mod line;
mod list;

use std::path::Path;

use mcp_auth::audit::AuditKind;
use mcp_auth::text::Escaped;
use mcp_auth_cli::{Failure, exit, output};
use mcp_auth_sessions::AccountError;
use serde_json::{Value, json};

use self::list::Entry;
use super::warn_without_admin;
use crate::args::Common;
use crate::commands::desk::{Desk, account_refused};
use crate::table;

/// What became of the lines.
#[derive(Debug, Default)]
struct Outcome {
    /// User ids, in the order of the lines.
    imported: Vec<String>,
    /// Numbers of lines and the usernames on them.
    taken: Vec<(usize, String)>,
}

/// Creates the accounts of a file, or none of them when a line is wrong.
pub(super) fn run(common: &Common, file: &Path) -> Result<u8, Failure> {
    let entries = list::read(file)?;
    let desk = Desk::open(common)?;
    desk.check_audit()?;
    let mut outcome = Outcome::default();
    for entry in entries {
        outcome.add(&desk, entry)?;
    }
    output::print(&if common.json { outcome.json() } else { outcome.text() })?;
    warn_without_admin(&desk)?;
    Ok(exit::OK)
}

impl Outcome {
    fn add(&mut self, desk: &Desk, Entry { line, account }: Entry) -> Result<(), Failure> {
        let username = account.username.clone();
        match desk.wait(desk.house.sessions.import_account(account)) {
            Ok(account) => {
                let state = if account.active { "" } else { ", disabled" };
                let what = format!("imported with role {}{state}", account.role.name());
                self.imported.push(account.user_id.clone());
                desk.record(AuditKind::AccountCreated, &account.user_id, &what)
            }
            Err(AccountError::NameTaken) => {
                self.taken.push((line, username));
                Ok(())
            }
            Err(error) => Err(account_refused(&error)),
        }
        .map_err(|failure| self.stopped(line, &failure))
    }

    /// How far it got; what was imported stays.
    fn stopped(&self, line: usize, failure: &Failure) -> Failure {
        let message = format!(
            "stopped at line {line}, after {}: {}",
            accounts(self.imported.len()),
            failure.message()
        );
        let hint = failure.hint().unwrap_or("see what is there with `mcp-auth-server user list`");
        Failure::new(failure.exit(), message).with_hint(format!(
            "{hint}; then run the import again, which reports what was imported as taken"
        ))
    }

    fn text(&self) -> String {
        let taken = self.taken.iter();
        let mut lines: Vec<_> = taken
            .map(|(line, name)| {
                format!("Line {line}: the name {} is taken; left alone.\n", Escaped(name))
            })
            .collect();
        let (imported, taken) = (accounts(self.imported.len()), self.taken.len());
        lines.push(format!("Imported: {imported}. Names that were taken: {taken}.\n"));
        lines.concat()
    }

    fn json(&self) -> String {
        let taken = self.taken.iter().map(|(line, name)| json!({"line": line, "username": name}));
        let taken: Value = taken.collect();
        table::json(&json!({ "imported": self.imported, "taken": taken }))
    }
}

fn accounts(count: usize) -> String {
    if count == 1 { "1 account".to_owned() } else { format!("{count} accounts") }
}
