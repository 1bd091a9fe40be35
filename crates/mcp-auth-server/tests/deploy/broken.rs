//! Copies with one mistake each: a check that finds nothing in them is none.

use anyhow::Result;

/// The check must pass the text as it is, and find something in each copy in which the first of two pieces of text stands
/// replaced by the second.
#[track_caller]
pub(crate) fn finds(check: impl Fn(&str) -> Result<()>, text: &str, mistakes: &[(&str, &str)]) {
    check(text).unwrap_or_else(|error| panic!("{error:#}"));
    for (sound, mistake) in mistakes {
        assert!(text.contains(sound), "{sound:?} is not in the file any more");
        let what = format!("{mistake:?} in place of {sound:?}");
        match check(&text.replace(sound, mistake)) {
            Ok(()) => panic!("nothing was found: {what}"),
            Err(found) => println!("{what}: {found:#}"),
        }
    }
}
