//! An MCP server over stdio that misbehaves on demand: the tests' counterpart, written by hand so that
//! it can break every rule.
//!
//! Words on the command line: `exit-at-start`, `silent` (reads, never answers), `deaf` (never reads),
//! `strict` (ends at any first word but `initialize`), `stay` (ignores the end of input and SIGTERM),
//! `chatty` (lines that are no messages around each answer), `id-last` (ends each answer with its id),
//! `old` (speaks the first version of the protocol), `banana` (speaks one that there is not), `one-by-one` (reads on when it has answered). `+name` adds a tool `name`.
#![expect(clippy::indexing_slicing, reason = "a missing member of a JSON value is null")]
#![expect(clippy::disallowed_methods, reason = "it shows its environment and ends suddenly")]

use std::collections::BTreeSet;
use std::env;
use std::error::Error;
use std::io::{BufRead, Write, stderr, stdin, stdout};
use std::process::{Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

type Outcome<T> = Result<T, Box<dyn Error>>;

const TOOLS: &[&str] = &[
    "add_tool",
    "big",
    "cancelled",
    "echo",
    "env",
    "exit",
    "fail",
    "flood",
    "fork",
    "hang",
    "picture",
    "refuse",
    "sleep",
];

struct Server {
    words: BTreeSet<String>,
    tools: Mutex<BTreeSet<String>>,
    cancelled: AtomicUsize,
}

fn main() -> ExitCode {
    let words: BTreeSet<String> = env::args().skip(1).collect();
    let has = |word: &str| words.contains(word);
    if has("exit-at-start") {
        let _ = writeln!(
            stderr(),
            "cannot go on: {}",
            env::var_os("SECRET").unwrap_or_default().display()
        );
        return ExitCode::from(3);
    }
    if has("deaf") {
        wait_for_ever();
    }
    let stays = has("stay");
    if stays {
        let flag = Arc::new(AtomicBool::new(false));
        let _ = signal_hook::flag::register(signal_hook::consts::SIGTERM, flag);
    }
    let added = words.iter().filter_map(|word| word.strip_prefix('+'));
    let tools = TOOLS.iter().copied().chain(added).map(str::to_owned).collect();
    let server = Server { words, tools: Mutex::new(tools), cancelled: AtomicUsize::new(0) };
    let outcome = Arc::new(server).serve();
    if stays {
        wait_for_ever();
    }
    if outcome.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn wait_for_ever() -> ! {
    loop {
        thread::sleep(Duration::from_mins(10));
    }
}

impl Server {
    fn serve(self: Arc<Self>) -> Outcome<()> {
        let mut is_first = true;
        for line in stdin().lock().lines() {
            let message: Value = serde_json::from_str(&line?)?;
            let method = message["method"].as_str().unwrap_or_default().to_owned();
            if is_first && self.words.contains("strict") && method != "initialize" {
                return Err("initialize comes first".into());
            }
            is_first = false;
            if method == "notifications/cancelled" {
                self.cancelled.fetch_add(1, Ordering::SeqCst);
            }
            if message.get("id").is_some() && !self.words.contains("silent") {
                let server = Arc::clone(&self);
                let answering = thread::spawn(move || server.answer(&method, &message).is_ok());
                if self.words.contains("one-by-one") {
                    drop(answering.join());
                }
            }
        }
        Ok(())
    }

    fn answer(&self, method: &str, message: &Value) -> Outcome<()> {
        let result = match method {
            "initialize" => Ok(json!({
                "protocolVersion": self.version(&message["params"]),
                "capabilities": {"tools": {"listChanged": true}},
                "serverInfo": {"name": "fault-server", "version": "1.2.3"},
            })),
            "tools/list" => Ok(self.list(&message["params"])),
            "tools/call" => self.call(&message["params"])?,
            _ => Err((-32601, "no such method")),
        };
        let answer = match result {
            Ok(result) => json!({"jsonrpc": "2.0", "id": message["id"], "result": result}),
            Err((code, text)) => {
                let error = json!({"code": code, "message": text});
                json!({"jsonrpc": "2.0", "id": message["id"], "error": error})
            }
        };
        if self.words.contains("chatty") {
            say("DEBUG: this is no message\n{\"nor\": \"this\"}\n[1, 2\n")?;
        }
        if self.words.contains("id-last") {
            let (id, result) = (&answer["id"], &answer["result"]);
            return say(&format!("{{\"result\":{result},\"jsonrpc\":\"2.0\",\"id\":{id}}}\n"));
        }
        say(&format!("{answer}\n"))
    }

    fn version(&self, params: &Value) -> Value {
        if self.words.contains("old") {
            "2024-11-05".into()
        } else if self.words.contains("banana") {
            "banana".into()
        } else {
            params["protocolVersion"].clone()
        }
    }

    /// In pages of five.
    fn list(&self, params: &Value) -> Value {
        let from = params["cursor"].as_str().and_then(|at| at.parse().ok()).unwrap_or(0_usize);
        let tools = self.tools.lock().map(|tools| tools.clone()).unwrap_or_default();
        let page: Vec<Value> = tools.iter().skip(from).take(5).map(|name| tool(name)).collect();
        let next = (from + 5 < tools.len()).then(|| (from + 5).to_string());
        let mut list = json!({"tools": page});
        if let (Some(next), Some(list)) = (next, list.as_object_mut()) {
            list.insert("nextCursor".into(), next.into());
        }
        list
    }

    fn call(&self, params: &Value) -> Outcome<Result<Value, (i32, &'static str)>> {
        let arguments = &params["arguments"];
        let number = |name: &str| arguments[name].as_u64().unwrap_or_default();
        let text = match params["name"].as_str().unwrap_or_default() {
            "add_tool" => self.add_tool(arguments["name"].as_str().unwrap_or("added"))?,
            "big" => "x".repeat(usize::try_from(number("bytes"))?),
            "cancelled" => self.cancelled.load(Ordering::SeqCst).to_string(),
            "env" => environment(),
            "exit" => exit(number("code"))?,
            "fail" => return Ok(Ok(json!({"content": content("it went wrong"), "isError": true}))),
            "flood" => flood()?,
            "fork" => fork(arguments["detached"].as_bool().unwrap_or_default())?,
            "hang" => wait_for_ever(),
            "picture" => {
                let picture = json!({"type": "image", "data": "AAAA", "mimeType": "image/png"});
                return Ok(Ok(json!({"content": [picture]})));
            }
            "refuse" => return Ok(Err((-32602, "not with me"))),
            "sleep" => {
                thread::sleep(Duration::from_millis(number("ms")));
                "slept".to_owned()
            }
            _ => arguments["text"].as_str().unwrap_or_default().to_owned(),
        };
        Ok(Ok(json!({"content": content(&text)})))
    }

    fn add_tool(&self, name: &str) -> Outcome<String> {
        if let Ok(mut tools) = self.tools.lock() {
            tools.insert(name.to_owned());
        }
        say("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}\n")?;
        Ok(String::new())
    }
}

fn tool(name: &str) -> Value {
    let schema = match name {
        "echo" => json!({
            "type": "object",
            "properties": {"text": {"type": "string"}},
            "required": ["text"],
        }),
        _ => json!({"type": "object"}),
    };
    json!({"name": name, "description": format!("does {name}"), "inputSchema": schema})
}

fn content(text: &str) -> Value {
    json!([{"type": "text", "text": text}])
}

fn environment() -> String {
    env::vars().map(|(name, value)| format!("{name}={value}\n")).collect::<Vec<_>>().concat()
}

fn say(text: &str) -> Outcome<()> {
    let mut out = stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

/// Ends from a thread, so the call never gets its answer.
fn exit(code: u64) -> Outcome<String> {
    let code = i32::try_from(code)?;
    std::process::exit(code)
}

/// Writes without a line's end until nobody reads any more.
fn flood() -> Outcome<String> {
    let (mut out, xs) = (stdout().lock(), vec![b'x'; 64 * 1024]);
    loop {
        out.write_all(&xs)?;
    }
}

/// Starts a process that outlives this one, in a session of its own if it is to be detached, and
/// tells its number.
fn fork(detached: bool) -> Outcome<String> {
    let mut command = if detached { Command::new("setsid") } else { Command::new("sleep") };
    let args: &[&str] = if detached { &["sleep", "600"] } else { &["600"] };
    let child = command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).spawn()?;
    Ok(child.id().to_string())
}
