//! The second act: a server on a temporary directory. Sign in, refresh, revoke, and ask why.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::http::{self, Answer, Request};
use super::{feed, show};
use crate::run;

/// How many scenes it has, for the headings.
pub(super) const SCENES: usize = 7;

/// A running server, and what the scenes learn.
struct Act<'a> {
    programs: &'a Path,
    folder: TempDir,
    first: usize,
    total: usize,
    at: usize,
}

/// Plays it. `first` scenes were played before.
pub(super) fn play(programs: &Path, first: usize) -> Result<()> {
    let folder = tempfile::tempdir().context("the demo needs a temporary folder")?;
    let mut act = Act { programs, folder, first, total: first + SCENES, at: 0 };
    act.run().with_context(|| format!("the demo failed at scene {}", first + act.at))
}

impl Act<'_> {
    fn run(&mut self) -> Result<()> {
        self.scene(
            "A server of one's own",
            "A directory with a secret, a store, an audit and the account `admin`.",
        );
        let said = self.command(&["init", "--data-dir", "data"], "", 0)?;
        let password = after(&said, "Password: ")?;
        let server = Running::start(self.server(&["serve", "--data-dir", "data", "--port", "0"]))?;

        self.scene(
            "Sign in",
            "The password buys a short token for requests and a long one to renew it.",
        );
        let body = json!({"username": "admin", "password": password});
        let pair = server.post("/api/v1/auth/token", None, &body, 200)?;
        server.get("/api/v1/auth/me", text(&pair, "access_token")?, 200)?;

        self.scene(
            "Refresh",
            "Each renewal gives a new pair. Both tokens are of the same sign-in.",
        );
        let body = json!({"refresh_token": text(&pair, "refresh_token")?});
        let next = server.post("/api/v1/auth/refresh", None, &body, 200)?;
        let token = text(&next, "access_token")?;

        self.scene(
            "Revoke",
            "The token is good for an hour still. From now on it is refused all the same.",
        );
        server.post("/api/v1/auth/revoke", Some(token), &json!({"token": token}), 200)?;
        let refused = server.get("/api/v1/auth/me", token, 401)?;
        let code = text(&refused, "code")?;
        ensure!(code == "token_revoked", "the refusal is another: {refused}");

        self.scene(
            "Why is my token refused?",
            "The whole road of the token, with the store's verdict.",
        );
        let said =
            self.command(&["token", "explain", "--token", "-", "--data-dir", "data"], token, 5)?;
        ensure!(said.contains("revoked"), "`token explain` does not say that it was revoked");

        self.scene(
            "What did the client see?",
            "It can quote the error_id, and the audit has the reason.",
        );
        let error_id = text(&refused, "error_id")?;
        let said = self.command(&["audit", "explain", error_id, "--data-dir", "data"], "", 0)?;
        ensure!(said.contains("token_revoked"), "the audit does not have the reason");

        self.scene("Was the audit changed?", "Every line is chained to the one before it.");
        drop(server);
        self.command(&["audit", "verify", "--data-dir", "data"], "", 0)?;
        Ok(())
    }

    fn scene(&mut self, title: &str, says: &str) {
        self.at += 1;
        println!("\n--- {}/{} {title}\n{says}\n", self.first + self.at, self.total);
    }

    fn server(&self, args: &[&str]) -> Command {
        let mut command = Command::new(self.programs.join("mcp-auth-server"));
        run::without_our_settings(&mut command);
        command.args(args).current_dir(self.folder.path()).env("NO_COLOR", "1");
        command
    }

    fn command(&self, args: &[&str], input: &str, exit: i32) -> Result<String> {
        let from = if input.is_empty() { "" } else { " < token" };
        println!("$ mcp-auth-server {}{from}", args.join(" "));
        let output = feed(&mut self.server(args), input)?;
        let said = show(&output);
        ensure!(
            output.status.code() == Some(exit),
            "it ended with {}, expected {exit}",
            output.status
        );
        println!("(exit code {exit})");
        Ok(said)
    }
}

/// A server that ends with this value.
struct Running {
    process: Child,
    address: String,
}

impl Running {
    fn start(mut command: Command) -> Result<Self> {
        println!("$ mcp-auth-server serve --data-dir data --port 0 &");
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().context("the server could not be started")?;
        let output = process.stdout.take().context("the server has no stdout")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let address = after(&line, "Listening on http://");
        let running = Self { process, address: address.unwrap_or_default().trim().to_owned() };
        ensure!(!running.address.is_empty(), "the server did not say where it listens");
        print!("{line}");
        Ok(running)
    }

    fn get(&self, path: &str, token: &str, status: u16) -> Result<Value> {
        self.request(&Request { method: "GET", path, token: Some(token), body: None }, status)
    }

    fn post(&self, path: &str, token: Option<&str>, body: &Value, status: u16) -> Result<Value> {
        self.request(&Request { method: "POST", path, token, body: Some(body) }, status)
    }

    fn request(&self, request: &Request<'_>, status: u16) -> Result<Value> {
        let bearer = request.token.map_or("", |_| "  Authorization: Bearer $TOKEN");
        println!("> {} {}{bearer}", request.method, request.path);
        let Answer { status: found, body } = http::send(&self.address, request)?;
        println!("< {found} {}", shortened(&body));
        ensure!(found == status, "it answered {found}, expected {status}");
        Ok(body)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is gone afterwards.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Tokens fill lines and say nothing to a reader.
fn shortened(body: &Value) -> Value {
    let mut body = body.clone();
    for value in body.as_object_mut().into_iter().flat_map(|object| object.values_mut()) {
        if let Some(token) = value.as_str().filter(|text| text.starts_with("eyJ")) {
            *value = format!("{}...", token.get(..12).unwrap_or_default()).into();
        }
    }
    body
}

fn text<'a>(body: &'a Value, name: &str) -> Result<&'a str> {
    body.get(name).and_then(Value::as_str).with_context(|| format!("the answer has no `{name}`"))
}

fn after(said: &str, label: &str) -> Result<String> {
    let rest = said.lines().find_map(|line| line.strip_prefix(label));
    Ok(rest.with_context(|| format!("it did not say `{label}`"))?.trim().to_owned())
}
