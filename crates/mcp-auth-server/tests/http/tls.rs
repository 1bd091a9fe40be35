//! TLS, and certificates that change while the server runs.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tempfile::TempDir;

use crate::client::{Answer, Ask};
use crate::server::{Server, curl, eventually};

/// Writes a new certificate and its key.
fn certify(directory: &Path) -> CertificateDer<'static> {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    fs::write(directory.join("key.pem"), signing_key.serialize_pem()).unwrap();
    fs::write(directory.join("cert.pem"), cert.pem()).unwrap();
    cert.der().clone()
}

fn serve_with(directory: &TempDir) -> Server {
    let path = |name: &str| directory.path().join(name).into_os_string().into_string().unwrap();
    Server::with(&[("MCP_TLS_CERT", &path("cert.pem")), ("MCP_TLS_KEY", &path("key.pem"))])
}

/// The answer to somebody who trusts this certificate only; `None` when another is shown.
fn ask(server: &Server, trusted: &CertificateDer<'static>, protocol: &str) -> Option<Answer> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider);
    let config = config.with_safe_default_protocol_versions().unwrap();
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    let name = ServerName::try_from("localhost").unwrap();
    let mut connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut socket = TcpStream::connect(server.address).unwrap();
    while connection.is_handshaking() {
        connection.complete_io(&mut socket).ok()?;
    }
    assert_eq!(connection.alpn_protocol(), Some(protocol.as_bytes()));
    Some(Ask::get("/health").send_on(&mut StreamOwned::new(connection, socket)))
}

#[test]
fn a_new_certificate_is_shown_and_a_broken_one_is_not() {
    let directory = tempfile::tempdir().unwrap();
    let first = certify(directory.path());
    let server = serve_with(&directory);
    assert_eq!(ask(&server, &first, "http/1.1").unwrap().status, 200);

    let second = certify(directory.path());
    eventually("the new certificate is shown", || ask(&server, &second, "http/1.1").is_some());
    assert!(ask(&server, &first, "http/1.1").is_none());

    fs::write(directory.path().join("cert.pem"), "nonsense").unwrap();
    server.signal("HUP");
    eventually("it is on the audit", || server.audit().contains("\"success\":false"));
    assert!(ask(&server, &second, "http/1.1").is_some(), "the last good one goes on");
}

#[test]
fn http_2_is_spoken_where_it_is_agreed_on() {
    let directory = tempfile::tempdir().unwrap();
    certify(directory.path());
    let server = serve_with(&directory);
    let url = format!("https://localhost:{}/health", server.address.port());
    let trusted = directory.path().join("cert.pem").into_os_string().into_string().unwrap();
    let told = ["--http2", "--write-out", " %{http_version}", "--cacert", &trusted, &url];
    if let Some(answer) = curl(&told) {
        assert_eq!(answer, r#"{"status":"ok"} 2"#);
    }
}
