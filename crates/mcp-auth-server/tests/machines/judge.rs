//! After a run: the history with the audits, judged.

use std::fmt::{self, Write as _};
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, bail};
use mcp_auth_history::{
    AdmitAnswer, Audited, Operation, Record, RefreshAnswer, RevokeAnswer, Target, Violation,
    check_all, write,
};
use serde_json::Value;

use crate::clock::now;
use crate::gateway::Gateway;
use crate::recorder::Recorder;
use crate::script::LIMITS;

/// Violations that a message shows whole.
const SHOWN: usize = 5;

/// What was done in a run.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    accepted: usize,
    revoked: usize,
    unavailable: usize,
    lost: usize,
    revocations: usize,
    bounded: usize,
    pending: usize,
    exchanges: usize,
    reuses: usize,
    /// From the end of the fault until the last gateway accepted again.
    recovery: Duration,
}

/// Verifies the audits, adds their lines to the history, and finds what breaks a promise.
pub(crate) fn judge(
    recorder: &Recorder,
    gateways: &[Gateway],
) -> Result<(Vec<Record>, Vec<Violation>)> {
    for gateway in gateways {
        gateway.verify_audit()?;
        for line in gateway.audit() {
            add_line(recorder, gateway.name, &line);
        }
    }
    let history = recorder.history();
    let violations = check_all(&history, &LIMITS);
    Ok((history, violations))
}

fn add_line(recorder: &Recorder, node: &str, line: &Value) {
    let text = |name: &str| line[name].as_str().unwrap_or_default();
    let what = match text("event") {
        "token_revoked" | "logged_out" => {
            // A grant that ended by reuse is called by its own name.
            let unnamed = || Target::Grant(text("target").to_owned());
            Audited::Revoked(recorder.named(text("target")).unwrap_or_else(unnamed))
        }
        "token_refreshed" => Audited::Refreshed(text("sid").to_owned()),
        _ => return,
    };
    let seq = line["seq"].as_u64().unwrap();
    recorder.add(node, now(), Operation::AuditLine { seq, what });
}

/// Keeps a history that breaks promises, and says which.
pub(crate) fn report(name: &str, history: &[Record], violations: &[Violation]) -> Result<()> {
    if violations.is_empty() {
        return Ok(());
    }
    let kept = keep(name, history)?;
    let mut text = format!("{} violations; the history is {}", violations.len(), kept.display());
    for violation in violations.iter().take(SHOWN) {
        write!(text, "\n{violation}")?;
        for place in &violation.operations {
            write!(text, "\n  {}: {:?}", place + 1, history[*place])?;
        }
    }
    bail!(text)
}

fn keep(name: &str, history: &[Record]) -> Result<PathBuf> {
    let name = name.replace(|letter: char| !letter.is_ascii_alphanumeric(), "-");
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("history-{name}.jsonl"));
    write(history, BufWriter::new(File::create(&path)?))?;
    Ok(path)
}

impl Summary {
    pub(crate) fn of(history: &[Record], recovery: Duration) -> Self {
        let mut summary = Self { recovery, ..Self::default() };
        for record in history {
            summary.count(&record.operation);
        }
        summary
    }

    fn count(&mut self, operation: &Operation) {
        match operation {
            Operation::Admit { answer, .. } => match answer {
                AdmitAnswer::Accepted => self.accepted += 1,
                AdmitAnswer::Unavailable => self.unavailable += 1,
                AdmitAnswer::Lost => self.lost += 1,
                _ => self.revoked += 1,
            },
            Operation::Revoke {
                answer: RevokeAnswer::Revoked { status, bound_ms, .. }, ..
            } => {
                self.revocations += 1;
                self.bounded += usize::from(bound_ms.is_some());
                self.pending += usize::from(*status == 202);
            }
            Operation::Refresh { answer: RefreshAnswer::Successor(_), .. } => self.exchanges += 1,
            Operation::Refresh { answer: RefreshAnswer::Reuse, .. } => self.reuses += 1,
            _ => {}
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:>5} accepted, {:>5} refused, {:>4} x 503, {:>3} lost; {:>4} revoked, {:>4} with a bound, {:>3} pending; \
             {:>4} exchanges, {:>2} reuses; back after {:>4} ms",
            self.accepted,
            self.revoked,
            self.unavailable,
            self.lost,
            self.revocations,
            self.bounded,
            self.pending,
            self.exchanges,
            self.reuses,
            self.recovery.as_millis()
        )
    }
}
