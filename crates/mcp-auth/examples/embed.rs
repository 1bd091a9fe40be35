//! A tool service behind the gate, without an async runtime.

use std::collections::HashMap;
use std::error::Error;
use std::ffi::{OsStr, OsString};
use std::fmt::Display;
use std::io::Write;
use std::net::IpAddr;
use std::process::ExitCode;
use std::sync::Arc;

use mcp_auth::action::CallTool;
use mcp_auth::audit::{AuditEvent, AuditSink};
use mcp_auth::clock::{Clock, SystemClock};
use mcp_auth::issue::NewToken;
use mcp_auth::settings::{Purpose, Settings};
use mcp_auth::store::MemoryRevocations;
use mcp_auth::validate::{Caller, Permit};
use mcp_auth::{Gate, Origin, Refused};

/// What lives as long as the program does. Every thread may hold the same one.
struct Service {
    gate: Gate,
    revocations: Arc<MemoryRevocations>,
}

impl Service {
    fn new(settings: &Settings) -> Self {
        let revocations = Arc::new(MemoryRevocations::new());
        let gate = Gate::new(settings.validator())
            .with_revocations(revocations.clone())
            .with_audit(Arc::new(AuditToStderr));
        Self { gate, revocations }
    }
}

/// One JSON line for each event. A real sink hands the line to another thread.
#[derive(Debug)]
struct AuditToStderr;

impl AuditSink for AuditToStderr {
    fn record(&self, event: &AuditEvent<'_>) {
        say(&serde_json::to_string(event).unwrap_or_default());
    }
}

fn say(line: &dyn Display) {
    // An audit that cannot be written must not stop the service; a real sink counts this.
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// A request, as whatever HTTP library you use hands it to you.
struct Request<'a> {
    authorization: Option<&'a [u8]>,
    client: Option<IpAddr>,
    path: &'a str,
}

/// The answer: a status and a body.
type Response = (u16, String);

impl Service {
    fn call_read_file(&self, request: &Request<'_>) -> Response {
        self.try_read_file(request).unwrap_or_else(|refused| refusal(&refused))
    }

    fn try_read_file(&self, request: &Request<'_>) -> Result<Response, Refused> {
        let origin = Origin::new(request.client, None);
        let caller = self.gate.authenticate(request.authorization, &origin)?;
        let action = CallTool { server: "filesystem".into(), tool: "read_file".into() };
        let permit = self.gate.authorize(&caller, action, &origin)?;
        Ok((200, read_file(&permit, request.path)))
    }
}

/// The tool itself. It cannot be called without permission to call a tool.
fn read_file(permit: &Permit<CallTool>, path: &str) -> String {
    format!("{} read {path}", permit.caller().user_id())
}

/// A refusal as HTTP: fixed words for the client, and an id that the audit line has too.
fn refusal(refused: &Refused) -> Response {
    let code = refused.refusal.code();
    let body = serde_json::json!({
        "detail": code.detail(),
        "status_code": code.status(),
        "code": code.name(),
        "error_id": refused.error_id,
    });
    (code.status(), body.to_string())
}

impl Service {
    /// Revokes this one token, until it would have expired anyway.
    fn log_out(&self, caller: &Caller) {
        if let Some(token) = caller.token() {
            let revocation = token.revocation(self.gate.validator().rules());
            self.revocations.insert(revocation, SystemClock.now());
        }
    }
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(mistakes) => {
            say(&mistakes);
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let environment: HashMap<OsString, OsString> = std::env::vars_os().collect();
    let settings =
        Settings::load(Purpose::Issue, |name| environment.get(OsStr::new(name)).cloned())?;
    settings.warnings().iter().for_each(|warning| say(&format_args!("warning: {warning}")));
    let service = Service::new(&settings);

    let issued = settings.issuer()?.issue(&NewToken::access("alice"))?;
    let header = format!("Bearer {}", issued.token.expose());
    let request =
        Request { authorization: Some(header.as_bytes()), client: None, path: "notes.txt" };
    assert_eq!(service.call_read_file(&request), (200, "alice read notes.txt".to_owned()));

    let caller = service.gate.authenticate(request.authorization, &Origin::default())?;
    service.log_out(&caller);
    let (status, body) = service.call_read_file(&request);
    assert!(status == 401 && body.contains("Token has been revoked"), "{status} {body}");
    Ok(())
}
