//! The second act: a server on a temporary directory. Sign in, refresh, revoke, and ask why.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::act::{Act, after, text};

/// How many scenes it has, for the headings.
pub(super) const SCENES: usize = 7;

/// Plays it. `first` scenes were played before, of `total`.
pub(super) fn play(programs: &Path, first: usize, total: usize) -> Result<()> {
    let mut act = Act::new(programs, first, total)?;
    run(&mut act).with_context(|| format!("the demo failed at scene {}", act.at))
}

fn run(act: &mut Act<'_>) -> Result<()> {
    act.scene(
        "A server of one's own",
        "A directory with a secret, a store, an audit and the account `admin`.",
    );
    let said = act.command(&["init", "--data-dir", "data"], "", 0)?;
    let password = after(&said, "Password: ")?;
    let server = act.serve(&[])?;

    act.scene(
        "Sign in",
        "The password buys a short token for requests and a long one to renew it.",
    );
    let body = json!({"username": "admin", "password": password});
    let pair = server.post("/api/v1/auth/token", None, &body, 200)?;
    server.get("/api/v1/auth/me", text(&pair, "access_token")?, 200)?;

    act.scene("Refresh", "Each renewal gives a new pair. Both tokens are of the same sign-in.");
    let body = json!({"refresh_token": text(&pair, "refresh_token")?});
    let next = server.post("/api/v1/auth/refresh", None, &body, 200)?;
    let token = text(&next, "access_token")?;

    act.scene(
        "Revoke",
        "The token is good for an hour still. From now on it is refused all the same.",
    );
    server.post("/api/v1/auth/revoke", Some(token), &json!({"token": token}), 200)?;
    let refused = server.get("/api/v1/auth/me", token, 401)?;
    let code = text(&refused, "code")?;
    ensure!(code == "token_revoked", "the refusal is another: {refused}");

    act.scene("Why is my token refused?", "The whole road of the token, with the store's verdict.");
    let said =
        act.command(&["token", "explain", "--token", "-", "--data-dir", "data"], token, 5)?;
    ensure!(said.contains("revoked"), "`token explain` does not say that it was revoked");

    act.scene(
        "What did the client see?",
        "It can quote the error_id, and the audit has the reason.",
    );
    let error_id = text(&refused, "error_id")?;
    let said = act.command(&["audit", "explain", error_id, "--data-dir", "data"], "", 0)?;
    ensure!(said.contains("token_revoked"), "the audit does not have the reason");

    act.scene("Was the audit changed?", "Every line is chained to the one before it.");
    drop(server);
    act.command(&["audit", "verify", "--data-dir", "data"], "", 0)?;
    Ok(())
}
