//! `token revoke`: by `jti`, by the token itself, or everything of a user.

use std::sync::Arc;

use mcp_auth::audit::AuditKind;
use mcp_auth::claims::check_name;
use mcp_auth::refusal::{Reason, Refusal};
use mcp_auth::store::{Durability, StoreError, TokenDigest};
use mcp_auth::text::Escaped;
use mcp_auth::validate::{Expect, LiveToken, RawToken, Validator};
use mcp_auth_cli::environment::Environment;
use mcp_auth_cli::{Failure, exit, input, output};
use mcp_auth_sessions::{Revoked, Sessions};
use serde_json::json;

use crate::args::{Common, RevokeWhat};
use crate::commands::desk::{self, Desk, no_answer};
use crate::house::House;
use crate::settings::Source;
use crate::table;

/// Runs the command.
pub(super) fn run(common: &Common, what: &RevokeWhat) -> Result<u8, Failure> {
    let source = Source::of(common)?;
    let desk = || {
        let desk = Desk::over(House::open(desk::settings(&source)?)?)?;
        desk.check_audit()?;
        Ok::<_, Failure>(desk)
    };
    match (&what.jti, &what.user) {
        (Some(jti), _) => {
            check("--jti", jti)?;
            let desk = desk()?;
            let is_known = desk.wait(is_token(&desk.house.sessions, jti));
            let revoked = desk.wait(desk.house.sessions.revoke_token_id(jti));
            note_unknown("no token with this id was issued here", &is_known);
            tell(common, &desk, &revoked.map_err(|error| no_answer(&error))?)
        }
        (None, Some(user)) => {
            check("--user", user)?;
            let desk = desk()?;
            let is_known = desk.wait(is_user(&desk.house.sessions, user));
            let revoked = desk.wait(desk.house.sessions.revoke_user(user));
            note_unknown(
                "no account and no token that was issued here has this user id",
                &is_known,
            );
            tell(common, &desk, &revoked.map_err(|error| no_answer(&error))?)
        }
        (None, None) => revoke_text(common, &desk()?, what, source.environment()),
    }
}

async fn is_token(sessions: &Sessions, jti: &str) -> Result<bool, StoreError> {
    Ok(sessions.issued_token(jti).await?.is_some())
}

async fn is_user(sessions: &Sessions, user: &str) -> Result<bool, StoreError> {
    Ok(sessions.account(user).await?.is_some() || !sessions.tokens(user).await?.is_empty())
}

/// What was made elsewhere is revoked here as well, so this may be a slip or not. A record that cannot be read is no reason
/// to say either.
fn note_unknown(what: &str, is_known: &Result<bool, StoreError>) {
    if matches!(is_known, Ok(false)) {
        output::print_note(format_args!("note: {what}; is it written as it should be?"));
    }
}

fn revoke_text(
    common: &Common,
    desk: &Desk,
    what: &RevokeWhat,
    environment: &Environment,
) -> Result<u8, Failure> {
    let given = input::take(what.token.as_deref(), what.token_file.as_deref(), environment)?;
    let live = match confirm(desk, &given.bytes) {
        Ok(live) => live,
        Err(refusal) => return refused(common, &refusal, &given.bytes),
    };
    let digest = TokenDigest::of(&given.bytes);
    let revoked = desk.wait(desk.house.sessions.revoke_token(&live, Some(digest)));
    let revoked = revoked.map_err(|error| no_answer(&error))?;
    tell(common, desk, &revoked)
}

/// Only what we would accept, at whatever age, is revoked: the text of a stranger's token names things of ours as he
/// likes. What is too old for us may be young enough for another server of this store.
fn confirm(desk: &Desk, token: &[u8]) -> Result<LiveToken, Refusal> {
    let now = desk.house.clock.now();
    let validator = desk.house.settings.tokens.validator();
    let rules = validator.rules().clone().with_max_age(None);
    let validator = Validator::new(Arc::clone(validator.keys()), rules);
    let valid = validator.validate(RawToken::from_bytes(token)?, Expect::Any, now)?;
    let revocations = desk.house.sessions.stores().revocations.clone();
    desk.wait(valid.confirm_with(&*revocations, now))
}

fn refused(common: &Common, refusal: &Refusal, token: &[u8]) -> Result<u8, Failure> {
    let short = TokenDigest::of(token).short();
    match refusal.reason() {
        Reason::Revoked(_) | Reason::AccountDisabled | Reason::Expired { .. } => {
            let why = refusal.reason().to_string();
            output::print(&if common.json {
                table::json(&json!({ "revoked": null, "id": short, "reason": why }))
            } else {
                format!("Nothing to do: the token {short} is refused already ({why}).\n")
            })?;
            Ok(exit::OK)
        }
        reason => {
            let message = format!("the token is refused as it is: {reason}");
            Err(Failure::new(refusal.code().exit_code(), message).with_hint(
                "`mcp-auth-server token explain` says more; a token that other services accept is revoked by --jti",
            ))
        }
    }
}

/// Ids are short words. A token in their place is a slip, and must not end in the audit log.
fn check(option: &str, id: &str) -> Result<(), Failure> {
    if id.contains("eyJ") && id.contains('.') {
        return Err(Failure::new(
            exit::USAGE,
            format!("{option} takes an id, and this may be a token"),
        )
        .with_hint("give the token as `--token -`, and its text on standard input"));
    }
    check_name(id)
        .map_err(|problem| Failure::new(exit::USAGE, format!("the value of {option} {problem}")))
}

fn tell(common: &Common, desk: &Desk, revoked: &Revoked) -> Result<u8, Failure> {
    let (kind, id) = match (&revoked.session_id, &revoked.token_id, &revoked.user_id) {
        (Some(session), ..) => ("sign-in", session.as_str()),
        (None, Some(token), _) => ("token", token.as_str()),
        (None, None, Some(user)) => ("user", user.as_str()),
        (None, None, None) => ("token", ""),
    };
    record(desk, revoked, kind, id)?;
    let bound = revoked.receipt.bound;
    output::print(&if common.json {
        table::json(&json!({
            "revoked": kind,
            "id": id,
            "user_id": revoked.user_id,
            "durability": revoked.receipt.durability,
            "bound_milliseconds": bound.map(|bound| bound.as_millis()),
            "pending": revoked.receipt.pending,
        }))
    } else {
        let everything = if kind == "user" { "everything of the user" } else { kind };
        let owner = match &revoked.user_id {
            Some(user) if kind != "user" => format!(" of {}", Escaped(user)),
            _ => String::new(),
        };
        let within = bound
            .map(|bound| format!(" Every process refuses it within {} ms.", bound.as_millis()));
        let (kept, rest) = (kept(revoked.receipt.durability), rest(revoked.receipt.pending));
        format!(
            "Revoked {everything} {}{owner}.{kept}{}{rest}\n",
            Escaped(id),
            within.unwrap_or_default()
        )
    })?;
    Ok(exit::OK)
}

fn kept(durability: Durability) -> &'static str {
    match durability {
        Durability::Local => " It is on the disk.",
        Durability::Primary => " The store's primary has it.",
        Durability::Quorum => " A majority of the store's machines has it.",
        Durability::All => " All machines of the store have it.",
        _ => "",
    }
}

fn rest(pending: bool) -> &'static str {
    if pending {
        " It has not arrived everywhere yet; a server that runs here sees to the rest."
    } else {
        ""
    }
}

fn record(desk: &Desk, revoked: &Revoked, kind: &str, id: &str) -> Result<(), Failure> {
    let what = match &revoked.user_id {
        Some(user) if kind != "user" => format!("a {kind} of {} was revoked", Escaped(user)),
        _ if kind == "user" => "everything of the user was revoked".to_owned(),
        _ => format!("a {kind} was revoked"),
    };
    desk.record(AuditKind::TokenRevoked, id, &what)
}
