//! A server that speaks TLS, and clients that trust its certificate.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::server::Server;

/// Writes a new certificate and its key.
pub(crate) fn certify(directory: &Path) -> CertificateDer<'static> {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    fs::write(directory.join("key.pem"), signing_key.serialize_pem()).unwrap();
    fs::write(directory.join("cert.pem"), cert.pem()).unwrap();
    cert.der().clone()
}

pub(crate) fn serve_with(directory: &Path) -> Server {
    let path = |name: &str| directory.join(name).into_os_string().into_string().unwrap();
    Server::with(&[("MCP_TLS_CERT", &path("cert.pem")), ("MCP_TLS_KEY", &path("key.pem"))])
}

/// A connection of somebody who trusts this certificate only; `None` when another is shown.
pub(crate) fn connect(
    address: SocketAddr,
    trusted: &CertificateDer<'static>,
    protocol: &str,
) -> Option<StreamOwned<ClientConnection, TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider);
    let config = config.with_safe_default_protocol_versions().unwrap();
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    let name = ServerName::try_from("localhost").unwrap();
    let mut connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    while connection.is_handshaking() {
        connection.complete_io(&mut socket).ok()?;
    }
    assert_eq!(connection.alpn_protocol(), Some(protocol.as_bytes()));
    Some(StreamOwned::new(connection, socket))
}
