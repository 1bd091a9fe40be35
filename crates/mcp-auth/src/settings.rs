//! Settings from the environment, read once and from a lookup: this crate never asks the environment itself.
//!
//! All mistakes are reported together, each with its variable and the remedy, so that one restart is enough.

mod keys;
mod reader;
mod reference;
mod variables;

use std::ffi::OsString;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

use self::keys::KeySettings;
pub use self::reader::{Named, Reader};
pub use self::reference::reference_markdown;
pub use self::variables::{VARIABLES, Variable};
use crate::issue::{IssueError, Issuer, Lifetimes};
use crate::keys::{Algorithm, KeyRing};
use crate::secret::Secret;
use crate::validate::{Rules, Validator};

/// What the keys are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To sign and to verify: an asymmetric algorithm needs its private key.
    Issue,
    /// To verify only: a public key will do.
    Validate,
}

/// Everything that the environment says about tokens.
#[derive(Debug)]
pub struct Settings {
    keys: Arc<KeyRing>,
    algorithm: Algorithm,
    secret: Option<Secret>,
    key_source: String,
    lifetimes: Lifetimes,
    max_grant_age: Duration,
    rules: Rules,
    warnings: Vec<Mistake>,
}

impl Settings {
    /// Reads the variables of [`VARIABLES`] through `lookup`, and the files that they name.
    ///
    /// # Errors
    /// Every mistake that there is, not only the first.
    ///
    /// ```
    /// use mcp_auth::settings::{Purpose, Settings};
    ///
    /// let settings = Settings::load(Purpose::Validate, |name| std::env::var_os(name));
    /// # let settings = Settings::load(Purpose::Validate, |name| {
    /// #     (name == "MCP_JWT_SECRET").then(|| "3d1f0b7c9e8a4625b1c0d9e8f7a6b5c4".into())
    /// # });
    /// match settings {
    ///     Ok(settings) => assert_eq!(settings.keys().verifying_keys().len(), 1),
    ///     Err(mistakes) => eprintln!("{mistakes}"),
    /// }
    /// ```
    pub fn load(
        purpose: Purpose,
        lookup: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self, Mistakes> {
        let mut reader = Reader::new(&lookup);
        let settings = Self::read(&mut reader, purpose);
        let warnings = reader.finish()?;
        // Without a mistake there are keys, so nothing is left to go wrong here.
        settings.map(|settings| Self { warnings, ..settings }).ok_or_else(Mistakes::default)
    }

    /// The same through a reader that also reads a program's own variables. `None` when the keys could not be read; the
    /// reader knows why. Warnings stay with the reader.
    pub fn read(reader: &mut Reader<'_>, purpose: Purpose) -> Option<Self> {
        let keys = KeySettings::read(reader, purpose);
        let lifetimes = Lifetimes {
            access: reader.hours("MCP_JWT_EXPIRY_HOURS"),
            refresh: reader.days("MCP_REFRESH_TOKEN_EXPIRY_DAYS"),
        };
        let max_grant_age = reader.days("MCP_GRANT_MAX_DAYS");
        let rules = read_rules(reader);
        let KeySettings { keys, algorithm, secret, source } = keys?;
        Some(Self {
            keys: Arc::new(keys),
            algorithm,
            secret,
            key_source: source,
            lifetimes,
            max_grant_age,
            rules,
            warnings: Vec::new(),
        })
    }

    /// The keys.
    pub fn keys(&self) -> &Arc<KeyRing> {
        &self.keys
    }

    /// `MCP_JWT_ALGORITHM`.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The shared secret, where the algorithm has one.
    pub fn secret(&self) -> Option<&Secret> {
        self.secret.as_ref()
    }

    /// Where the current key came from: the variable, and the path where the variable names a file.
    pub fn key_source(&self) -> &str {
        &self.key_source
    }

    /// `MCP_JWT_EXPIRY_HOURS` and `MCP_REFRESH_TOKEN_EXPIRY_DAYS`.
    pub fn lifetimes(&self) -> Lifetimes {
        self.lifetimes
    }

    /// `MCP_GRANT_MAX_DAYS`: when a sign-in ends, however often it was refreshed.
    pub fn max_grant_age(&self) -> Duration {
        self.max_grant_age
    }

    /// What a validator asks of a token.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// What works but should not stay so, such as a weak secret.
    pub fn warnings(&self) -> &[Mistake] {
        &self.warnings
    }

    /// An issuer with these settings.
    ///
    /// # Errors
    /// [`IssueError::NoSigningKey`] when they were loaded to validate only, and so have no private key.
    pub fn issuer(&self) -> Result<Issuer, IssueError> {
        let issuer = Issuer::new(Arc::clone(&self.keys))?
            .with_lifetimes(self.lifetimes)
            .with_issuer(self.rules.issuer().map(str::to_owned))
            .with_audience(self.rules.audience().map(str::to_owned));
        Ok(issuer)
    }

    /// A validator with these settings.
    pub fn validator(&self) -> Validator {
        Validator::new(Arc::clone(&self.keys), self.rules.clone())
    }
}

fn read_rules(reader: &mut Reader<'_>) -> Rules {
    let max_age = reader.seconds("MCP_MAX_TOKEN_AGE");
    Rules::default()
        .with_leeway(reader.seconds("MCP_JWT_LEEWAY_SECONDS"))
        .with_max_age((!max_age.is_zero()).then_some(max_age))
        .with_issuer(reader.name("MCP_JWT_ISSUER"))
        .with_audience(reader.name("MCP_JWT_AUDIENCE"))
}

/// One mistake: the variable, and what is wrong with it in words that follow its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The variable, as the operator knows it: for a file, with the file's path.
    pub variable: String,
    /// The problem and the remedy. Never a secret.
    pub problem: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.variable, self.problem)
    }
}

/// All mistakes of one configuration, one per line.
#[derive(Debug, Clone, Default, PartialEq, Eq, Error)]
pub struct Mistakes(Vec<Mistake>);

impl Mistakes {
    /// The mistakes, in the order of the reference page.
    pub fn list(&self) -> &[Mistake] {
        &self.0
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<_> = self.0.iter().map(Mistake::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

#[cfg(test)]
mod tests;
