//! What the server acknowledged.

use std::collections::HashMap;
use std::sync::{Condvar, Mutex};

/// A line that must be on the audit: the event, and the `jti` or the target that it is about.
pub(super) type Line = (&'static str, String);

/// Filled by all clients at once.
#[derive(Debug, Default)]
pub(super) struct Book {
    pages: Mutex<Pages>,
    written: Condvar,
}

#[derive(Debug, Default)]
struct Pages {
    lines: Vec<Line>,
    /// Tokens that must be refused from now on.
    revoked: Vec<String>,
    /// Those of them that were looked at after a restart.
    checked: usize,
    counts: HashMap<&'static str, usize>,
    /// Whether no answer is due any more.
    is_killing: bool,
}

impl Book {
    /// Writes down that this was acknowledged.
    pub(super) fn acknowledged(&self, event: &'static str, about: impl Into<String>) {
        let mut pages = self.pages.lock().unwrap();
        pages.lines.push((event, about.into()));
        *pages.counts.entry(event).or_default() += 1;
        self.written.notify_all();
    }

    /// The same of a revocation of this token.
    pub(super) fn revoked(&self, token: String, about: impl Into<String>) {
        self.pages.lock().unwrap().revoked.push(token);
        self.acknowledged("token_revoked", about);
    }

    /// Waits for so many further acknowledgements, and expects no answer from then on.
    pub(super) fn wait_for(&self, many: usize) {
        let mut pages = self.pages.lock().unwrap();
        let wanted = pages.lines.len() + many;
        while pages.lines.len() < wanted {
            pages = self.written.wait(pages).unwrap();
        }
        pages.is_killing = true;
    }

    pub(super) fn is_killing(&self) -> bool {
        self.pages.lock().unwrap().is_killing
    }

    pub(super) fn begin_round(&self) {
        self.pages.lock().unwrap().is_killing = false;
    }

    /// Revoked tokens that were not looked at yet.
    pub(super) fn newly_revoked(&self) -> Vec<String> {
        let mut pages = self.pages.lock().unwrap();
        let new = pages.revoked[pages.checked..].to_vec();
        pages.checked = pages.revoked.len();
        new
    }

    pub(super) fn all_revoked(&self) -> Vec<String> {
        self.pages.lock().unwrap().revoked.clone()
    }

    pub(super) fn lines(&self) -> Vec<Line> {
        self.pages.lock().unwrap().lines.clone()
    }

    pub(super) fn figures(&self) -> String {
        let counts = self.pages.lock().unwrap().counts.clone();
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_unstable();
        let counts: Vec<_> =
            counts.iter().map(|(event, count)| format!("{count} {event}")).collect();
        format!("acknowledged {}", counts.join(", "))
    }
}
