//! No formatter and no serialiser shows a secret, a private key or a token, whichever public type holds it.

use std::collections::BTreeSet;
use std::fmt::{Debug, Display};
use std::path::Path;

use mcp_auth::testing::public_types;
use serde::Serialize;

#[path = "common/exhibits.rs"]
mod exhibits;
#[path = "common/keys.rs"]
mod keys;
#[path = "common/public_types.rs"]
mod public_types;

use self::exhibits::Exhibits;
use self::public_types::{EXEMPT, WALKED};

/// Everything that was printed, with the name of what printed it.
#[derive(Default)]
struct Walk {
    printed: Vec<(&'static str, String)>,
}

impl Walk {
    fn debug(&mut self, name: &'static str, value: &dyn Debug) {
        self.printed.push((name, format!("{value:?}\n{value:#?}")));
    }

    fn both(&mut self, name: &'static str, value: &(impl Debug + Display)) {
        self.debug(name, value);
        self.printed.push((name, format!("{value}\n{value:#}")));
    }

    fn json(&mut self, name: &'static str, value: &(impl Debug + Serialize)) {
        self.debug(name, value);
        self.printed.push((name, serde_json::to_string(value).unwrap_or_default()));
    }
}

#[test]
fn nothing_that_holds_a_secret_or_a_token_shows_it() {
    let exhibits = Exhibits::new();
    let mut walk = Walk::default();
    exhibits.show(&mut walk);
    let hidden = exhibits.hidden();
    let leaks: BTreeSet<_> = walk
        .printed
        .iter()
        .flat_map(|(name, text)| {
            hidden
                .iter()
                .filter(|hidden| text.contains(hidden.1.as_str()))
                .map(move |hidden| (name, hidden.0))
        })
        .collect();
    assert!(leaks.is_empty(), "{leaks:#?}");
    let walked: BTreeSet<_> = walk.printed.iter().map(|(name, _)| *name).collect();
    assert_eq!(walked, BTreeSet::from(WALKED), "what is walked, and what the list says is");
}

#[test]
fn every_public_type_is_walked_or_exempt_with_a_reason() {
    let found = public_types(Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let known: BTreeSet<String> =
        WALKED.into_iter().chain(EXEMPT.map(|(name, _)| name)).map(str::to_owned).collect();
    let unknown: Vec<_> = found.difference(&known).collect();
    assert!(unknown.is_empty(), "walk these types or exempt them, with a reason: {unknown:?}");
    let gone: Vec<_> = known.difference(&found).collect();
    assert!(gone.is_empty(), "these types are no more: {gone:?}");
}
