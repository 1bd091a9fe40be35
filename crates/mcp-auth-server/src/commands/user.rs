//! `user`: accounts, on the host. Here alone can `superadmin` be given.

mod delete;
mod import;
mod shown;

use mcp_auth::audit::AuditKind;
use mcp_auth::roles::Role;
use mcp_auth::text::Escaped;
use mcp_auth_cli::redact::Shown;
use mcp_auth_cli::{Failure, exit, output};
use mcp_auth_sessions::account::{Account, check_new_name};
use mcp_auth_sessions::{AccountChange, AccountError, NewAccount};

use super::desk::{Desk, account_refused, no_answer};
use crate::args::{Common, PasswordSource, User};
use crate::passwords;

/// Accounts that are read at once.
const PAGE: usize = 500;

/// Runs the command.
pub(crate) fn run(common: &Common, command: &User) -> Result<u8, Failure> {
    match command {
        User::List => list(common),
        User::Add { name, role, password } => add(common, name, role, password),
        User::Import { file } => import::run(common, file),
        User::Passwd { name, password } => passwd(common, name, password),
        User::Role { name, role } => {
            let what = format!("got the role {role}", role = role.name());
            change(common, name, AccountChange::Role(role.clone()), &what)
        }
        User::Disable { name } => {
            change(common, name, AccountChange::Active(false), "was disabled")
        }
        User::Enable { name } => change(common, name, AccountChange::Active(true), "was enabled"),
        User::Delete { name, yes } => delete::run(common, name, *yes),
    }
}

fn list(common: &Common) -> Result<u8, Failure> {
    let accounts = all(&Desk::open(common)?)?;
    output::print(&if common.json {
        shown::json_list(&accounts)
    } else {
        shown::table(&accounts)
    })?;
    Ok(exit::OK)
}

fn add(common: &Common, name: &str, role: &Role, source: &PasswordSource) -> Result<u8, Failure> {
    check_new_name(name).map_err(|problem| account_refused(&AccountError::Name(problem)))?;
    let desk = Desk::open(common)?;
    // A name that is taken is told before the password is asked for.
    if find(&desk, name)?.is_some() {
        return Err(taken(name));
    }
    let new = NewAccount {
        username: name.to_owned(),
        password: passwords::read(source)?,
        role: role.clone(),
    };
    desk.check_audit()?;
    let account = desk
        .wait(desk.house.sessions.create_account(new))
        .map_err(|error| account_refused(&error))?;
    let what = format!("created with role {}", role.name());
    desk.record(AuditKind::AccountCreated, &account.user_id, &what)?;
    tell(common, &account, &format!("was {what}"))
}

fn passwd(common: &Common, name: &str, source: &PasswordSource) -> Result<u8, Failure> {
    let desk = Desk::open(common)?;
    let account = existing(&desk, name)?;
    let change = AccountChange::Password(passwords::read(source)?);
    apply(common, &desk, &account, change, "got a new password")
}

fn change(common: &Common, name: &str, change: AccountChange, what: &str) -> Result<u8, Failure> {
    let desk = Desk::open(common)?;
    let account = existing(&desk, name)?;
    apply(common, &desk, &account, change, what)
}

fn apply(
    common: &Common,
    desk: &Desk,
    account: &Account,
    change: AccountChange,
    what: &str,
) -> Result<u8, Failure> {
    desk.check_audit()?;
    let sessions = &desk.house.sessions;
    let changed = desk.wait(sessions.change_account(&account.user_id, change, |_| true));
    let changed = changed.map_err(|error| account_refused(&error))?.account;
    desk.record(AuditKind::AccountChanged, &changed.user_id, what)?;
    tell(common, &changed, what)?;
    warn_without_admin(desk)?;
    Ok(exit::OK)
}

/// The account with this user id, or else with this username.
fn find(desk: &Desk, name: &str) -> Result<Option<Account>, Failure> {
    let sessions = &desk.house.sessions;
    let by_id = desk.wait(sessions.account(name)).map_err(|error| no_answer(&error))?;
    let by_name = || {
        desk.wait(sessions.stores().accounts.by_username(name)).map_err(|error| no_answer(&error))
    };
    by_id.map_or_else(by_name, |account| Ok(Some(account)))
}

fn existing(desk: &Desk, name: &str) -> Result<Account, Failure> {
    find(desk, name)?.ok_or_else(|| {
        let message = format!("no account has the name {}", Shown(name));
        let hint = "`mcp-auth-server user list` shows the accounts; is this the right --data-dir?";
        Failure::new(exit::USAGE, message).with_hint(hint)
    })
}

fn taken(name: &str) -> Failure {
    let message = format!("there is an account with the name {} already", Escaped(name));
    Failure::new(exit::USAGE, message)
        .with_hint("choose another name, or change that account with `user passwd`, `user role` or `user enable`")
}

/// All accounts, in the order of their user ids.
pub(super) fn all(desk: &Desk) -> Result<Vec<Account>, Failure> {
    let mut accounts: Vec<Account> = Vec::new();
    loop {
        let last = accounts.last().map(|account| account.user_id.clone());
        let page = desk.wait(desk.house.sessions.accounts(last.as_deref(), PAGE));
        let page = page.map_err(|error| no_answer(&error))?;
        let is_last = page.len() < PAGE;
        accounts.extend(page);
        if is_last {
            return Ok(accounts);
        }
    }
}

/// Says what became of the account.
fn tell(common: &Common, account: &Account, what: &str) -> Result<u8, Failure> {
    output::print(&if common.json {
        shown::json(account)
    } else {
        format!("{} {what}.\n", Escaped(&account.user_id))
    })?;
    Ok(exit::OK)
}

/// Nobody could manage users over HTTP any more; here one still can.
fn warn_without_admin(desk: &Desk) -> Result<(), Failure> {
    if !all(desk)?.iter().any(|account| account.active && account.role.includes(&Role::Admin)) {
        output::print_warning(
            "no active account has role admin or superadmin now; give one with `mcp-auth-server user role NAME admin`",
        );
    }
    Ok(())
}
