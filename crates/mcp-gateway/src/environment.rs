//! What a child process finds in its environment: what its entry names, and little else. A child
//! that inherited everything could read the secret that signs tokens.

use std::collections::BTreeMap;
use std::sync::Arc;

/// Gives the value of an environment variable.
pub type Lookup = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// What programs need to find others, their user, their terminal and their language.
const PASSED: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "SHELL",
    "TERM",
    "TMPDIR",
    "LANG",
    "LC_ADDRESS",
    "LC_ALL",
    "LC_COLLATE",
    "LC_CTYPE",
    "LC_IDENTIFICATION",
    "LC_MEASUREMENT",
    "LC_MESSAGES",
    "LC_MONETARY",
    "LC_NAME",
    "LC_NUMERIC",
    "LC_PAPER",
    "LC_TELEPHONE",
    "LC_TIME",
];

/// The whole environment of a child: `configured` over the variables that are always passed.
pub(crate) fn of_child(
    configured: &BTreeMap<String, String>,
    lookup: &Lookup,
) -> BTreeMap<String, String> {
    let passed = PASSED.iter().filter_map(|name| Some(((*name).to_owned(), lookup(name)?)));
    let configured = configured.iter().map(|(name, value)| (name.clone(), value.clone()));
    passed.chain(configured).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_gets_what_is_configured_and_the_harmless_rest() {
        let lookup: Lookup = Arc::new(|name| Some(format!("{name} of the parent")));
        let configured = BTreeMap::from([("PATH".into(), "/own".into()), ("A".into(), "b".into())]);
        let child = of_child(&configured, &lookup);
        assert_eq!(child["PATH"], "/own");
        assert_eq!(child["A"], "b");
        assert_eq!(child["LC_ALL"], "LC_ALL of the parent");
        assert!(!child.keys().any(|name| name.starts_with("MCP_")));
        assert_eq!(child.len(), PASSED.len() + 1);
    }
}
