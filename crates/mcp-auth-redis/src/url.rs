//! The URL that names an engine: `MCP_STORE_URL`.

mod parse;

use std::fmt;
use std::path::PathBuf;

use thiserror::Error;
use zeroize::Zeroizing;

use crate::address::Address;

/// Which engine, and how to get in. No formatter shows the password, nor what may be one: a name without a password
/// beside it.
///
/// ```
/// use mcp_auth_redis::StoreUrl;
///
/// let url: StoreUrl = "rediss://app:geheim@redis.example:6380/2".parse()?;
/// assert_eq!(url.to_string(), "rediss://app:***@redis.example:6380/2");
/// # Ok::<(), mcp_auth_redis::UrlError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct StoreUrl {
    pub(crate) kind: Kind,
    /// One node, or where to ask for the others; never empty.
    pub(crate) nodes: Vec<Address>,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<Zeroizing<String>>,
    pub(crate) database: i64,
    pub(crate) tls: Option<TlsFiles>,
    /// How many replicas each primary has when the set is whole, where the operator says so.
    pub(crate) replicas: Option<usize>,
    /// Whether writes are acknowledged by the primary alone.
    pub(crate) asynchronous: bool,
    /// What the names of all keys begin with.
    pub(crate) namespace: String,
}

/// Everything that this store asks of an engine; the last one is for [`RedisStore::examine`](crate::RedisStore::examine) only.
const COMMANDS: &str = "+@read +@write +@scripting +@connection +wait +time +role +config|get";

/// How the nodes of an engine belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One node, with or without replicas that nobody promotes.
    Standalone,
    /// A primary that sentinels know under this name.
    Sentinel {
        master: String,
        /// Whether the sentinels take the same user and password.
        authenticate: bool,
    },
    /// A cluster.
    Cluster,
}

/// Files with certificates, in PEM.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TlsFiles {
    /// Whom to trust in place of the system's roots.
    pub(crate) authorities: Option<PathBuf>,
    /// What to show: certificate chain and key.
    pub(crate) identity: Option<(PathBuf, PathBuf)>,
}

/// A URL that names no engine. The text holds no password.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct UrlError(pub(crate) String);

impl StoreUrl {
    /// Whether this is the URL of a Redis or Valkey engine at all, by its scheme.
    pub fn is_meant(text: &str) -> bool {
        parse::scheme(text).is_some()
    }

    /// Puts `host` and `port` in where the URL names no node, as in `redis://`.
    ///
    /// # Errors
    /// As for parsing.
    pub fn parse_with_default(text: &str, host: &str, port: u16) -> Result<Self, UrlError> {
        parse::parse(text, &Address::new(host, port))
    }

    /// What the engine must let the user of this URL do, as `ACL SETUSER` takes it.
    pub fn needed_rules(&self) -> String {
        let more = if self.is_cluster() { " +cluster|nodes" } else { "" };
        format!("~{{{}:* ~token_blacklist:* {COMMANDS}{more}", self.namespace)
    }

    pub(crate) fn is_cluster(&self) -> bool {
        self.kind == Kind::Cluster
    }

    fn scheme(&self) -> &'static str {
        match (&self.kind, self.tls.is_some()) {
            (Kind::Standalone, false) => "redis",
            (Kind::Standalone, true) => "rediss",
            (Kind::Sentinel { .. }, false) => "redis+sentinel",
            (Kind::Sentinel { .. }, true) => "rediss+sentinel",
            (Kind::Cluster, false) => "redis+cluster",
            (Kind::Cluster, true) => "rediss+cluster",
        }
    }
}

impl std::str::FromStr for StoreUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        parse::parse(text, &Address::new("localhost", parse::DEFAULT_PORT))
    }
}

/// As it may be shown: without the password. A name that has none beside it may be a password in the wrong place.
impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://", self.scheme())?;
        let password = self.password.as_ref().filter(|password| !password.is_empty());
        match (&self.user, password) {
            (Some(user), Some(_)) => write!(f, "{user}:***@")?,
            (Some(_), None) => f.write_str("***@")?,
            (None, Some(_)) => f.write_str(":***@")?,
            (None, None) => {}
        }
        for (at, node) in self.nodes.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            write!(f, "{comma}{node}")?;
        }
        write!(f, "/{}", self.database)
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreUrl({self})")
    }
}
