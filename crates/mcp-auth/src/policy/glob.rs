//! Patterns for server and tool names: `*` for any run of characters, `?` for one.

/// A pattern. Matches the whole name, byte for byte, case included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob(Box<str>);

impl Glob {
    /// Takes a pattern; every text is one.
    pub fn new(pattern: &str) -> Self {
        Self(pattern.into())
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `name` matches. Takes at most `pattern × name` steps, whatever the pattern: on a mismatch only the
    /// last `*` is tried again, one character further.
    pub fn matches(&self, name: &str) -> bool {
        let (mut pattern, mut rest) = (self.0.chars(), name.chars());
        let mut retry = None;
        loop {
            match (pattern.next(), rest.clone().next()) {
                (None, None) => return true,
                (Some('*'), _) => retry = Some((pattern.clone(), rest.clone())),
                (Some(wanted), Some(found)) if wanted == found || wanted == '?' => {
                    rest = tail_of(rest);
                }
                _ => {
                    let Some((after_star, tail)) = &mut retry else { return false };
                    if tail.next().is_none() {
                        return false;
                    }
                    (pattern, rest) = (after_star.clone(), tail.clone());
                }
            }
        }
    }
}

fn tail_of(mut characters: std::str::Chars<'_>) -> std::str::Chars<'_> {
    characters.next();
    characters
}

#[cfg(test)]
mod tests {
    use super::Glob;

    #[test]
    fn stars_and_question_marks() {
        let cases = [
            ("read_file", "read_file", true),
            ("read_*", "read_file", true),
            ("*", "", true),
            ("*", "anything", true),
            ("*_file", "read_file", true),
            ("r*_*e", "read_file", true),
            ("r?ad_file", "read_file", true),
            ("read_file?", "read_file", false),
            ("Read_*", "read_file", false),
            ("read", "read_file", false),
            ("", "a", false),
            ("a*b*c", "a-b-b", false),
        ];
        for (pattern, name, expected) in cases {
            assert_eq!(Glob::new(pattern).matches(name), expected, "{pattern} on {name}");
        }
    }

    #[test]
    fn a_hostile_pattern_ends() {
        assert!(!Glob::new(&"*a".repeat(500)).matches(&"b".repeat(5000)));
    }
}
