//! The certificate: readable, the key's own, and not about to expire.

use mcp_auth::clock::{Clock as _, SystemClock, Timestamp};

use super::certificate::Validity;
use super::finding::Findings;
use crate::inspection;
use crate::settings::ServerSettings;

const CHECK: &str = "tls";

const DAY: u64 = 86_400;

/// Days before the end at which somebody should look.
const SOON: u64 = 21;

pub(super) fn check(settings: &ServerSettings, findings: &mut Findings) {
    let certified = match inspection::certified_key(settings) {
        Ok(None) => return,
        Ok(Some(certified)) => certified,
        Err(mistake) => return findings.problem(CHECK, mistake.to_string(), ""),
    };
    match certified.cert.first().and_then(|first| Validity::of(first)) {
        Some(validity) => check_validity(validity, SystemClock.now(), findings),
        None => findings.note(
            CHECK,
            "the certificate's dates cannot be read",
            "look at them with `openssl x509 -dates`",
        ),
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
