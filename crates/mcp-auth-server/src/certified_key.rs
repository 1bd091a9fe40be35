//! The certificate of the server and its key, as their files hold them.

use std::path::Path;

use mcp_auth::settings::Mistake;
use mcp_auth_cli::redact::ShownPath;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use crate::settings::TlsFiles;

const CERTIFICATE: &str = "MCP_TLS_CERT";
const KEY: &str = "MCP_TLS_KEY";

/// Reads both.
///
/// # Errors
/// When one of them cannot be read, or they do not belong together.
pub(crate) fn read(files: &TlsFiles, provider: &CryptoProvider) -> Result<CertifiedKey, Mistake> {
    let TlsFiles { certificate, key } = files;
    let chain = CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect);
    let chain: Vec<_> = chain.map_err(|error| unreadable(CERTIFICATE, certificate, &error))?;
    if chain.is_empty() {
        let problem =
            "holds no certificate; name the chain in PEM, the server's own certificate first";
        return Err(mistake(CERTIFICATE, certificate, problem));
    }
    let der = PrivateKeyDer::from_pem_file(key).map_err(|error| unreadable(KEY, key, &error))?;
    CertifiedKey::from_der(chain, der, provider).map_err(|error| {
        let problem = format!(
            "does not go together with the certificate: {error}; name the key that the first certificate of {CERTIFICATE} \
             was made for"
        );
        mistake(KEY, key, &problem)
    })
}

fn unreadable(variable: &str, path: &Path, error: &pem::Error) -> Mistake {
    let problem = match error {
        pem::Error::Io(error) => {
            format!("cannot be read: {error}; name a PEM file that this user may read")
        }
        pem::Error::NoItemsFound => "holds none in PEM; name another file".to_owned(),
        // What the error says may be a line of the key.
        _ => "is no PEM file; is it whole, with its line breaks?".to_owned(),
    };
    mistake(variable, path, &problem)
}

fn mistake(variable: &str, path: &Path, problem: &str) -> Mistake {
    Mistake { variable: format!("{variable} ({})", ShownPath(path)), problem: problem.to_owned() }
}
