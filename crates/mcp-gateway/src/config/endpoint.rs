//! An endpoint as one line of text: what a `connect` request carries, and what a status shows.

use super::server::{ServerConfig, Transport};

/// What stands where something is left out.
const LEFT_OUT: &str = "...";

/// Why a line is no endpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// No program is named.
    #[error("the endpoint is empty; write a program with its arguments, or a URL")]
    Empty,
    /// A quotation mark is not closed, or the line ends in a backslash.
    #[error("the endpoint has an open quotation mark or ends in a backslash; close it")]
    Unbalanced,
    /// Not a URL that one can connect to.
    #[error("the endpoint is no URL with a host that begins with http:// or https://")]
    NoUrl,
    /// Neither `stdio` nor `http`.
    #[error("the transport is neither `stdio` nor `http`; use one of these")]
    UnknownTransport,
}

impl ServerConfig {
    /// Reads a line such as `npx server-filesystem /data` (transport `stdio`) or a URL (`http`).
    ///
    /// The line is split into words as a shell would, but no shell runs: nothing is expanded or
    /// substituted, `${NAME}` least of all, because the line may come from afar.
    ///
    /// # Errors
    /// When the line cannot be split or is no URL.
    pub fn from_endpoint(transport: &str, endpoint: &str) -> Result<Self, EndpointError> {
        match transport {
            "stdio" => from_line(endpoint),
            "http" if is_url(endpoint) => Ok(Self::http(endpoint, [("", ""); 0])),
            "http" => Err(EndpointError::NoUrl),
            _ => Err(EndpointError::UnknownTransport),
        }
    }
}

fn from_line(line: &str) -> Result<ServerConfig, EndpointError> {
    let mut words = shlex::split(line).ok_or(EndpointError::Unbalanced)?.into_iter();
    let command = words.next().filter(|word| !word.is_empty()).ok_or(EndpointError::Empty)?;
    Ok(ServerConfig::stdio(command, words, [("", ""); 0]))
}

/// Enough to tell a mistake early; the HTTP client reads the rest.
pub(super) fn is_url(text: &str) -> bool {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
}

/// What may be shown of an endpoint.
pub(super) fn shown(transport: &Transport) -> String {
    match transport {
        Transport::Stdio { command, args, .. } => {
            let words = std::iter::once(command).chain(args).map(String::as_str);
            // Words with NUL cannot be quoted, and no program can be started with them.
            shlex::try_join(words).unwrap_or_else(|_| command.replace('\0', ""))
        }
        Transport::Http { url, .. } => without_password(url),
    }
}

/// What of an endpoint everybody may see, because no key stands there: the program, or the scheme and the host of the URL.
pub(super) fn place(transport: &Transport) -> String {
    match transport {
        Transport::Stdio { command, .. } => program(command),
        Transport::Http { url, .. } => origin(&without_password(url)).to_owned(),
    }
}

fn program(command: &str) -> String {
    // Who is used to a shell writes variables there, which no program is called like.
    if command.contains('=') { LEFT_OUT.to_owned() } else { command.replace('\0', "") }
}

/// A URL up to its path.
fn origin(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + 3);
    let end = url.get(host..).and_then(|rest| rest.find(['/', '?', '#']));
    end.and_then(|end| url.get(..host + end)).unwrap_or(url)
}

/// `https://user:password@host/path` without what stands before the `@`.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stdio(line: &str) -> Result<Transport, EndpointError> {
        ServerConfig::from_endpoint("stdio", line).map(|server| server.transport)
    }

    #[test]
    fn a_line_is_split_without_a_shell() {
        let line = r#"npx "a b" '$HOME' ${SECRET} `id` ; rm -rf | x"#;
        let Ok(Transport::Stdio { command, args, env }) = stdio(line) else { panic!("{line}") };
        assert_eq!(command, "npx");
        let wanted = ["a b", "$HOME", "${SECRET}", "`id`", ";", "rm", "-rf", "|", "x"];
        assert_eq!(args, wanted);
        assert!(env.is_empty());
    }

    #[test]
    fn what_is_no_endpoint_is_refused() {
        assert_eq!(stdio(""), Err(EndpointError::Empty));
        assert_eq!(stdio("  "), Err(EndpointError::Empty));
        assert_eq!(stdio("''"), Err(EndpointError::Empty));
        assert_eq!(stdio("npx 'a"), Err(EndpointError::Unbalanced));
        for url in ["", "ftp://host", "http://", "https:///path", "host:80"] {
            let refused = ServerConfig::from_endpoint("http", url).unwrap_err();
            assert_eq!(refused, EndpointError::NoUrl, "{url}");
        }
        let unknown = ServerConfig::from_endpoint("sse", "http://host").unwrap_err();
        assert_eq!(unknown, EndpointError::UnknownTransport);
    }

    #[test]
    fn what_is_shown_can_be_typed_again_and_has_no_password() {
        let server = ServerConfig::stdio("/bin/x", ["a b", "c"], [("KEY", "hidden")]);
        assert_eq!(server.endpoint(), "/bin/x 'a b' c");
        let server = ServerConfig::http("https://u:p@host:1/mcp?a=b@c", [("Key", "hidden")]);
        assert_eq!(server.endpoint(), "https://host:1/mcp?a=b@c");
        assert!(!format!("{server:?} {:?}", server.transport()).contains("hidden"));
    }

    #[test]
    fn no_key_stands_in_what_everybody_may_see() {
        for (line, place) in [
            ("prog --token 'a b'", "prog"),
            ("'/opt/my prog' x", "/opt/my prog"),
            ("KEY=x prog", "..."),
        ] {
            let server = ServerConfig::from_endpoint("stdio", line).unwrap();
            assert_eq!(server.place(), place, "{line}");
        }
        for (url, place) in [
            ("https://h:1/mcp", "https://h:1"),
            ("https://${H}/k/mcp", "https://${H}"),
            ("https://u:p@h/mcp?api_key=x&v=2#x?y", "https://h"),
            ("https://h?abcdef", "https://h"),
            ("https://h#abcdef", "https://h"),
        ] {
            assert_eq!(ServerConfig::http(url, [("", ""); 0]).place(), place);
        }
    }
}
