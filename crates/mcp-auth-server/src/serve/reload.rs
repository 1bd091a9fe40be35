//! Reads keys, certificates and the policy again when their files change, or on SIGHUP.
//!
//! The files are looked at every second, by the path that a chain of links ends at: container platforms replace a link,
//! and whoever watches the file itself would miss it. A file is read when two looks agree, so not while it is written.

mod stamp;

use std::sync::Arc;
use std::time::Duration;

use mcp_auth::audit::AuditKind;
use mcp_auth::settings::Settings;
use tokio::signal::unix::Signal;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use self::stamp::Stamps;
use super::app::App;
use super::tls::Tls;
use crate::policy::LoadedPolicy;
use crate::settings::Source;

const NEW_CERTIFICATE: &str = "the TLS certificate was replaced";

const SAME_POLICY: &str = "the policy file is good again, and says what is in force";

const EVERY: Duration = Duration::from_secs(1);

/// What is watched and what was read last.
struct Reloader {
    app: Arc<App>,
    source: Source,
    tls: Option<Arc<Tls>>,
    keys: String,
    /// Whether the policy file was of no use when it was read last.
    policy_is_broken: bool,
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
    let mut reloader = Reloader { app, source, tls, keys, policy_is_broken: false };
    let mut seen = reloader.stamps();
    let mut read = seen.clone();
    loop {
        let told = tokio::select! {
            () = sleep(EVERY) => false,
            _ = hang_up.recv() => true,
            () = stop.cancelled() => return,
        };
        let now = reloader.stamps();
        let is_steady = now == seen;
        seen = now;
        if told || (is_steady && seen != read) {
            reloader.reload().await;
            read.clone_from(&seen);
        }
    }
}

impl Reloader {
    fn stamps(&self) -> Stamps {
        let certificate = self.tls.as_ref().map(|tls| tls.files());
        let of_tls = certificate
            .into_iter()
            .flat_map(|files| [files.certificate.clone(), files.key.clone()]);
        let settings = self.app.settings();
        let keys = self.source.key_files(&settings.data_dir);
        Stamps::of(of_tls.chain(keys).chain(settings.mcp.policy_file.clone()))
    }

    async fn reload(&mut self) {
        self.reload_keys().await;
        self.reload_certificate().await;
        self.reload_policy().await;
    }

    /// A policy with a mistake leaves the last good one in force.
    async fn reload_policy(&mut self) {
        let read = LoadedPolicy::of(&self.app.settings().mcp);
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
    }

    async fn reload_keys(&mut self) {
        let read = self.source.again().and_then(|source| Ok((source.settings()?, source)));
        let outcome = read.map_err(|failure| failure.message().to_owned());
        let outcome = outcome.and_then(|(settings, source)| {
            let changed = self.swap(&settings.tokens)?;
            self.source = source;
            Ok(changed)
        });
        match outcome {
            Ok(None) => {}
            Ok(Some(what)) => self.tell(AuditKind::KeysChanged, true, &what).await,
            Err(problem) => self.tell(AuditKind::KeysChanged, false, &problem).await,
        }
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

    async fn reload_certificate(&self) {
        let Some(tls) = &self.tls else { return };
        match tls.reload() {
            Ok(false) => {}
            Ok(true) => self.tell(AuditKind::ConfigChanged, true, NEW_CERTIFICATE).await,
            Err(problem) => self.tell(AuditKind::ConfigChanged, false, &problem).await,
        }
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

/// The fingerprints of the keys, the signing one first.
fn ids(tokens: &Settings) -> String {
    let keys = tokens.keys();
    let signing = keys.signing_key().map(|key| key.verifying_key().id().as_str());
    let verifying = keys.verifying_keys().iter().map(|key| key.id().as_str());
    signing.into_iter().chain(verifying).collect::<Vec<_>>().join(" ")
}
