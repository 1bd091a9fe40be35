//! Reads single variables of one or more tables, and collects what is wrong with them.

use std::ffi::OsString;
use std::fmt;
use std::path::Path;
use std::time::Duration;

use super::{Mistake, Mistakes, VARIABLES, Variable};
use crate::claims::{MAX_NAME_BYTES, check_name};
use crate::secret::MIN_SECRET_BYTES;
use crate::text::Escaped;

/// Largest file that can be a secret or a key.
const MAX_FILE_BYTES: u64 = 64 * 1024;

/// A lookup, and the mistakes found through it so far. A program hands the same reader to
/// [`Settings::read`](super::Settings::read) and to its own, so that all mistakes are told together.
pub struct Reader<'a> {
    lookup: &'a dyn Fn(&str) -> Option<OsString>,
    tables: Vec<&'static [Variable]>,
    mistakes: Vec<Mistake>,
    warnings: Vec<Mistake>,
    has_weak_secret: bool,
}

/// A text and the name under which the operator knows it.
#[derive(Clone)]
pub struct Named {
    /// The variable, with the file's path where it names a file.
    pub source: String,
    /// The value, which may be a secret.
    pub text: String,
}

impl fmt::Debug for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Named").field("source", &self.source).finish_non_exhaustive()
    }
}

impl fmt::Debug for Reader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("mistakes", &self.mistakes.len()).finish_non_exhaustive()
    }
}

impl<'a> Reader<'a> {
    /// Reads the variables of [`VARIABLES`] through a lookup.
    pub fn new(lookup: &'a dyn Fn(&str) -> Option<OsString>) -> Self {
        Self {
            lookup,
            tables: vec![VARIABLES],
            mistakes: Vec::new(),
            warnings: Vec::new(),
            has_weak_secret: false,
        }
    }

    /// Also those of another table.
    #[must_use]
    pub fn with_table(mut self, table: &'static [Variable]) -> Self {
        self.tables.push(table);
        self
    }

    /// The warnings, when there is no mistake.
    ///
    /// # Errors
    /// All mistakes, in the order of the tables. What is about no variable of these, such as a directory, comes first.
    pub fn finish(mut self) -> Result<Vec<Mistake>, Mistakes> {
        let mut mistakes = std::mem::take(&mut self.mistakes);
        mistakes.sort_by_key(|mistake| self.place_of(&mistake.variable));
        if mistakes.is_empty() { Ok(self.warnings) } else { Err(Mistakes(mistakes)) }
    }

    fn variables(&self) -> impl Iterator<Item = &'static Variable> {
        self.tables.iter().flat_map(|table| table.iter())
    }

    /// The place in the tables of the variable that a mistake is about: of two names that fit, the longer. None for what is
    /// about no variable.
    fn place_of(&self, mistaken: &str) -> Option<usize> {
        let fits = self.variables().enumerate().filter(|(_, it)| mistaken.starts_with(it.name));
        fits.max_by_key(|(_, it)| it.name.len()).map(|(place, _)| place)
    }

    /// How many mistakes were found so far.
    pub(super) fn count(&self) -> usize {
        self.mistakes.len()
    }

    /// Notes a mistake: the variable, and the problem with the remedy in words that follow its name. Never a secret.
    pub fn mistake(&mut self, variable: impl Into<String>, problem: impl Into<String>) {
        let mistake = Mistake { variable: variable.into(), problem: problem.into() };
        // Some variables are read by several that depend on them.
        if !self.mistakes.contains(&mistake) {
            self.mistakes.push(mistake);
        }
    }

    /// Notes what works but should not stay so.
    pub fn warning(&mut self, variable: impl Into<String>, problem: impl Into<String>) {
        self.warnings.push(Mistake { variable: variable.into(), problem: problem.into() });
    }

    pub(super) fn weak_secret(&mut self, variable: &str, problem: String) {
        self.has_weak_secret = true;
        self.warning(variable, problem);
    }

    /// Whether a secret that signs or verifies is weak. It is a warning here; a server that strangers can reach refuses
    /// to start with it.
    pub fn has_weak_secret(&self) -> bool {
        self.has_weak_secret
    }

    /// The value of a variable. An empty one counts as not set: that is how compose files pass what is absent.
    pub fn text(&mut self, name: &str) -> Option<String> {
        let value = (self.lookup)(name).filter(|value| !value.is_empty())?;
        let text = value.into_string().ok();
        if text.is_none() {
            self.mistake(name, "is not UTF-8 text; write it again without special characters");
        }
        text
    }

    /// The value of a variable that is written into tokens and shown in messages.
    pub fn name(&mut self, variable: &str) -> Option<String> {
        let text = self.text(variable)?;
        let Err(problem) = check_name(&text) else { return Some(text) };
        let remedy = format!("write 1 to {MAX_NAME_BYTES} bytes without control characters");
        self.mistake(variable, format!("{problem}; {remedy}"));
        None
    }

    /// The value of `name`, or of the file that `name_FILE` names.
    pub fn text_or_file(&mut self, name: &str) -> Option<Named> {
        let file_variable = format!("{name}_FILE");
        match (self.text(name), self.text(&file_variable)) {
            (Some(_), Some(_)) => {
                self.mistake(name, format!("and {file_variable} are both set; remove one, so that it is clear which holds"));
                None
            }
            (Some(text), None) => Some(Named { source: name.to_owned(), text }),
            (None, Some(path)) => self.file(&file_variable, &path),
            (None, None) => None,
        }
    }

    /// The file that the variable `name` names.
    pub fn named_file(&mut self, name: &str) -> Option<Named> {
        let path = self.text(name)?;
        self.file(name, &path)
    }

    fn file(&mut self, name: &str, path: &str) -> Option<Named> {
        let source = if is_surely_a_path(path) {
            format!("{name} ({})", Escaped(path))
        } else {
            format!("{name} (its value is not shown, as it may be the secret itself)")
        };
        match read_small_file(Path::new(path)) {
            Ok(text) => Some(Named { source, text }),
            Err(problem) => {
                self.mistake(source, problem);
                None
            }
        }
    }

    /// A number of hours.
    pub fn hours(&mut self, name: &str) -> Duration {
        Duration::from_secs(self.number(name).saturating_mul(3600))
    }

    /// A number of days.
    pub fn days(&mut self, name: &str) -> Duration {
        Duration::from_secs(self.number(name).saturating_mul(24 * 3600))
    }

    /// A number of seconds.
    pub fn seconds(&mut self, name: &str) -> Duration {
        Duration::from_secs(self.number(name))
    }

    /// `true` or `false`, in the spellings that other programs take for these, or the row's default.
    pub fn flag(&mut self, name: &str) -> bool {
        let default = self.row(name).is_some_and(|row| row.default == "true");
        let Some(text) = self.text(name) else { return default };
        match text.trim().to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => true,
            "false" | "0" | "no" | "off" => false,
            _ => {
                let shown = shown(&text);
                self.mistake(name, format!("is {shown}; write true or false"));
                default
            }
        }
    }

    fn row(&self, name: &str) -> Option<&'static Variable> {
        self.variables().find(|row| row.name == name)
    }

    /// A whole number within the range of its row in the table, or the row's default.
    pub fn number(&mut self, name: &str) -> u64 {
        let variable = self.row(name);
        let default =
            variable.and_then(|variable| variable.default.parse().ok()).unwrap_or_default();
        let (least, most) = variable.and_then(|variable| variable.range).unwrap_or((0, u64::MAX));
        let Some(text) = self.text(name) else { return default };
        match text.trim().parse() {
            Ok(number) if (least..=most).contains(&number) => number,
            _ => {
                let shown = shown(&text);
                self.mistake(
                    name,
                    format!("is {shown}, which is not a whole number from {least} to {most}"),
                );
                default
            }
        }
    }
}

/// Shows a value that should be a short word. A long one is something else in the wrong place, such as a secret.
pub(super) fn shown(value: &str) -> String {
    const LONGEST_WORD: usize = 20;
    match value.chars().count() {
        0..=LONGEST_WORD => format!("\"{}\"", Escaped(value)),
        length => format!("a text of {length} characters"),
    }
}

/// Whether a text can be shown as a path. People put the secret itself where its file's name belongs.
fn is_surely_a_path(text: &str) -> bool {
    let path = Path::new(text);
    let in_a_directory =
        path.parent().is_some_and(|parent| parent.components().next().is_some() && parent.is_dir());
    let has_a_short_name = path.file_name().is_some_and(|name| name.len() < MIN_SECRET_BYTES);
    path.exists() || (in_a_directory && has_a_short_name)
}

/// Reads a file of text, bounded: a path that leads to a device or a dump must not fill the memory.
fn read_small_file(path: &Path) -> Result<String, String> {
    use std::io::Read as _;
    let cannot = |error: std::io::Error| {
        format!("cannot be read: {error}; check the path and the permissions")
    };
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(cannot)?;
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(cannot)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(format!(
            "has more than {MAX_FILE_BYTES} bytes, which is no secret and no key; check the path"
        ));
    }
    String::from_utf8(bytes).map_err(|_| "is not UTF-8 text; check the path".to_owned())
}
