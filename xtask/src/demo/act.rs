//! What the acts that play on a server share: the directory, the commands, the requests.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tempfile::TempDir;

use super::http::{self, Answer, Request};
use super::{feed, show};
use crate::run;

/// A directory with what a server needs, and how far the demo has come.
pub(super) struct Act<'a> {
    programs: &'a Path,
    folder: TempDir,
    total: usize,
    /// The scene that is played.
    pub(super) at: usize,
}

impl<'a> Act<'a> {
    /// `first` scenes were played before, of `total`.
    pub(super) fn new(programs: &'a Path, first: usize, total: usize) -> Result<Self> {
        let folder = tempfile::tempdir().context("the demo needs a temporary folder")?;
        Ok(Self { programs, folder, total, at: first })
    }

    pub(super) fn scene(&mut self, title: &str, says: &str) {
        self.at += 1;
        println!("\n--- {}/{} {title}\n{says}\n", self.at, self.total);
    }

    /// One of our programs, in the directory.
    pub(super) fn program(&self, name: &str, args: &[&str]) -> Command {
        let mut command = Command::new(self.programs.join(name));
        run::without_our_settings(&mut command);
        command.args(args).current_dir(self.folder.path()).env("NO_COLOR", "1");
        command
    }

    /// Runs a command of the server to its end, and answers with what it said.
    pub(super) fn command(&self, args: &[&str], input: &str, exit: i32) -> Result<String> {
        let from = if input.is_empty() { "" } else { " < token" };
        println!("$ mcp-auth-server {}{from}", args.join(" "));
        let output = feed(&mut self.program("mcp-auth-server", args), input)?;
        let said = show(&output);
        ensure!(
            output.status.code() == Some(exit),
            "it ended with {}, expected {exit}",
            output.status
        );
        println!("(exit code {exit})");
        Ok(said)
    }

    /// Starts the server; it ends with what is returned.
    pub(super) fn serve(&self, env: &[(&str, &str)]) -> Result<Running> {
        let mut serve =
            self.program("mcp-auth-server", &["serve", "--data-dir", "data", "--port", "0"]);
        let shown: Vec<_> = env.iter().map(|(name, value)| format!("{name}={value} ")).collect();
        println!("$ {}mcp-auth-server serve --data-dir data --port 0 &", shown.concat());
        Running::start(serve.envs(env.iter().copied()))
    }

    /// Waits until a file says something: what need not be on disk before an answer is there soon after it.
    pub(super) fn wait_for(&self, path: &str, words: &str) -> Result<()> {
        let give_up = Instant::now() + Duration::from_secs(10);
        while !fs::read_to_string(self.folder.path().join(path))?.contains(words) {
            ensure!(Instant::now() < give_up, "{path} does not say `{words}`");
            thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    /// Where a program of ours lies.
    pub(super) fn path_of(&self, program: &str) -> String {
        self.programs.join(program).display().to_string()
    }

    /// Writes a file and shows it as it stands there; what is `hidden` is shown by its last part alone.
    pub(super) fn write(&self, path: &str, text: &str, hidden: &str) -> Result<()> {
        let file = self.folder.path().join(path);
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(file, text).with_context(|| format!("{path} cannot be written"))?;
        let short = hidden.rsplit('/').next().unwrap_or_default();
        println!("$ cat {path}\n{}", text.replace(hidden, short).trim_end());
        Ok(())
    }
}

/// A server that ends with this value.
pub(super) struct Running {
    process: Child,
    address: String,
}

impl Running {
    fn start(command: &mut Command) -> Result<Self> {
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

    pub(super) fn get(&self, path: &str, token: &str, status: u16) -> Result<Value> {
        self.request(&Request { method: "GET", path, token: Some(token), body: None }, status)
    }

    pub(super) fn post(
        &self,
        path: &str,
        token: Option<&str>,
        body: &Value,
        status: u16,
    ) -> Result<Value> {
        self.request(&Request { method: "POST", path, token, body: Some(body) }, status)
    }

    /// Waits until the MCP servers behind it are connected.
    pub(super) fn wait_until_healthy(&self, token: &str) -> Result<()> {
        let path = "/api/v1/mcp/health";
        let request = Request { method: "GET", path, token: Some(token), body: None };
        let give_up = Instant::now() + Duration::from_secs(30);
        while http::send(&self.address, &request)?.body.get("status") != Some(&"healthy".into()) {
            ensure!(Instant::now() < give_up, "the MCP server is not connected after 30 s");
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    fn request(&self, request: &Request<'_>, status: u16) -> Result<Value> {
        let bearer = request.token.map_or("", |_| "  Authorization: Bearer $TOKEN");
        println!("> {} {}{bearer}", request.method, request.path);
        if let Some(body) = request.body {
            println!("> {}", shortened(body));
        }
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

/// Tokens fill lines and say nothing to a reader. A password is shown once, by `init`.
fn shortened(body: &Value) -> Value {
    let mut body = body.clone();
    for (name, value) in body.as_object_mut().into_iter().flatten() {
        if name == "password" {
            *value = "...".into();
        } else if let Some(token) = value.as_str().filter(|text| text.starts_with("eyJ")) {
            *value = format!("{}...", token.get(..12).unwrap_or_default()).into();
        }
    }
    body
}

pub(super) fn text<'a>(body: &'a Value, name: &str) -> Result<&'a str> {
    body.get(name).and_then(Value::as_str).with_context(|| format!("the answer has no `{name}`"))
}

pub(super) fn after(said: &str, label: &str) -> Result<String> {
    let rest = said.lines().find_map(|line| line.strip_prefix(label));
    Ok(rest.with_context(|| format!("it did not say `{label}`"))?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn bodies_are_shown_without_passwords_and_whole_tokens() {
        let body =
            json!({"username": "admin", "password": "abcd", "token": "eyJhbGciOiJIUzI1NiJ9.e30.x"});
        let shown = json!({"username": "admin", "password": "...", "token": "eyJhbGciOiJI..."});
        assert_eq!(shortened(&body), shown);
    }
}
