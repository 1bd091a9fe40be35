//! What the environment says about the server: read once, with all mistakes at once.

mod contradictions;
mod logging;
mod mcp;
mod near_miss;
mod rate_limits;
mod source;
mod store;
mod variables;

use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

use mcp_auth::random::SystemRandom;
use mcp_auth::settings::{Mistake, Mistakes, Purpose, Reader, Settings};
use mcp_auth_tower::TrustedProxies;

pub(crate) use self::logging::{LogFormat, LogSettings};
pub(crate) use self::mcp::McpSettings;
pub(crate) use self::near_miss::near_misses;
pub(crate) use self::rate_limits::RateLimits;
pub(crate) use self::source::Source;
pub(crate) use self::store::{RedisSettings, RevocationMode, StoreSettings};
use self::variables as name;
pub(crate) use self::variables::SERVER_VARIABLES;
use crate::data_dir::DataDir;
use crate::jwt_secret;

/// Everything that the environment says.
#[derive(Debug)]
pub(crate) struct ServerSettings {
    /// Keys, lifetimes, rules.
    pub(crate) tokens: Settings,
    pub(crate) listen: Listen,
    pub(crate) data_dir: DataDir,
    pub(crate) store: StoreSettings,
    /// `false` only where [`Listen::is_local`].
    pub(crate) auth_enabled: bool,
    pub(crate) log: LogSettings,
    pub(crate) tls: Option<TlsFiles>,
    pub(crate) trusted_proxies: TrustedProxies,
    pub(crate) audit: AuditFiles,
    pub(crate) rate_limits: RateLimits,
    pub(crate) metrics_public: bool,
    pub(crate) mcp: McpSettings,
    /// What works but should not stay so.
    pub(crate) warnings: Vec<Mistake>,
}

/// Where to listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Listen {
    pub(crate) host: IpAddr,
    /// 0 for any that is free.
    pub(crate) port: u16,
}

impl Listen {
    /// Whether only programs of this machine can connect.
    pub(crate) fn is_local(self) -> bool {
        self.host.to_canonical().is_loopback()
    }
}

/// Certificate chain and private key, in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TlsFiles {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

/// Where the audit lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AuditFiles {
    pub(crate) log: PathBuf,
    pub(crate) checkpoints: PathBuf,
    /// How large the log grows before it is archived; 0 for as large as it will.
    pub(crate) max_bytes: u64,
}

impl AuditFiles {
    /// The variable that put this file elsewhere than into the data directory.
    pub(crate) fn named_by(&self, path: &Path, data_dir: &DataDir) -> Option<&'static str> {
        if path == self.log && self.log != data_dir.audit_log() {
            return Some(name::AUDIT_LOG);
        }
        let is_elsewhere = self.checkpoints != data_dir.audit_checkpoints();
        (path == self.checkpoints && is_elsewhere).then_some(name::AUDIT_CHECKPOINTS)
    }
}

impl ServerSettings {
    /// Reads them through `lookup`. What the data directory holds stands in for key variables that are not set.
    ///
    /// # Errors
    /// All mistakes together.
    pub(crate) fn load(lookup: impl Fn(&str) -> Option<OsString>) -> Result<Self, Mistakes> {
        let data_dir = DataDir::at(lookup(name::DATA_DIR));
        let without_keys = data_dir.without_keys(&lookup);
        // With it the rest is read as it will be once there are keys.
        let stand_in = without_keys.is_some().then(|| jwt_secret::random(&SystemRandom));
        let with_keys = |name: &str| match &stand_in {
            Some(secret) if name == "MCP_JWT_SECRET" => Some(secret.as_str().into()),
            Some(_) => lookup(name),
            None => data_dir.key_variable(name, &lookup).or_else(|| lookup(name)),
        };
        let mut reader = Reader::new(&with_keys).with_table(SERVER_VARIABLES);
        if let Some(Mistake { variable, problem }) = without_keys {
            reader.mistake(variable, problem);
        }
        let tokens = Settings::read(&mut reader, Purpose::Issue);
        let rest = Rest::read(&mut reader, &data_dir);
        refuse_weak_secret(&mut reader, rest.listen);
        let warnings = reader.finish()?;
        // Without a mistake there are keys, so nothing is left to go wrong here.
        let tokens = tokens.ok_or_else(Mistakes::default)?;
        Ok(rest.with(tokens, data_dir, warnings))
    }
}

/// What is read even where the keys cannot be, so that one start tells all mistakes.
struct Rest {
    listen: Listen,
    store: StoreSettings,
    auth_enabled: bool,
    log: LogSettings,
    tls: Option<TlsFiles>,
    trusted_proxies: TrustedProxies,
    audit: AuditFiles,
    rate_limits: RateLimits,
    metrics_public: bool,
    mcp: McpSettings,
}

impl Rest {
    fn read(reader: &mut Reader<'_>, data_dir: &DataDir) -> Self {
        let listen = read_listen(reader);
        Self {
            listen,
            store: StoreSettings::read(reader),
            auth_enabled: read_auth_enabled(reader, listen),
            log: LogSettings::read(reader),
            tls: read_tls(reader),
            trusted_proxies: read_proxies(reader),
            audit: read_audit(reader, data_dir),
            rate_limits: RateLimits::read(reader),
            metrics_public: flag_or(reader, name::METRICS_PUBLIC, listen.is_local()),
            mcp: McpSettings::read(reader, listen, data_dir),
        }
    }

    fn with(self, tokens: Settings, data_dir: DataDir, warnings: Vec<Mistake>) -> ServerSettings {
        let Self {
            listen,
            store,
            auth_enabled,
            log,
            tls,
            trusted_proxies,
            audit,
            rate_limits,
            metrics_public,
            mcp,
        } = self;
        ServerSettings {
            tokens,
            listen,
            data_dir,
            store,
            auth_enabled,
            log,
            tls,
            trusted_proxies,
            audit,
            rate_limits,
            metrics_public,
            mcp,
            warnings,
        }
    }
}

fn read_listen(reader: &mut Reader<'_>) -> Listen {
    let port = u16::try_from(reader.number(name::PORT)).unwrap_or_default();
    let localhost = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let host = match reader.text(name::HOST).as_deref() {
        None | Some("localhost") => localhost,
        Some(text) => text.parse().unwrap_or_else(|_| {
            let problem = "is no IP address; write 127.0.0.1 for this machine only, or 0.0.0.0 for every network";
            reader.mistake(name::HOST, problem);
            localhost
        }),
    };
    Listen { host, port }
}

fn read_auth_enabled(reader: &mut Reader<'_>, listen: Listen) -> bool {
    let enabled = reader.flag(name::AUTH_ENABLED);
    if !enabled && !listen.is_local() {
        let problem = format!(
            "is false while the server listens on {}, where strangers can reach it; set it to true, or API_HOST to 127.0.0.1",
            listen.host
        );
        reader.mistake(name::AUTH_ENABLED, problem);
    }
    enabled
}

fn read_tls(reader: &mut Reader<'_>) -> Option<TlsFiles> {
    match (reader.text(name::TLS_CERT), reader.text(name::TLS_KEY)) {
        (Some(certificate), Some(key)) => {
            Some(TlsFiles { certificate: certificate.into(), key: key.into() })
        }
        (None, None) => None,
        (Some(_), None) => {
            reader.mistake(
                name::TLS_KEY,
                "is not set, but MCP_TLS_CERT is; name the certificate's private key",
            );
            None
        }
        (None, Some(_)) => {
            reader.mistake(
                name::TLS_CERT,
                "is not set, but MCP_TLS_KEY is; name the certificate chain",
            );
            None
        }
    }
}

fn read_proxies(reader: &mut Reader<'_>) -> TrustedProxies {
    let text = reader.text(name::TRUSTED_PROXIES).unwrap_or_default();
    text.parse().unwrap_or_else(|error| {
        reader.mistake(name::TRUSTED_PROXIES, format!("{error}"));
        TrustedProxies::default()
    })
}

fn read_audit(reader: &mut Reader<'_>, data_dir: &DataDir) -> AuditFiles {
    let path = |text: Option<String>, default: PathBuf| text.map_or(default, PathBuf::from);
    AuditFiles {
        log: path(reader.text(name::AUDIT_LOG), data_dir.audit_log()),
        checkpoints: path(reader.text(name::AUDIT_CHECKPOINTS), data_dir.audit_checkpoints()),
        max_bytes: reader.number(name::AUDIT_MAX_MIB) * 1024 * 1024,
    }
}

/// A flag whose default depends on others.
fn flag_or(reader: &mut Reader<'_>, variable: &str, default: bool) -> bool {
    if reader.text(variable).is_some() { reader.flag(variable) } else { default }
}

/// On the machine itself a weak secret is a warning, so that people can try things out.
fn refuse_weak_secret(reader: &mut Reader<'_>, listen: Listen) {
    if reader.has_weak_secret() && !listen.is_local() {
        let problem = format!(
            "or one of the previous secrets is weak (see the warnings of `mcp-auth-server config check`), and the server \
             listens on {}, where strangers can reach it; make one with `mcp-auth-server secret generate`",
            listen.host
        );
        reader.mistake("MCP_JWT_SECRET", problem);
    }
}
