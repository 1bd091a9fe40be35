//! What is shown of how a server is reached. Keys stand in the arguments of programs, and in the queries and paths of URLs.

const HTTP: &str = "http";

/// What stands where something is left out.
const LEFT_OUT: &str = "...";

/// For those who may connect the server, and for the audit: all but the values in the query of a URL. All others see the place
/// alone.
pub(super) fn for_who_runs_it(transport: &str, endpoint: &str) -> String {
    if transport != HTTP {
        return endpoint.to_owned();
    }
    let (url, query) = parts(endpoint);
    let names = query.map(|query| query.split('&').map(without_value).collect::<Vec<_>>());
    names.map_or_else(|| url.to_owned(), |names| format!("{url}?{}", names.join("&")))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_of_a_query_is_shown() {
        let cases = [
            ("stdio", "prog --token 'a b'", "prog --token 'a b'"),
            ("", "", ""),
            ("http", "https://h:1/mcp", "https://h:1/mcp"),
            ("http", "https://${H}/k/mcp", "https://${H}/k/mcp"),
            ("http", "https://h/mcp?api_key=x&v=2#x?y", "https://h/mcp?api_key=...&v=..."),
            ("http", "https://h?abcdef", "https://h?..."),
            ("http", "https://h/?", "https://h/?"),
            ("http", "http://h/a?k=${KEY}&${B}&", "http://h/a?k=${KEY}&${B}&"),
            ("http", "http://h/?k=${A}b&c=${D:-e}", "http://h/?k=...&c=..."),
        ];
        for (transport, endpoint, shown) in cases {
            assert_eq!(for_who_runs_it(transport, endpoint), shown);
        }
    }
}
