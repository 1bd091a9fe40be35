//! Reading the URL. Several hosts stand side by side, which the general syntax (RFC 3986) has no place for.

use std::str::FromStr;

use percent_encoding::percent_decode_str;
use zeroize::Zeroizing;

use super::{Kind, StoreUrl, TlsFiles, UrlError};
use crate::address::Address;

pub(super) const DEFAULT_PORT: u16 = 6_379;
const SENTINEL_PORT: u16 = 26_379;

/// Each scheme, and whether it means TLS.
const SCHEMES: [(&str, Form, bool); 6] = [
    ("redis", Form::Standalone, false),
    ("rediss", Form::Standalone, true),
    ("redis+sentinel", Form::Sentinel, false),
    ("rediss+sentinel", Form::Sentinel, true),
    ("redis+cluster", Form::Cluster, false),
    ("rediss+cluster", Form::Cluster, true),
];

const EXPECTED: &str = "write redis://user:password@host:6379/0, or with rediss for TLS, redis+sentinel or redis+cluster";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Standalone,
    Sentinel,
    Cluster,
}

/// Whether what stands behind the hosts is the rest of a password, and the real hosts.
fn has_login(path: &str, query: &str) -> bool {
    let in_query = query.split_once('@').is_some_and(|(before, _)| !before.contains('='));
    path.contains('@') || in_query
}

/// What kind of engine the scheme means, and whether with TLS.
pub(super) fn scheme(text: &str) -> Option<(Form, bool)> {
    let (scheme, _) = text.split_once("://")?;
    let found = SCHEMES.iter().find(|(name, ..)| scheme.eq_ignore_ascii_case(name))?;
    Some((found.1, found.2))
}

pub(super) fn parse(text: &str, default: &Address) -> Result<StoreUrl, UrlError> {
    let (form, tls) = scheme(text).ok_or_else(|| wrong("is no URL of an engine", EXPECTED))?;
    let rest = text.split_once("://").map_or("", |(_, rest)| rest);
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (login, hosts) = match authority.rsplit_once('@') {
        Some((login, hosts)) => (Some(login), hosts),
        None if has_login(path, query) => {
            let problem = "has an @ behind a / or a ?, as a password that is not percent-encoded";
            return Err(wrong(problem, "write / as %2F, ? as %3F and @ as %40 in it"));
        }
        None => (None, authority),
    };
    let mut url = StoreUrl {
        kind: kind(form),
        nodes: nodes(hosts, form, default)?,
        user: None,
        password: None,
        database: database(path, form)?,
        tls: tls.then(TlsFiles::default),
        replicas: None,
        asynchronous: false,
        namespace: "mcpauth".to_owned(),
    };
    log_in(&mut url, login.unwrap_or_default())?;
    let settings = query.split('&').filter(|setting| !setting.is_empty());
    settings.into_iter().try_for_each(|setting| set(&mut url, setting))?;
    match url.tls.as_ref().and_then(|tls| tls.identity.as_ref()) {
        Some((cert, key)) if cert.as_os_str().is_empty() || key.as_os_str().is_empty() => {
            Err(wrong("has one of `cert` and `key`", "give both, or none"))
        }
        _ => Ok(url),
    }
}

fn kind(form: Form) -> Kind {
    match form {
        Form::Standalone => Kind::Standalone,
        Form::Sentinel => Kind::Sentinel { master: "mymaster".to_owned(), authenticate: false },
        Form::Cluster => Kind::Cluster,
    }
}

fn nodes(hosts: &str, form: Form, default: &Address) -> Result<Vec<Address>, UrlError> {
    if hosts.is_empty() {
        return Ok(vec![default.clone()]);
    }
    let port = if form == Form::Sentinel { SENTINEL_PORT } else { DEFAULT_PORT };
    let nodes: Option<Vec<_>> = hosts.split(',').map(|host| Address::parse(host, port)).collect();
    let nodes = nodes
        .ok_or_else(|| wrong("has a host that is none", "write host:port, with commas between"))?;
    if form == Form::Standalone && nodes.len() > 1 {
        return Err(wrong("has several hosts", "use redis+sentinel or redis+cluster for them"));
    }
    Ok(nodes)
}

fn database(path: &str, form: Form) -> Result<i64, UrlError> {
    let number = match path {
        "" => 0,
        path => u16::from_str(path)
            .map_err(|_| wrong("has a path that is no number of a database", "write /0"))?,
    };
    if form == Form::Cluster && number != 0 {
        return Err(wrong("names a database", "a cluster has number 0 only"));
    }
    Ok(i64::from(number))
}

fn log_in(url: &mut StoreUrl, login: &str) -> Result<(), UrlError> {
    let (user, password) = match login.split_once(':') {
        Some((user, password)) => (user, Some(password)),
        None => (login, None),
    };
    url.user = Some(decoded(user)?.to_string()).filter(|user| !user.is_empty());
    url.password = password.map(decoded).transpose()?;
    Ok(())
}

fn set(url: &mut StoreUrl, setting: &str) -> Result<(), UrlError> {
    let (name, value) = setting.split_once('=').unwrap_or((setting, ""));
    let value = decoded(value)?;
    let bad = |expected: &str| Err(wrong(&format!("has a bad value for `{name}`"), expected));
    match (name, &mut url.kind, &mut url.tls) {
        ("master", Kind::Sentinel { master, .. }, _) => value.as_str().clone_into(master),
        ("sentinel_auth", Kind::Sentinel { authenticate, .. }, _) => match value.as_str() {
            "same" => *authenticate = true,
            "none" => *authenticate = false,
            _ => return bad("same or none"),
        },
        ("replicas", ..) => match value.parse() {
            Ok(number) if number <= 100 => url.replicas = Some(number),
            _ => return bad("the number of replicas that each primary has"),
        },
        ("durability", ..) => match value.as_str() {
            "all" => url.asynchronous = false,
            "primary" => url.asynchronous = true,
            _ => return bad("all or primary"),
        },
        ("namespace", ..) if is_name(&value) => value.as_str().clone_into(&mut url.namespace),
        ("namespace", ..) => return bad("1 to 32 letters, digits, `-` and `_`"),
        ("ca", _, Some(tls)) => tls.authorities = Some(value.as_str().into()),
        ("cert", _, Some(tls)) => {
            let key = tls.identity.take().map(|(_, key)| key).unwrap_or_default();
            tls.identity = Some((value.as_str().into(), key));
        }
        ("key", _, Some(tls)) => {
            let certificate = tls.identity.take().map(|(cert, _)| cert).unwrap_or_default();
            tls.identity = Some((certificate, value.as_str().into()));
        }
        _ => {
            let known = "replicas, durability, namespace; with TLS ca, cert, key; with sentinels master, sentinel_auth";
            return Err(wrong("has a setting that is not known for it", known));
        }
    }
    Ok(())
}

fn is_name(text: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=32).contains(&text.len()) && text.bytes().all(legal)
}

fn decoded(text: &str) -> Result<Zeroizing<String>, UrlError> {
    let decoded = percent_decode_str(text).decode_utf8();
    let decoded = decoded.map_err(|_| wrong("has percent-encoding that is not UTF-8", EXPECTED))?;
    Ok(Zeroizing::new(decoded.into_owned()))
}

fn wrong(problem: &str, expected: &str) -> UrlError {
    UrlError(format!("{problem}; {expected}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        text.parse::<StoreUrl>().map_or_else(|error| error.to_string(), |url| format!("{url:?}"))
    }

    #[test]
    fn every_form_is_read() {
        for (text, expected) in [
            ("redis://", "redis://localhost:6379/0"),
            ("redis://h", "redis://h:6379/0"),
            ("rediss://u:p%40@h:1/3?ca=/ca.pem", "rediss://u:***@h:1/3"),
            ("redis://:p@h", "redis://:***@h:6379/0"),
            ("redis+sentinel://a,b:1?master=m", "redis+sentinel://a:26379,b:1/0"),
            ("REDIS+cluster://a,[::1]:7000", "redis+cluster://a:6379,[::1]:7000/0"),
        ] {
            assert_eq!(shown(text), format!("StoreUrl({expected})"));
        }
        let url: StoreUrl = "rediss://u:p%40%3a@h?cert=a&key=b&replicas=2".parse().unwrap();
        assert_eq!(url.password.as_ref().map(|it| it.as_str()), Some("p@:"));
        let files = url.tls.unwrap().identity.unwrap();
        assert_eq!(files, ("a".into(), "b".into()));
        assert_eq!(url.replicas, Some(2));
    }

    #[test]
    fn what_is_wrong_is_named_and_no_password_is_shown() {
        for text in [
            "sqlite:x",
            "http://h",
            "redis://geheim@h1,h2",
            "redis://u:geheim@h:x",
            "redis://u:geheim@h/x",
            "redis+cluster://u:geheim@h/1",
            "redis://u:geheim@h?ca=/x",
            "redis://u:geheim@h?durability=some",
            "redis://u:geheim@h?namespace=a%20b",
            "redis://u:geheim%ff@h",
            "rediss://u:geheim@h?cert=/x",
            "redis://u:geheim@h?password=geheim",
        ] {
            let error = text.parse::<StoreUrl>().unwrap_err().to_string();
            assert!(error.contains("; ") && !error.contains("geheim"), "{text}: {error}");
        }
    }

    #[test]
    fn a_password_that_ends_the_hosts_early_is_known_by_its_rest() {
        for text in ["redis://u:ge/heim@h:1", "redis://u:1/heim@h:1", "rediss://u:ge?heim@h/0"] {
            let error = text.parse::<StoreUrl>().unwrap_err().to_string();
            assert!(error.contains("%2F") && !error.contains("heim"), "{text}: {error}");
        }
        assert_eq!(shown("rediss://h/0?ca=/a@b.pem"), "StoreUrl(rediss://h:6379/0)");
    }
}
