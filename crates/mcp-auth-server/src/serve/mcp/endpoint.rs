//! What is shown of how a server is reached. Keys stand in the arguments of programs, and in the queries and paths of URLs.

use crate::gatekeeper::{ServerConfig, Transport};

const HTTP: &str = "http";

/// What stands where something is left out.
const LEFT_OUT: &str = "...";

/// For those who may connect the server, and for the audit: all but the values in the query of a URL.
pub(super) fn for_who_runs_it(transport: &str, endpoint: &str) -> String {
    if transport != HTTP {
        return endpoint.to_owned();
    }
    let (url, query) = parts(endpoint);
    let names = query.map(|query| query.split('&').map(without_value).collect::<Vec<_>>());
    names.map_or_else(|| url.to_owned(), |names| format!("{url}?{}", names.join("&")))
}

/// For all others: the program, or the scheme and the host of the URL.
pub(super) fn for_others(transport: &str, endpoint: &str) -> String {
    if transport == HTTP { origin(parts(endpoint).0).to_owned() } else { program(endpoint) }
}

/// A URL up to its path.
fn origin(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + 3);
    let path = url.get(host..).and_then(|rest| rest.find('/'));
    path.and_then(|path| url.get(..host + path)).unwrap_or(url)
}

/// A URL up to its query, and its query; nobody is sent the fragment.
fn parts(url: &str) -> (&str, Option<&str>) {
    let url = url.split_once('#').map_or(url, |(url, _)| url);
    url.split_once('?').map_or((url, None), |(url, query)| (url, Some(query)))
}

/// What is no pair may be a key itself. `${NAME}` is none.
fn without_value(pair: &str) -> String {
    match pair.split_once('=') {
        Some((_, value)) if is_reference(value) => pair.to_owned(),
        Some((name, _)) => format!("{name}={LEFT_OUT}"),
        None if pair.is_empty() || is_reference(pair) => pair.to_owned(),
        None => LEFT_OUT.to_owned(),
    }
}

fn is_reference(text: &str) -> bool {
    let name = text.strip_prefix("${").and_then(|text| text.strip_suffix('}'));
    name.is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'))
}

fn program(line: &str) -> String {
    let config = ServerConfig::from_endpoint("stdio", line);
    let program = match config.as_ref().map(ServerConfig::transport) {
        Ok(Transport::Stdio { command, .. }) => command,
        _ => line.split_whitespace().next().unwrap_or_default(),
    };
    // Who is used to a shell writes variables there, which no program is called like.
    if program.contains('=') { LEFT_OUT.to_owned() } else { program.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_is_shown_and_only_who_runs_it_sees_how() {
        let cases = [
            ("stdio", "prog --token 'a b'", "prog --token 'a b'", "prog"),
            ("stdio", "'/opt/my prog' x", "'/opt/my prog' x", "/opt/my prog"),
            ("stdio", "KEY=x prog", "KEY=x prog", "..."),
            ("stdio", "prog 'open", "prog 'open", "prog"),
            ("stdio", "", "", ""),
            ("", "", "", ""),
            ("http", "https://h:1/mcp", "https://h:1/mcp", "https://h:1"),
            ("http", "https://${H}/k/mcp", "https://${H}/k/mcp", "https://${H}"),
            (
                "http",
                "https://h/mcp?api_key=x&v=2#x?y",
                "https://h/mcp?api_key=...&v=...",
                "https://h",
            ),
            ("http", "https://h?abcdef", "https://h?...", "https://h"),
            ("http", "https://h/?", "https://h/?", "https://h"),
            ("http", "http://h/a?k=${KEY}&${B}&", "http://h/a?k=${KEY}&${B}&", "http://h"),
            ("http", "http://h/?k=${A}b&c=${D:-e}", "http://h/?k=...&c=...", "http://h"),
        ];
        for (transport, endpoint, to_who_runs_it, to_others) in cases {
            assert_eq!(for_who_runs_it(transport, endpoint), to_who_runs_it);
            assert_eq!(for_others(transport, endpoint), to_others);
        }
    }
}
