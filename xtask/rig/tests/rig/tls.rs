//! An engine that listens for TLS.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use mcp_auth_rig::Options;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::each_engine;

#[test]
fn an_engine_with_tls_is_trusted_through_its_authority() {
    each_engine(|engine| {
        let options = Options::new(engine).password("s3cret").tls();
        if !engine.has_tls().unwrap() {
            let error = options.start().unwrap_err().to_string();
            assert!(error.ends_with("was built without TLS"), "{error}");
            return;
        }
        let node = options.start().unwrap();
        let url = node.tls_url().unwrap();
        let address = url.strip_prefix("rediss://:s3cret@").unwrap();
        let mut stream = connect(address, node.authority().unwrap());
        stream.write_all(b"AUTH s3cret\r\nPING\r\n").unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"+OK\r\n+PONG\r\n");
    });
}

fn connect(address: &str, authority: &Path) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(authority).unwrap()).unwrap();
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let client = ClientConnection::new(Arc::new(config), name).unwrap();
    StreamOwned::new(client, TcpStream::connect(address).unwrap())
}
