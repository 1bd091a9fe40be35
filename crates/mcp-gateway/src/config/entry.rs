//! One entry of `mcpServers`. Read by hand, because messages of a general reader quote the values.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value};

use super::endpoint;
use super::expand::{ExpandError, expand};
use super::server::{LONGEST_TIMEOUT, ServerConfig, Transport};
use crate::naming;

/// Why one server of the file cannot be started. No value of the file is in the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("server `{server}`, `{field}`: {problem}; {remedy}")]
pub struct EntryError {
    /// The server's name.
    pub server: String,
    /// The member that is wrong, such as `env.API_KEY`.
    pub field: String,
    /// What is wrong with it.
    pub problem: String,
    /// What to do.
    pub remedy: String,
}

type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Reads an entry. Unknown members are no mistake: other programs share the file.
pub(super) fn read(
    server: &str,
    entry: &Value,
    lookup: Lookup<'_>,
) -> Result<ServerConfig, EntryError> {
    if !naming::is_server_name(server) {
        let problem = "a name is 1 to 64 letters, digits, `.`, `-` and single `_`";
        return Err(mistake(server, "name", problem, "rename the server"));
    }
    let Some(members) = entry.as_object() else {
        return Err(mistake(server, "", "is not an object", "write {\"command\": \"..\"}"));
    };
    Entry { server, members, lookup, used: Vec::new() }.read()
}

struct Entry<'a> {
    server: &'a str,
    members: &'a Map<String, Value>,
    lookup: Lookup<'a>,
    used: Vec<String>,
}

impl<'a> Entry<'a> {
    fn read(mut self) -> Result<ServerConfig, EntryError> {
        // Made once from the text as it stands: that is what may be shown.
        let shown = self.transport(false)?;
        let mut server = ServerConfig::new(shown);
        server.transport = self.transport(true)?;
        server.description = self.text("description")?.unwrap_or_default();
        server.timeout = self.timeout()?;
        server.auto_connect = self.flag("autoConnect")?.unwrap_or(true);
        server.secrets = self.used;
        Ok(server)
    }

    fn transport(&mut self, expanded: bool) -> Result<Transport, EntryError> {
        match (self.text("command")?, self.text("url")?) {
            (Some(command), None) => self.stdio(&command, expanded),
            (None, Some(url)) => self.http(&url, expanded),
            (Some(_), Some(_)) => {
                Err(self.mistake("url", "stands beside `command`", "keep one of the two"))
            }
            (None, None) => {
                Err(self.mistake("command", "is missing, and so is `url`", "give one of the two"))
            }
        }
    }

    fn stdio(&mut self, command: &str, expanded: bool) -> Result<Transport, EntryError> {
        let command = self.expand("command", command, expanded)?;
        if command.is_empty() {
            return Err(self.mistake("command", "is empty", "name a program"));
        }
        let mut args = Vec::new();
        for (at, arg) in self.texts("args")?.iter().enumerate() {
            args.push(self.expand(&format!("args[{at}]"), arg, expanded)?);
        }
        Ok(Transport::Stdio { command, args, env: self.table("env", expanded)? })
    }

    fn http(&mut self, url: &str, expanded: bool) -> Result<Transport, EntryError> {
        let url = self.expand("url", url, expanded)?;
        if expanded && !endpoint::is_url(&url) {
            let remedy = "begin with http:// or https:// and a host";
            return Err(self.mistake("url", "is not a URL", remedy));
        }
        Ok(Transport::Http { url, headers: self.table("headers", expanded)? })
    }

    fn expand(&mut self, field: &str, text: &str, wanted: bool) -> Result<String, EntryError> {
        if !wanted {
            return Ok(text.to_owned());
        }
        expand(text, self.lookup, &mut self.used).map_err(|error| match error {
            ExpandError::Unset(name) => {
                let problem = format!("the environment variable `{name}` is not set");
                mistake(self.server, field, problem, "set it, or remove the server")
            }
            ExpandError::Malformed => {
                let problem = "has a `${` that begins no `${NAME}`";
                mistake(self.server, field, problem, "write a variable's name in the braces")
            }
        })
    }

    fn table(
        &mut self,
        field: &str,
        expanded: bool,
    ) -> Result<BTreeMap<String, String>, EntryError> {
        let remedy = "write an object of texts";
        let Some(value) = self.member(field) else { return Ok(BTreeMap::new()) };
        let Some(members) = value.as_object() else {
            return Err(self.mistake(field, "is not an object", remedy));
        };
        let mut table = BTreeMap::new();
        for (name, value) in members {
            let field = format!("{field}.{name}");
            let Some(text) = value.as_str() else {
                return Err(self.mistake(&field, "is not a text", remedy));
            };
            table.insert(name.clone(), self.expand(&field, text, expanded)?);
        }
        Ok(table)
    }

    fn texts(&self, field: &str) -> Result<Vec<String>, EntryError> {
        let Some(value) = self.member(field) else { return Ok(Vec::new()) };
        let texts = value.as_array().and_then(|values| {
            values.iter().map(|value| value.as_str().map(str::to_owned)).collect()
        });
        texts.ok_or_else(|| self.mistake(field, "is not a list of texts", "write [\"..\"]"))
    }

    fn text(&self, field: &str) -> Result<Option<String>, EntryError> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        self.typed(field, text, "is not a text", "put it in quotation marks")
    }

    fn flag(&self, field: &str) -> Result<Option<bool>, EntryError> {
        self.typed(field, Value::as_bool, "is neither true nor false", "write one of these")
    }

    fn timeout(&self) -> Result<Option<Duration>, EntryError> {
        let seconds = |value: &Value| {
            let seconds = value.as_f64().filter(|seconds| *seconds > 0.0)?;
            Duration::try_from_secs_f64(seconds).ok().filter(|it| *it <= LONGEST_TIMEOUT)
        };
        self.typed("timeout", seconds, "is no number of seconds up to 3600", "write such a number")
    }

    fn typed<T>(
        &self,
        field: &str,
        read: impl Fn(&Value) -> Option<T>,
        problem: &str,
        remedy: &str,
    ) -> Result<Option<T>, EntryError> {
        let Some(value) = self.member(field) else { return Ok(None) };
        read(value).map(Some).ok_or_else(|| self.mistake(field, problem, remedy))
    }

    /// `null` is as good as absent.
    fn member(&self, field: &str) -> Option<&'a Value> {
        self.members.get(field).filter(|value| !value.is_null())
    }

    fn mistake(&self, field: &str, problem: &str, remedy: &str) -> EntryError {
        mistake(self.server, field, problem, remedy)
    }
}

fn mistake(server: &str, field: &str, problem: impl Into<String>, remedy: &str) -> EntryError {
    EntryError {
        server: server.to_owned(),
        field: if field.is_empty() { "mcpServers".to_owned() } else { field.to_owned() },
        problem: problem.into(),
        remedy: remedy.to_owned(),
    }
}
