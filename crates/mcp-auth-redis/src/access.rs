//! How to get in: what every connection to any node shows and trusts.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, ClientTlsConfig, ConnectionAddr, IntoConnectionInfo as _,
    RedisConnectionInfo, TlsCertificates,
};
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::address::Address;
use crate::failure::Failure;
use crate::url::{Kind, StoreUrl, TlsFiles};

/// How long a connection may take to come about, login included.
pub(crate) const CONNECT: Duration = Duration::from_millis(500);

/// How long an answer may take.
pub(crate) const ANSWER: Duration = Duration::from_millis(500);

/// Login and certificates.
#[derive(Clone)]
pub(crate) struct Access {
    user: Option<String>,
    password: Option<Zeroizing<String>>,
    database: i64,
    tls: Option<TlsCertificates>,
}

impl Access {
    /// Of the nodes that hold the data. Reads the files that the URL names.
    pub(crate) fn to_nodes(url: &StoreUrl) -> Result<Self, Failure> {
        let tls = url.tls.as_ref().map(read).transpose()?;
        let (user, password) = (url.user.clone(), url.password.clone());
        Ok(Self { user, password, database: url.database, tls })
    }

    /// Of the sentinels, which have no databases and mostly no users.
    pub(crate) fn to_sentinels(&self, url: &StoreUrl) -> Self {
        let same = matches!(url.kind, Kind::Sentinel { authenticate: true, .. });
        let login = (self.user.clone(), self.password.clone());
        let (user, password) = if same { login } else { (None, None) };
        Self { user, password, database: 0, tls: self.tls.clone() }
    }

    /// Connects and logs in. Answers may take as long as `patience`.
    pub(crate) async fn connect(
        &self,
        address: &Address,
        patience: Duration,
    ) -> Result<MultiplexedConnection, Failure> {
        let failed = |source| Failure::Connect { address: address.clone(), source };
        let client = self.client(address).map_err(failed)?;
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(Some(patience));
        // The library's own limit does not cover everything that it does on the way.
        let connecting = client.get_multiplexed_async_connection_with_config(&config);
        let slow = |_| Failure::Slow { address: address.clone(), patience: CONNECT };
        timeout(2 * CONNECT, connecting).await.map_err(slow)?.map_err(failed)
    }

    fn client(&self, address: &Address) -> redis::RedisResult<Client> {
        let Address { host, port } = address.clone();
        let there = match &self.tls {
            Some(_) => ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None },
            None => ConnectionAddr::Tcp(host, port),
        };
        let mut login =
            RedisConnectionInfo::default().set_db(self.database).set_skip_set_lib_name();
        if let Some(user) = &self.user {
            login = login.set_username(user);
        }
        if let Some(password) = &self.password {
            login = login.set_password(password.as_str());
        }
        let info = there.into_connection_info()?.set_redis_settings(login);
        match &self.tls {
            Some(certificates) => Client::build_with_tls(info, certificates.clone()),
            None => Client::open(info),
        }
    }
}

fn read(files: &TlsFiles) -> Result<TlsCertificates, Failure> {
    let root_cert = files.authorities.as_deref().map(read_file).transpose()?;
    let client_tls = match &files.identity {
        Some((certificate, key)) => Some(ClientTlsConfig {
            client_cert: read_file(certificate)?,
            client_key: read_file(key)?,
        }),
        None => None,
    };
    Ok(TlsCertificates { client_tls, root_cert })
}

fn read_file(path: &Path) -> Result<Vec<u8>, Failure> {
    let failed = |error| Failure::Files(format!("{} cannot be read: {error}", path.display()));
    std::fs::read(path).map_err(failed)
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access").finish_non_exhaustive()
    }
}
