//! Reads keys, certificates and the policy again when their files change, or on SIGHUP.
//!
//! The files are looked at every second, by the path that a chain of links ends at: container platforms replace a link,
//! and whoever watches the file itself would miss it. A file is read when two looks agree, so not while it is written.
//! Looking and reading are done aside: a file that does not answer holds nobody up but itself.

mod stamp;

use std::sync::Arc;
use std::time::Duration;

use mcp_auth::audit::AuditKind;
use mcp_auth::settings::Settings;
use mcp_auth_cli::environment::Environment;
use tokio::signal::unix::Signal;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use self::stamp::Stamps;
use super::app::App;
use super::tls::Tls;
use crate::data_dir::DataDir;
use crate::policy::LoadedPolicy;
use crate::reading::{Late, Reading, check_regular};
use crate::settings::{ServerSettings, Source};

const NEW_CERTIFICATE: &str = "the TLS certificate was replaced";

const SAME_POLICY: &str = "the policy file is good again, and says what is in force";

const EVERY: Duration = Duration::from_secs(1);

/// What is watched and what was read last.
struct Reloader {
    app: Arc<App>,
    source: Arc<Source>,
    tls: Option<Arc<Tls>>,
    keys: String,
    /// Whether the policy file was of no use when it was read last.
    policy_is_broken: bool,
    reading: Reading,
    /// Whether it has been said that files do not answer.
    has_warned: bool,
}

/// Runs until it is told to stop.
pub(crate) async fn run(
    app: Arc<App>,
    source: Source,
    tls: Option<Arc<Tls>>,
    mut hang_up: Signal,
    stop: CancellationToken,
) {
    let keys = ids(&app.settings().tokens);
    let (source, reading) = (Arc::new(source), Reading::new());
    let (policy_is_broken, has_warned) = (false, false);
    let mut reloader = Reloader { app, source, tls, keys, policy_is_broken, reading, has_warned };
    let mut seen = reloader.stamps().await;
    let mut read = seen.clone();
    loop {
        let told = tokio::select! {
            () = sleep(EVERY) => false,
            _ = hang_up.recv() => true,
            () = stop.cancelled() => return,
        };
        let now = reloader.stamps().await;
        let is_steady = now.is_some() && now == seen;
        seen = now;
        if told || (is_steady && seen != read) {
            let is_whole = reloader.reload().await;
            // What did not answer is read again after the next look.
            read = seen.clone().filter(|_| is_whole);
        }
        reloader.has_warned &= seen.is_none() || seen != read;
    }
}

impl Reloader {
    /// How the files look; `None` when they do not answer.
    async fn stamps(&mut self) -> Option<Stamps> {
        let certificate = self.tls.as_ref().map(|tls| tls.files());
        let of_tls = certificate
            .into_iter()
            .flat_map(|files| [files.certificate.clone(), files.key.clone()]);
        let settings = self.app.settings();
        let keys = self.source.key_files(&settings.data_dir);
        let paths: Vec<_> = of_tls.chain(keys).chain(settings.mcp.policy_file.clone()).collect();
        let looked = self.reading.aside(move || Stamps::of(paths)).await;
        self.warn_of(looked.as_ref().err());
        looked.ok()
    }

    /// Whether all could be read, be it right or wrong. One that does not answer keeps the others from nothing.
    async fn reload(&mut self) -> bool {
        let keys = self.reload_keys().await;
        let certificate = self.reload_certificate().await;
        let policy = self.reload_policy().await;
        let done = keys.and(certificate).and(policy);
        self.warn_of(done.as_ref().err());
        done.is_ok()
    }

    /// Once, and not with every try.
    fn warn_of(&mut self, late: Option<&Late>) {
        if let Some(late) = late.filter(|_| !self.has_warned) {
            tracing::warn!(%late, "keys, certificate or policy cannot be read again; trying on");
            self.has_warned = true;
        }
    }

    /// A policy with a mistake leaves the last good one in force.
    async fn reload_policy(&mut self) -> Result<(), Late> {
        let Some(path) = self.app.settings().mcp.policy_file.clone() else { return Ok(()) };
        let read = move || {
            check_regular(&path).map_err(|problem| vec![format!("MCP_POLICY_FILE: {problem}")])?;
            LoadedPolicy::read(&path)
        };
        let read = self.reading.aside(read).await?;
        let was_broken = std::mem::replace(&mut self.policy_is_broken, read.is_err());
        match read {
            Ok(policy) if policy == **self.app.policy.load() => {
                if was_broken {
                    self.tell(AuditKind::ConfigChanged, true, SAME_POLICY).await;
                }
            }
            Ok(policy) => {
                let what = format!(
                    "the policy was read again, it has {} rules",
                    policy.policy.rules().len()
                );
                self.app.put_policy(policy);
                self.tell(AuditKind::ConfigChanged, true, &what).await;
            }
            Err(problems) => {
                self.tell(AuditKind::ConfigChanged, false, &problems.join("; ")).await;
            }
        }
        Ok(())
    }

    async fn reload_keys(&mut self) -> Result<(), Late> {
        let source = Arc::clone(&self.source);
        let data_dir = self.app.settings().data_dir.clone();
        let read = self.reading.aside(move || read_keys(&source, &data_dir)).await?;
        let outcome = read.and_then(|(source, settings)| {
            let changed = self.swap(&settings.tokens)?;
            self.source = Arc::new(source);
            Ok(changed)
        });
        match outcome {
            Ok(None) => {}
            Ok(Some(what)) => self.tell(AuditKind::KeysChanged, true, &what).await,
            Err(problem) => self.tell(AuditKind::KeysChanged, false, &problem).await,
        }
        Ok(())
    }

    /// Signs and verifies with these keys from now on; what changed, in words.
    fn swap(&mut self, tokens: &Settings) -> Result<Option<String>, String> {
        let keys = ids(tokens);
        if keys == self.keys {
            return Ok(None);
        }
        let issuer = tokens.issuer().map_err(|error| error.to_string())?;
        // Verify first: a token that the new key signed must not be refused.
        self.app.gate.update(|gate| gate.clone().with_validator(tokens.validator()));
        self.app.house().sessions.replace_issuer(issuer);
        let what = format!("from {} to {keys}, from {}", self.keys, tokens.key_source());
        self.keys = keys;
        Ok(Some(what))
    }

    async fn reload_certificate(&self) -> Result<(), Late> {
        let Some(tls) = self.tls.clone() else { return Ok(()) };
        let reader = Arc::clone(&tls);
        match self.reading.aside(move || reader.read_again()).await? {
            Ok(certified) => {
                if tls.replace(certified) {
                    self.tell(AuditKind::ConfigChanged, true, NEW_CERTIFICATE).await;
                }
            }
            Err(problem) => self.tell(AuditKind::ConfigChanged, false, &problem).await,
        }
        Ok(())
    }

    async fn tell(&self, kind: AuditKind, success: bool, what: &str) {
        let mut event = self.app.event(kind);
        event.success = Some(success);
        let kept = format!("{what}; the old one goes on");
        event.reason = Some(if success { what } else { &kept });
        if let Err(error) = self.app.ledger.write(&[event]).await {
            tracing::error!(%error, what, "this is not on the audit");
        }
    }
}

/// The variables and the keys as they are now.
fn read_keys(source: &Source, data_dir: &DataDir) -> Result<(Source, ServerSettings), String> {
    Environment::paths().try_for_each(check_regular)?;
    let source = source.again().map_err(|failure| failure.message().to_owned())?;
    source.key_files(data_dir).iter().try_for_each(|path| check_regular(path))?;
    let settings = source.settings().map_err(|failure| failure.message().to_owned())?;
    Ok((source, settings))
}

/// The fingerprints of the keys, the signing one first.
fn ids(tokens: &Settings) -> String {
    let keys = tokens.keys();
    let signing = keys.signing_key().map(|key| key.verifying_key().id().as_str());
    let verifying = keys.verifying_keys().iter().map(|key| key.id().as_str());
    signing.into_iter().chain(verifying).collect::<Vec<_>>().join(" ")
}
