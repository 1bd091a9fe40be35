//! The suite `server`: the program that operators run, over a directory of its own. How soon it is ready again with many
//! revocations, what each of them takes of its memory and adds to a verdict, and what of a sign-in is argon2.

mod installation;
mod restart;
mod sign_in;
mod verdict;

use std::fmt;

use anyhow::Result;
use serde::Serialize;

use self::installation::Installation;
use self::restart::Restart;
use self::sign_in::SignIn;
use self::verdict::Verdicts;
use crate::fixture::Fixture;
use crate::judgement::Judgement;

/// What the suite found.
#[derive(Debug, Serialize)]
pub(crate) struct Results {
    restart: Restart,
    /// With these revocations.
    verdicts: Verdicts,
    sign_in: SignIn,
    targets: Vec<Judgement>,
}

pub(crate) fn run() -> Result<Results> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let installation = Installation::new()?;
    let sign_in = runtime.block_on(sign_in::measure(&installation))?;
    let restart = runtime.block_on(restart::measure(&installation))?;
    let verdicts = verdict::measure(&Fixture::new()?, &installation)?;
    let mut targets =
        vec![Judgement::at_most("seconds until it is ready again", restart.ready_seconds, 3.0)];
    let bytes = restart.bytes_each.map(|it| Judgement::at_most("bytes a revocation", it, 80.0));
    targets.extend(bytes);
    targets.push(Judgement::at_most("nanoseconds a verdict, one token", verdicts.one_token, 200.0));
    targets.push(Judgement::at_most("nanoseconds a verdict, many", verdicts.many_tokens, 200.0));
    Ok(Results { restart, verdicts, sign_in, targets })
}

impl fmt::Display for Results {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "server: the program over a store of its own\n")?;
        let Self { restart, verdicts, sign_in, .. } = self;
        writeln!(f, "{restart}\n{verdicts}\n{sign_in}\n")?;
        self.targets.iter().try_for_each(|target| writeln!(f, "{target}"))?;
        writeln!(f)
    }
}
