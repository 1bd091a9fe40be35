//! What `init` says it did.

use std::fmt::Write as _;

use serde_json::json;

use super::parts::Part;
use super::{FIRST_ACCOUNT, First};
use crate::data_dir::DataDir;
use crate::settings::Source;

/// Everything that there is to tell.
pub(super) struct Told<'a> {
    pub(super) data_dir: &'a DataDir,
    pub(super) made: &'a [Part],
    pub(super) account: Option<&'a First>,
    pub(super) source: &'a Source,
    /// Whether the store was there before this directory.
    pub(super) joins: bool,
}

impl Told<'_> {
    /// For people. The one place where a password is printed.
    pub(super) fn page(&self) -> String {
        let mut text = format!("Made in {}:\n", self.data_dir);
        for part in self.made {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "  {:<12} {}", part.name, part.meaning);
        }
        if self.account.is_some() {
            let _ = writeln!(text, "  {:<12} {FIRST_ACCOUNT}, with role admin", "account");
        }
        text += &self.overruled();
        text += self.own_secret();
        if let Some(password) = self.password() {
            let _ = write!(
                text,
                "\nPassword: {password}\n\nIt is shown this once. `mcp-auth-server user passwd {FIRST_ACCOUNT} --data-dir {}` \
                 sets another.\n",
                self.data_dir
            );
        }
        text + &format!("\nNext: {}\n", self.next())
    }

    /// For programs.
    pub(super) fn json(&self) -> String {
        let made: Vec<_> = self.made.iter().map(|part| part.name).collect();
        let answer = json!({
            "data_dir": self.data_dir.to_string(),
            "made": made,
            "account": self.account.map(|_| FIRST_ACCOUNT),
            "password": self.password(),
            "next": self.next(),
        });
        mcp_auth_cli::output::harmless(&format!("{answer:#}")) + "\n"
    }

    /// A server that joins others makes a secret too, and it is not theirs.
    fn own_secret(&self) -> &'static str {
        let made_one = self.made.iter().any(|part| part.name == "jwt_secret");
        if self.joins && made_one && DataDir::overruled_by(|name| self.source.get(name)).is_none() {
            "\nThe store has accounts already, so other servers use it, and the secret made here is not theirs: they would refuse \
             each other's tokens. Give this server the secret that they have: put their jwt_secret in place of this one.\n"
        } else {
            ""
        }
    }

    fn password(&self) -> Option<&str> {
        self.account?.password.as_deref()
    }

    fn next(&self) -> String {
        format!("mcp-auth-server serve --data-dir {}", self.data_dir)
    }

    /// The secret is made all the same: the day that the variable goes, the directory is complete.
    fn overruled(&self) -> String {
        match DataDir::overruled_by(|name| self.source.get(name)) {
            Some(variable) => format!(
                "\nWhile {variable} is set, it is used in place of jwt_secret. To use the file, remove the variable.\n"
            ),
            None => String::new(),
        }
    }
}
