//! What of a sign-in is argon2: as many passwords as the pool of the library verifies, beside as many sign-ins as the
//! server answers.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use mcp_auth::random::SystemRandom;
use mcp_auth_sessions::password::{HashCost, Password, PasswordHash, PasswordPool};
use serde::Serialize;
use tokio::task::JoinSet;

use super::installation::{Installation, PASSWORD};
use crate::child::Server;
use crate::http::load::{self, Request};
use crate::measure::Samples;

/// Sign-ins of one account that are under way at once; more would be slowed down.
const CONNECTIONS: usize = 4;

const ROUNDS: u32 = 8;
const ROUND: Duration = Duration::from_secs(1);

#[derive(Debug, Serialize)]
pub(super) struct SignIn {
    /// Threads that hash, here as in the server.
    workers: NonZeroUsize,
    /// Passwords that they verify a second, with nothing around it.
    passwords: f64,
    /// Sign-ins that the server answers a second.
    sign_ins: f64,
    /// The part of a sign-in's time that argon2 takes.
    argon2_share: f64,
}

/// Both take turns.
pub(super) async fn measure(installation: &Installation) -> Result<SignIn> {
    let workers = PasswordPool::default_workers(available_parallelism()?);
    let names: Vec<_> = (0..workers.get()).map(|number| format!("user-{number}")).collect();
    names.iter().try_for_each(|name| installation.add_user(name))?;
    let (server, _) = installation.serve().await?;
    let pool = PasswordPool::new(HashCost::default(), Arc::new(SystemRandom), workers, CONNECTIONS);
    let (pool, password) = (Arc::new(pool), Password::new(PASSWORD));
    let stored = pool.hash(pool.reserve()?, password.clone()).await?;
    let (mut passwords, mut sign_ins) = (Samples::default(), Samples::default());
    for _ in 0..ROUNDS {
        passwords.push(verify(&pool, workers, &password, &stored).await?);
        sign_ins.push(sign_in(&server, &names).await?);
    }
    Ok(SignIn {
        workers,
        passwords: passwords.median(),
        sign_ins: sign_ins.median(),
        argon2_share: sign_ins.ratio_to(&passwords),
    })
}

/// Passwords a second, with every worker busy.
async fn verify(
    pool: &Arc<PasswordPool>,
    workers: NonZeroUsize,
    password: &Password,
    stored: &PasswordHash,
) -> Result<f64> {
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..workers.get() {
        let (pool, password, stored) = (Arc::clone(pool), password.clone(), stored.clone());
        tasks.spawn(async move {
            let mut count = 0_u32;
            while began.elapsed() < ROUND {
                pool.verify(pool.reserve()?, password.clone(), Some(stored.clone())).await?;
                count += 1;
            }
            anyhow::Ok(count)
        });
    }
    let mut total = 0;
    while let Some(count) = tasks.join_next().await {
        total += count??;
    }
    Ok(f64::from(total) / began.elapsed().as_secs_f64())
}

/// Sign-ins a second.
async fn sign_in(server: &Server, names: &[String]) -> Result<f64> {
    let mut tasks = JoinSet::new();
    for name in names {
        let who = serde_json::json!({ "username": name, "password": PASSWORD });
        let request = Request::post(server.address, "/api/v1/auth/token", &who);
        tasks.spawn(async move { load::throughput(&request, CONNECTIONS, ROUND).await });
    }
    let mut total = 0.0;
    while let Some(rate) = tasks.join_next().await {
        total += rate?.context("signing in")?.rate();
    }
    Ok(total)
}

impl fmt::Display for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { workers, passwords, sign_ins, argon2_share } = self;
        write!(
            f,
            "  signing in: {sign_ins:.1} a second; argon2 alone, on {workers} threads as there: {passwords:.1} a second, so it \
             takes {:.0} % of a sign-in",
            argon2_share * 100.0
        )
    }
}
