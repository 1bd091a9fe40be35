//! The suite `server`: the program that operators run, over a directory of its own. How soon it is ready again with many
//! revocations, what each of them takes of its memory and adds to a verdict, and what of a sign-in is argon2.

mod installation;
mod restart;
mod sign_in;

use std::fmt;
use std::sync::Arc;

use anyhow::Result;
use mcp_auth::clock::SystemClock;
use mcp_auth_sqlite::{SqliteOptions, SqliteStore};
use serde::Serialize;

use self::installation::Installation;
use self::restart::Restart;
use self::sign_in::SignIn;
use crate::check::{self, View};
use crate::fixture::Fixture;
use crate::judgement::Judgement;

/// What the suite found.
#[derive(Debug, Serialize)]
pub(crate) struct Results {
    restart: Restart,
    /// With these revocations.
    check: check::Results,
    sign_in: SignIn,
    targets: Vec<Judgement>,
}

pub(crate) fn run() -> Result<Results> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let installation = Installation::new()?;
    let sign_in = runtime.block_on(sign_in::measure(&installation))?;
    let restart = runtime.block_on(restart::measure(&installation))?;
    let check = check::measure(&Fixture::new()?, vec![view(&installation)?])?;
    let mut targets =
        vec![Judgement::at_most("seconds until it is ready again", restart.ready_seconds, 3.0)];
    let bytes = restart.bytes_each.map(|it| Judgement::at_most("bytes a revocation", it, 80.0));
    targets.extend(bytes);
    targets.extend(check.targets());
    Ok(Results { restart, check, sign_in, targets })
}

/// The store that was filled, as the server asks it.
fn view(installation: &Installation) -> Result<View> {
    let options = SqliteOptions::new(Arc::new(SystemClock));
    let asked = Arc::new(SqliteStore::open(installation.store(), &options)?);
    Ok(View { name: "the server's store".to_owned(), limit: Some(200.0), asked })
}

impl fmt::Display for Results {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "server: the program over a store of its own\n")?;
        let Self { restart, check, sign_in, .. } = self;
        writeln!(f, "{restart}\n{sign_in}\n\n{check}")?;
        self.targets.iter().try_for_each(|target| writeln!(f, "{target}"))?;
        writeln!(f)
    }
}
