//! Whether a query string has a parameter that is meant for a token.

use percent_encoding::percent_decode_str;

const NAMES: &[&[u8]] = &[b"access_token", b"token"];

/// Whether one of the parameters is called `token` or `access_token`, in whatever case and encoding. Both separators
/// that servers know are looked at, because the one behind this layer may know either.
pub(super) fn names_a_token(query: &str) -> bool {
    let pairs = query.split(['&', ';']);
    let mut names = pairs.map(|pair| pair.split_once('=').map_or(pair, |(name, _)| name));
    names.any(is_token)
}

fn is_token(name: &str) -> bool {
    let decoded = || percent_decode_str(name).map(|byte| byte.to_ascii_lowercase());
    NAMES.iter().any(|wanted| decoded().eq(wanted.iter().copied()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_found_by_name_wherever_it_stands() {
        for query in [
            "token=x",
            "access_token=x",
            "a=b&token=x",
            "a=b;access_token=x",
            "token",
            "%74oken=x",
            "access%5Ftoken=x",
            "%61%63%63%65%73%73%5f%74%6f%6b%65%6e=x",
            "Token=x",
        ] {
            assert!(names_a_token(query), "{query}");
        }
    }

    #[test]
    fn other_parameters_pass() {
        for query in
            ["", "&", "a=token", "tokens=1", "refresh=token", "my_token=1", "token%00=x", "%=token"]
        {
            assert!(!names_a_token(query), "{query}");
        }
    }
}
