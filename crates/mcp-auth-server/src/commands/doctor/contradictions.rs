//! Settings that are legal one by one, and do not go together.

use super::finding::Findings;
use crate::settings::ServerSettings;

const CHECK: &str = "settings";

pub(super) fn check(settings: &ServerSettings, findings: &mut Findings) {
    lifetimes(settings, findings);
    exposure(settings, findings);
    if !settings.rate_limits.are_kept() {
        let what = "MCP_RATE_LIMIT_ENABLED is false: nobody is slowed down by requests alone";
        findings.note(CHECK, what, "set it to true, unless a proxy in front keeps limits");
    }
    findings.add_good(CHECK, || "legal, and they go together".to_owned());
}

fn lifetimes(settings: &ServerSettings, findings: &mut Findings) {
    let (tokens, lifetimes) = (&settings.tokens, settings.tokens.lifetimes());
    if let Some(limit) = tokens.rules().max_age().filter(|limit| lifetimes.access > *limit) {
        let (hours, limit) = (lifetimes.access.as_secs() / 3_600, limit.as_secs());
        let what = format!(
            "access tokens are issued for {hours} h and refused after {limit} s (MCP_MAX_TOKEN_AGE)"
        );
        let remedy = format!(
            "set MCP_MAX_TOKEN_AGE={} here and in every service that takes the tokens, or shorten MCP_JWT_EXPIRY_HOURS",
            lifetimes.access.as_secs()
        );
        findings.problem(CHECK, what, remedy);
    }
    if lifetimes.refresh > tokens.max_grant_age() {
        let days = |span: std::time::Duration| span.as_secs() / 86_400;
        let what = format!(
            "refresh tokens are to live {} d, and every sign-in ends after {} d",
            days(lifetimes.refresh),
            days(tokens.max_grant_age())
        );
        findings.note(
            CHECK,
            what,
            "shorten MCP_REFRESH_TOKEN_EXPIRY_DAYS or raise MCP_GRANT_MAX_DAYS",
        );
    }
    if lifetimes.access >= lifetimes.refresh {
        let what = "access tokens live as long as refresh tokens, so that nobody needs to refresh";
        findings.note(
            CHECK,
            what,
            "shorten MCP_JWT_EXPIRY_HOURS: what is short-lived need not be revoked",
        );
    }
}

fn exposure(settings: &ServerSettings, findings: &mut Findings) {
    if !settings.auth_enabled {
        let what =
            "MCP_AUTH_ENABLED is false: every program of this machine is let in as `anonymous`";
        findings.note(CHECK, what, "set it to true for anything but trying things out");
    }
    if settings.listen.is_local() || settings.tls.is_some() {
        return;
    }
    let what = format!(
        "listens on {}, where other machines can reach it, without TLS: passwords and tokens cross the network in clear",
        settings.listen.host
    );
    if settings.trusted_proxies == mcp_auth_tower::TrustedProxies::default() {
        let remedy = "set MCP_TLS_CERT and MCP_TLS_KEY; or API_HOST=127.0.0.1 behind a proxy that speaks TLS, with \
                      MCP_TRUSTED_PROXIES naming it";
        findings.problem(CHECK, what, remedy);
    } else {
        let remedy = "fine while only the proxies of MCP_TRUSTED_PROXIES can reach the port: see to that in the firewall";
        findings.note(CHECK, what, remedy);
    }
}
