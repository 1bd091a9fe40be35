//! `token explain`: every check, and the store's verdict in place of the one that only it can give.

use mcp_auth::refusal::RefusalCode;
use mcp_auth::report::Report;
use mcp_auth::store::{RevocationStore, StoreError, Verdict};
use mcp_auth::validate::{Expect, RawToken};
use mcp_auth_cli::report::{self, Details};
use mcp_auth_cli::{Failure, exit, input, output};

use crate::args::{Common, Kind, TokenSource};
use crate::commands::desk::{self, Desk};
use crate::commands::secret::key_source;
use crate::house::House;
use crate::settings::Source;

/// Runs the command. The exit code is the refusal's.
pub(super) fn run(
    common: &Common,
    token: &TokenSource,
    kind: Kind,
    verbose: bool,
) -> Result<u8, Failure> {
    let source = Source::of(common)?;
    let given =
        input::take(token.token.as_deref(), token.token_file.as_deref(), source.environment())?;
    let desk = Desk::over(House::open(desk::settings(&source)?)?)?;
    let report = explain(&desk, &given.bytes, kind.into());
    if common.json {
        output::print(&report::json(&report))?;
    } else {
        let settings = &desk.house.settings;
        let current = key_source(settings, &source);
        let details =
            Details::new(&given.origin, settings.tokens.keys(), &current, "the secrets before it");
        output::print(&report::human(
            &report,
            (verbose || !report.is_valid()).then_some(&details),
        ))?;
    }
    Ok(report.code().map_or(exit::OK, RefusalCode::exit_code))
}

fn explain(desk: &Desk, token: &[u8], expect: Expect) -> Report {
    let settings = &desk.house.settings.tokens;
    let now = desk.house.clock.now();
    let report = settings.validator().explain(token, expect, now, settings.secret());
    report.with_revocation(verdict(desk, token, expect))
}

/// The store itself is asked, so the answer is as fresh as the store. `None` for a token that is refused before.
fn verdict(desk: &Desk, token: &[u8], expect: Expect) -> Option<Result<Verdict, StoreError>> {
    let now = desk.house.clock.now();
    let validator = desk.house.settings.tokens.validator();
    let valid =
        RawToken::from_bytes(token).and_then(|raw| validator.validate(raw, expect, now)).ok()?;
    let store: &dyn RevocationStore = &*desk.house.sessions.stores().revocations;
    Some(desk.wait(store.look_up(&valid.credential(), now)))
}
