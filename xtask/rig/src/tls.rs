//! Certificates for one test.

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use anyhow::Result;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

/// An authority of its own, and a server's certificate that it signed, as files.
#[derive(Debug)]
pub(crate) struct Certificates {
    pub(crate) authority: PathBuf,
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

impl Certificates {
    /// For a server that is reached by its address, or as `localhost`.
    pub(crate) fn write(folder: &Path, address: Ipv4Addr) -> Result<Self> {
        let mut root = CertificateParams::new(Vec::new())?;
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root_key = KeyPair::generate()?;
        let root_certificate = root.self_signed(&root_key)?;
        let server = CertificateParams::new(vec![address.to_string(), "localhost".into()])?;
        let server_key = KeyPair::generate()?;
        let signed = server.signed_by(&server_key, &Issuer::from_params(&root, &root_key))?;
        let write = |name: &str, pem: String| {
            let path = folder.join(name);
            fs::write(&path, pem).map(|()| path)
        };
        Ok(Self {
            authority: write("authority.pem", root_certificate.pem())?,
            certificate: write("server.pem", signed.pem())?,
            key: write("server-key.pem", server_key.serialize_pem())?,
        })
    }
}
