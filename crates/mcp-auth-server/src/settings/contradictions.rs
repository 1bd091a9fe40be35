//! Settings that are legal one by one, and do not go together.

use std::time::Duration;

use mcp_auth::settings::Mistake;
use mcp_auth_tower::TrustedProxies;

use super::{ServerSettings, variables as name};

/// What does not go together, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Contradiction {
    variable: &'static str,
    /// In words that follow the variable's name.
    problem: String,
    pub(crate) remedy: String,
    /// Whether something does not work or is not safe; else it may be meant.
    pub(crate) is_problem: bool,
}

impl Contradiction {
    /// The variable and what is wrong.
    pub(crate) fn what(&self) -> String {
        format!("{} {}", self.variable, self.problem)
    }

    fn problem(variable: &'static str, problem: String, remedy: impl Into<String>) -> Self {
        Self { variable, problem, remedy: remedy.into(), is_problem: true }
    }

    fn note(variable: &'static str, problem: impl Into<String>, remedy: &str) -> Self {
        Self { variable, problem: problem.into(), remedy: remedy.to_owned(), is_problem: false }
    }
}

/// With its remedy.
impl From<Contradiction> for Mistake {
    fn from(it: Contradiction) -> Self {
        Self { variable: it.variable.to_owned(), problem: format!("{}; {}", it.problem, it.remedy) }
    }
}

impl ServerSettings {
    /// All that does not go together.
    pub(crate) fn contradictions(&self) -> Vec<Contradiction> {
        let all = [
            too_old(self),
            cut_short(self),
            long_lived(self),
            nobody_asked(self),
            in_clear(self),
            unlimited(self),
        ];
        all.into_iter().flatten().collect()
    }

    /// Those that are problems, as warnings.
    pub(crate) fn problems(&self) -> Vec<Mistake> {
        let problems = self.contradictions().into_iter().filter(|it| it.is_problem);
        problems.map(Mistake::from).collect()
    }
}

fn too_old(settings: &ServerSettings) -> Option<Contradiction> {
    let lifetime = settings.tokens.lifetimes().access;
    let limit = settings.tokens.rules().max_age().filter(|limit| lifetime > *limit)?;
    let problem = format!(
        "has access tokens issued for {} h, which are refused after {} s (MCP_MAX_TOKEN_AGE)",
        lifetime.as_secs() / 3_600,
        limit.as_secs()
    );
    let remedy = format!(
        "set MCP_MAX_TOKEN_AGE={} here and in every service that takes the tokens, or shorten MCP_JWT_EXPIRY_HOURS",
        lifetime.as_secs()
    );
    Some(Contradiction::problem("MCP_JWT_EXPIRY_HOURS", problem, remedy))
}

fn cut_short(settings: &ServerSettings) -> Option<Contradiction> {
    let (refresh, grant) = (settings.tokens.lifetimes().refresh, settings.tokens.max_grant_age());
    let days = |span: Duration| span.as_secs() / 86_400;
    let problem = || {
        format!(
            "has refresh tokens live {} d, and every sign-in ends after {} d",
            days(refresh),
            days(grant)
        )
    };
    let remedy = "shorten MCP_REFRESH_TOKEN_EXPIRY_DAYS or raise MCP_GRANT_MAX_DAYS";
    (refresh > grant)
        .then(|| Contradiction::note("MCP_REFRESH_TOKEN_EXPIRY_DAYS", problem(), remedy))
}

fn long_lived(settings: &ServerSettings) -> Option<Contradiction> {
    let lifetimes = settings.tokens.lifetimes();
    let problem =
        "has access tokens live as long as refresh tokens, so that nobody needs to refresh";
    let remedy = "shorten MCP_JWT_EXPIRY_HOURS: what is short-lived need not be revoked";
    (lifetimes.access >= lifetimes.refresh)
        .then(|| Contradiction::note("MCP_JWT_EXPIRY_HOURS", problem, remedy))
}

fn nobody_asked(settings: &ServerSettings) -> Option<Contradiction> {
    let problem = "is false: every program of this machine is let in as `anonymous`";
    let remedy = "set it to true for anything but trying things out";
    (!settings.auth_enabled).then(|| Contradiction::note(name::AUTH_ENABLED, problem, remedy))
}

fn in_clear(settings: &ServerSettings) -> Option<Contradiction> {
    if settings.listen.is_local() || settings.tls.is_some() {
        return None;
    }
    let problem = format!(
        "is {}, where other machines can reach it, without TLS: passwords and tokens cross the network in clear",
        settings.listen.host
    );
    Some(if settings.trusted_proxies == TrustedProxies::default() {
        let remedy = "set MCP_TLS_CERT and MCP_TLS_KEY; or API_HOST=127.0.0.1 behind a proxy that speaks TLS, with \
                      MCP_TRUSTED_PROXIES naming it";
        Contradiction::problem(name::HOST, problem, remedy)
    } else {
        let remedy = "fine while only the proxies of MCP_TRUSTED_PROXIES can reach the port: see to that in the firewall";
        Contradiction::note(name::HOST, problem, remedy)
    })
}

fn unlimited(settings: &ServerSettings) -> Option<Contradiction> {
    let problem = "is false: nobody is slowed down by requests alone";
    let remedy = "set it to true, unless a proxy in front keeps limits";
    (!settings.rate_limits.are_kept())
        .then(|| Contradiction::note(name::RATE_LIMIT_ENABLED, problem, remedy))
}
