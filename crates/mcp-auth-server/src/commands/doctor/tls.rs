//! The certificate: readable, the key's own, and not about to expire.

use std::path::Path;

use mcp_auth::clock::{Clock as _, SystemClock, Timestamp};
use mcp_auth_cli::redact::ShownPath;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use rustls::sign::CertifiedKey;

use super::certificate::Validity;
use super::finding::Findings;
use crate::settings::{ServerSettings, TlsFiles};

const CHECK: &str = "tls";

const DAY: u64 = 86_400;

/// Days before the end at which somebody should look.
const SOON: u64 = 21;

pub(super) fn check(settings: &ServerSettings, findings: &mut Findings) {
    let Some(files) = &settings.tls else { return };
    let Some(chain) = chain(files, findings) else { return };
    match PrivateKeyDer::from_pem_file(&files.key) {
        Err(error) => unreadable("MCP_TLS_KEY", &files.key, &error, findings),
        Ok(key) => check_pair(&chain, key, findings),
    }
    match chain.first().and_then(|first| Validity::of(first)) {
        Some(validity) => check_validity(validity, SystemClock.now(), findings),
        None => findings.note(
            CHECK,
            "the certificate's dates cannot be read",
            "look at them with `openssl x509 -dates`",
        ),
    }
}

fn chain(files: &TlsFiles, findings: &mut Findings) -> Option<Vec<CertificateDer<'static>>> {
    let chain = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match chain {
        Ok(chain) if chain.is_empty() => {
            let what = format!(
                "MCP_TLS_CERT names {}, which holds no certificate",
                ShownPath(&files.certificate)
            );
            findings.problem(
                CHECK,
                what,
                "name the chain in PEM, the server's own certificate first",
            );
            None
        }
        Ok(chain) => Some(chain),
        Err(error) => {
            unreadable("MCP_TLS_CERT", &files.certificate, &error, findings);
            None
        }
    }
}

fn unreadable(variable: &str, path: &Path, error: &pem::Error, findings: &mut Findings) {
    let what = format!("{variable} names {}, which cannot be read: {error}", ShownPath(path));
    findings.problem(CHECK, what, "name a PEM file that this user may read");
}

fn check_pair(
    chain: &[CertificateDer<'static>],
    key: PrivateKeyDer<'static>,
    findings: &mut Findings,
) {
    if let Err(error) = CertifiedKey::from_der(chain.to_vec(), key, &aws_lc_rs::default_provider())
    {
        let what = format!("certificate and key do not go together: {error}");
        findings.problem(
            CHECK,
            what,
            "name the key that the first certificate of MCP_TLS_CERT was made for",
        );
    }
}

fn check_validity(validity: Validity, now: Timestamp, findings: &mut Findings) {
    let renew = "renew it; a running server takes the new files by itself";
    if now < validity.from {
        let what = format!("the certificate is valid from {} on, and it is {now}", validity.from);
        findings.problem(CHECK, what, "wait, or see whether the clock is right");
    } else if now > validity.until {
        findings.problem(CHECK, format!("the certificate expired at {}", validity.until), renew);
    } else {
        let days = validity.until.since(now).as_secs() / DAY;
        if days < SOON {
            findings.note(
                CHECK,
                format!("the certificate expires in {days} days, at {}", validity.until),
                renew,
            );
        }
        findings.add_good(CHECK, || {
            format!("certificate and key go together; valid for {days} more days")
        });
    }
}
