//! The file of `user import`: read and checked in whole before anything is written.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::Path;

use mcp_auth::text::Escaped;
use mcp_auth_cli::redact::ShownPath;
use mcp_auth_cli::{Failure, exit};
use mcp_auth_sessions::ImportedAccount;

use super::line;

/// Longest line, its end included: far more than an account has.
const MAX_LINE: usize = 16 * 1024;

/// Problems that are reported at once; more would scroll the first ones away.
const MAX_PROBLEMS: usize = 20;

/// A line that is right.
#[derive(Debug)]
pub(super) struct Entry {
    /// Its number; the first is 1.
    pub(super) line: usize,
    pub(super) account: ImportedAccount,
}

/// Reads the accounts from a file, or from standard input where it is `-`.
///
/// # Errors
/// [`exit::USAGE`] when it cannot be read, a line is wrong, or there is none. All that is wrong is told, never a value.
pub(super) fn read(file: &Path) -> Result<Vec<Entry>, Failure> {
    if file.as_os_str() == "-" {
        return parse(io::stdin().lock(), "standard input");
    }
    let shown = ShownPath(file).to_string();
    let opened = File::open(file).map_err(|error| cannot_read(&shown, &error))?;
    parse(BufReader::new(opened), &shown)
}

fn parse(mut source: impl BufRead, name: &str) -> Result<Vec<Entry>, Failure> {
    let mut list = List::default();
    let mut bytes = Vec::new();
    for number in 1.. {
        bytes.clear();
        let mut limited = source.by_ref().take(MAX_LINE as u64 + 1);
        limited.read_until(b'\n', &mut bytes).map_err(|error| cannot_read(name, &error))?;
        if bytes.is_empty() || list.problems.len() >= MAX_PROBLEMS {
            break;
        }
        if bytes.len() > MAX_LINE {
            list.problem(
                number,
                format_args!("has more than {MAX_LINE} bytes; one account stands on one line"),
            );
            break;
        }
        list.add(number, &bytes);
    }
    list.end(name)
}

#[derive(Debug, Default)]
struct List {
    entries: Vec<Entry>,
    problems: Vec<String>,
    /// Every username and user id, with the line that has it.
    names: HashMap<String, usize>,
}

impl List {
    fn add(&mut self, number: usize, bytes: &[u8]) {
        if bytes.trim_ascii().is_empty() {
            return;
        }
        match line::parse(bytes) {
            Ok(account) => {
                self.claim(number, &account);
                self.entries.push(Entry { line: number, account });
            }
            Err(problem) => self.problem(number, problem),
        }
    }

    /// A name means one account, whichever of the two names it is.
    fn claim(&mut self, number: usize, account: &ImportedAccount) {
        for name in [&account.username, &account.user_id] {
            let first = *self.names.entry(name.clone()).or_insert(number);
            if first != number {
                let name = Escaped(name);
                self.problem(
                    number,
                    format_args!("uses the name {name} of line {first}; remove one of the two"),
                );
                return;
            }
        }
    }

    fn problem(&mut self, number: usize, problem: impl std::fmt::Display) {
        self.problems.push(format!("line {number} {problem}"));
    }

    fn end(self, name: &str) -> Result<Vec<Entry>, Failure> {
        if !self.problems.is_empty() {
            let message =
                format!("nothing was imported from {name}:\n{}", self.problems.join("\n"));
            return Err(
                Failure::new(exit::USAGE, message).with_hint("mend these lines, and run it again")
            );
        }
        if self.entries.is_empty() {
            return Err(Failure::new(exit::USAGE, format!("there is no account in {name}"))
                .with_hint("write one account on each line, such as {\"username\": \"alice\", \"password_hash\": \"$2b$...\"}"));
        }
        Ok(self.entries)
    }
}

fn cannot_read(name: &str, error: &io::Error) -> Failure {
    Failure::new(exit::USAGE, format!("cannot read {name}: {error}"))
        .with_hint("name a file of JSON lines, or `-` for standard input")
}
