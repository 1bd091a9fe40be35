//! The variables that a program sees: the process's own, over `.env.local`, over `.env`.
//!
//! Nothing is written back to the process's environment.

mod files;

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::Path;

use crate::Failure;

/// The files of variables, the weaker first: a later one overrides an earlier one.
const FILES: [&str; 2] = [".env", ".env.local"];

/// Looks a variable of the process up.
type Process = fn(&str) -> Option<OsString>;

/// Every variable that can be looked up, and where each came from.
pub struct Environment {
    process: Process,
    files: HashMap<String, Entry>,
}

/// What a file says about one variable. Often a secret, so no formatter shows it.
struct Entry {
    value: String,
    file: &'static str,
}

impl Environment {
    /// Reads `.env` and `.env.local` of the working directory; a file that is not there is fine.
    ///
    /// Within the files `${NAME}` stands for the variable of the process, or else for the value that was given
    /// further up or in `.env`. So `.env.local` may say `MCP_JWT_SECRET="${MCP_JWT_SECRET}"`, and a reference
    /// that leads nowhere is empty, which counts as not set; within a longer secret it is refused. Text in single
    /// quotes is taken as it stands.
    ///
    /// # Errors
    /// [`exit::CONFIGURATION`](crate::exit::CONFIGURATION) when a file cannot be read or understood. The message
    /// names the file and the line, and never shows the line, which may be a secret.
    pub fn load() -> Result<Self, Failure> {
        Self::load_from(Path::new(""), of_process)
    }

    /// The files that [`Environment::load`] reads, whether or not they are there.
    pub fn paths() -> impl Iterator<Item = &'static Path> {
        FILES.into_iter().map(Path::new)
    }

    fn load_from(directory: &Path, process: Process) -> Result<Self, Failure> {
        Ok(Self { process, files: files::read(directory, process)? })
    }

    /// The value of a variable. One that is set in the process's environment hides the files, even when it is
    /// empty: so a line of a file can be switched off for one run.
    pub fn get(&self, name: &str) -> Option<OsString> {
        (self.process)(name).or_else(|| Some(self.files.get(name)?.value.as_str().into()))
    }

    /// Where the value comes from, in words: `the environment`, `.env.local` or `.env`.
    pub fn origin(&self, name: &str) -> Option<&'static str> {
        let process = (self.process)(name).map(|_| "the environment");
        process.or_else(|| Some(self.files.get(name)?.file))
    }

    /// The names of all variables, for finding those that were spelt wrong. One that is not UTF-8 is left out.
    pub fn names(&self) -> Vec<String> {
        let of_process = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        of_process.chain(self.files.keys().cloned()).collect()
    }

    /// An environment of these variables only.
    #[cfg(test)]
    pub(crate) fn of(variables: &[(&str, &str)]) -> Self {
        let entry = |(name, value): &(&str, &str)| {
            ((*name).to_owned(), Entry { value: (*value).to_owned(), file: ".env" })
        };
        Self { process: |_| None, files: variables.iter().map(entry).collect() }
    }
}

/// Names only: the values may be secrets.
impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Environment")
            .field("in_files", &self.files.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that asks the process's environment")]
fn of_process(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

#[cfg(test)]
mod tests;
