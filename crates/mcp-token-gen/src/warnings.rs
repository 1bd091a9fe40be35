//! What is legal and will surprise: a token that services with the same settings refuse.

use mcp_auth::validate::Rules;
use mcp_auth_cli::redact::Shown;

use crate::args::{Args, Expiry};

/// The warnings about one token, each with its remedy.
pub(crate) fn of(args: &Args, expiry: Expiry, rules: &Rules) -> Vec<String> {
    let age = age(expiry, rules);
    let audience =
        other("--audience", "MCP_JWT_AUDIENCE", args.audience.as_deref(), rules.audience());
    let issuer = args.issuer.as_deref().filter(|_| rules.issuer().is_some());
    let issuer = other("--issuer", "MCP_JWT_ISSUER", issuer, rules.issuer());
    [age, audience, issuer].into_iter().flatten().collect()
}

/// The token outlives the age at which it is refused.
fn age(expiry: Expiry, rules: &Rules) -> Option<String> {
    let lifetime = expiry.duration().as_secs();
    let limit = rules.max_age()?.as_secs();
    (lifetime > limit).then(|| {
        format!(
            "the token lives for {expiry}, but services whose MCP_MAX_TOKEN_AGE is {limit}, as it is here, refuse \
             it {limit} seconds after its issue; set MCP_MAX_TOKEN_AGE={lifetime} (or 0 for no limit) where it is \
             to be used"
        )
    })
}

/// The flag says something else than the settings, which services compare with. A token without a configured
/// audience must not name one; an issuer is compared only where one is configured.
fn other(flag: &str, variable: &str, given: Option<&str>, wanted: Option<&str>) -> Option<String> {
    let given = given.filter(|given| Some(*given) != wanted)?;
    let here = match wanted {
        Some(wanted) => format!("{variable} is {} here", Shown(wanted)),
        None => format!("{variable} is not set here"),
    };
    Some(format!(
        "{flag} is {given}, but {here}: services with these settings refuse the token; set {variable}={given} \
         where it is to be used",
        given = Shown(given),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;
    use std::time::Duration;

    fn warnings(arguments: &[&str], expiry: &str, rules: &Rules) -> Vec<String> {
        let start = ["mcp-token-gen", "--user-id", "a"];
        of(&Args::parse_from(start.iter().chain(arguments)), expiry.parse().unwrap(), rules)
    }

    #[test]
    fn a_token_that_outlives_its_age_names_the_value_that_would_do() {
        let rules = Rules::default().with_max_age(Some(Duration::from_hours(1)));
        assert_eq!(warnings(&[], "1", &rules), [""; 0]);
        let [warning] = &warnings(&[], "24", &rules)[..] else { panic!("one warning") };
        assert!(warning.contains("24 hours") && warning.contains("MCP_MAX_TOKEN_AGE=86400 "));
        assert_eq!(warnings(&[], "24", &rules.with_max_age(None)), [""; 0]);
    }

    #[test]
    fn an_audience_that_services_refuse_is_named() {
        let rules = Rules::default().with_max_age(None);
        assert_eq!(warnings(&["--audience", "api", "--issuer", "me"], "1", &rules).len(), 1);
        let rules = rules.with_audience(Some("api".into())).with_issuer(Some("me".into()));
        assert_eq!(warnings(&["--audience", "api", "--issuer", "me"], "1", &rules).len(), 0);
        let [warning] = &warnings(&["--issuer", "you"], "1", &rules)[..] else { panic!("one") };
        assert!(warning.starts_with("--issuer is you, but MCP_JWT_ISSUER is me here"), "{warning}");
    }
}
