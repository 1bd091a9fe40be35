//! TLS, with a certificate that can be replaced while the server runs.

use std::fmt;
use std::io;
use std::sync::Arc;

use arc_swap::ArcSwap;
use mcp_auth_cli::{Failure, exit};
use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::certified_key;
use crate::reading::check_regular;
use crate::settings::TlsFiles;

/// Accepts TLS 1.2 and 1.3, and HTTP/2 and HTTP/1.1 on it.
pub(crate) struct Tls {
    files: TlsFiles,
    provider: Arc<CryptoProvider>,
    current: Arc<Current>,
    acceptor: TlsAcceptor,
}

/// The certificate that is shown to the next client.
#[derive(Debug)]
struct Current(ArcSwap<CertifiedKey>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

impl Tls {
    /// Reads certificate and key.
    ///
    /// # Errors
    /// [`exit::CONFIGURATION`] when one of them cannot be read, or they do not belong together.
    pub(crate) fn load(files: &TlsFiles) -> Result<Self, Failure> {
        let wrong = |problem| Failure::new(exit::CONFIGURATION, problem);
        // Named here, because a process that has two providers panics at the first connection.
        let provider = Arc::new(aws_lc_rs::default_provider());
        let certified =
            certified_key::read(files, &provider).map_err(|mistake| wrong(mistake.to_string()))?;
        let current = Arc::new(Current(ArcSwap::from_pointee(certified)));
        let mut config = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| wrong(error.to_string()))?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&current) as _);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Ok(Self { files: files.clone(), provider, current, acceptor })
    }

    /// Reads both again; the old ones hold until [`Tls::replace`].
    ///
    /// # Errors
    /// What is wrong, with the remedy.
    pub(crate) fn read_again(&self) -> Result<CertifiedKey, String> {
        let TlsFiles { certificate, key } = &self.files;
        check_regular(certificate).map_err(|problem| format!("MCP_TLS_CERT: {problem}"))?;
        check_regular(key).map_err(|problem| format!("MCP_TLS_KEY: {problem}"))?;
        certified_key::read(&self.files, &self.provider).map_err(|mistake| mistake.to_string())
    }

    /// Shows this one from now on, and says whether it is another.
    pub(crate) fn replace(&self, certified: CertifiedKey) -> bool {
        let is_new = certified.cert != self.current.0.load().cert;
        self.current.0.store(Arc::new(certified));
        is_new
    }

    pub(crate) fn files(&self) -> &TlsFiles {
        &self.files
    }

    /// Shakes hands with a client.
    pub(crate) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        self.acceptor.accept(stream).await
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("files", &self.files).finish_non_exhaustive()
    }
}
