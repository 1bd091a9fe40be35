//! `init`: makes a data directory, or completes one that a crash left half made. Nothing is ever replaced.

mod parts;
mod told;

use mcp_auth::audit::AuditKind;
use mcp_auth::random::SystemRandom;
use mcp_auth::roles::Role;
use mcp_auth_cli::{Failure, exit, output};
use mcp_auth_sessions::password::Password;
use mcp_auth_sessions::{AccountError, NewAccount};

use self::told::Told;
use super::desk::{self, Desk, account_refused, no_answer};
use crate::args::{Common, Init};
use crate::data_dir::DataDir;
use crate::house::House;
use crate::passwords;
use crate::settings::{Source, StoreSettings};

/// The name of the first account.
const FIRST_ACCOUNT: &str = "admin";

/// Runs the command.
pub(crate) fn run(common: &Common, args: &Init) -> Result<u8, Failure> {
    // Whatever can be refused is refused before anything is made.
    let chosen = args.password_file.as_deref().map(passwords::from_file).transpose()?;
    let source = Source::of(common)?;
    let made = parts::make(&parts::check(&source)?)?;
    let desk = Desk::over(House::open_or_begin(desk::settings(&source)?)?)?;
    for part in made.iter().filter(|part| part.is_key) {
        desk.record(AuditKind::KeysChanged, part.name, "the file was made")?;
    }
    let first = first_account(&desk, chosen)?;
    let data_dir = &desk.house.settings.data_dir;
    let joins = first.is_none() && desk.house.settings.store != StoreSettings::Sqlite;
    let told = Told { data_dir, made: &made, account: first.as_ref(), source: &source, joins };
    if common.json {
        output::print(&told.json())?;
    } else if made.is_empty() && first.is_none() {
        say_that_it_was_done_before(data_dir);
    } else {
        output::print(&told.page())?;
    }
    Ok(exit::OK)
}

/// The first account as it is shown, once.
struct First {
    /// `None` where the operator chose it.
    password: Option<String>,
}

/// Creates it, unless there are accounts.
fn first_account(desk: &Desk, chosen: Option<Password>) -> Result<Option<First>, Failure> {
    let sessions = &desk.house.sessions;
    let accounts = desk.wait(sessions.accounts(None, 1)).map_err(|error| no_answer(&error))?;
    if !accounts.is_empty() {
        return Ok(None);
    }
    let generated = chosen.is_none().then(|| passwords::generate(&SystemRandom));
    let password =
        chosen.unwrap_or_else(|| Password::new(generated.as_deref().unwrap_or_default()));
    let new = NewAccount { username: FIRST_ACCOUNT.to_owned(), password, role: Role::Admin };
    match desk.wait(sessions.create_account(new)) {
        // Somebody else ran `init` at the same moment.
        Err(AccountError::NameTaken) => return Ok(None),
        created => created.map_err(|error| account_refused(&error))?,
    };
    desk.record(AuditKind::AccountCreated, FIRST_ACCOUNT, "created with role admin")?;
    Ok(Some(First { password: generated }))
}

/// No failure: services run this before each start.
fn say_that_it_was_done_before(data_dir: &DataDir) {
    output::print_note(format_args!(
        "{data_dir} is initialised already; nothing was changed. If the password is lost, set another with \
         `mcp-auth-server user passwd {FIRST_ACCOUNT} --data-dir {data_dir}`."
    ));
}
