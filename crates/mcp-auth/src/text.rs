//! Text that came from a token, made safe to show to a person.

use std::fmt;

/// Characters shown before the rest is cut.
const SHOWN: usize = 120;

/// Shows text from an untrusted source: control characters, escape sequences and characters that reorder or
/// hide text are written as `\u{..}`, and what passes 120 characters is cut with a mark. A log line or a
/// terminal shows what is there and obeys nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Escaped<'a>(pub &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;
        let mut rest = self.0.chars();
        for c in rest.by_ref().take(SHOWN) {
            if is_deceptive(c) { write!(f, "{}", c.escape_unicode())? } else { f.write_char(c)? }
        }
        match rest.count() {
            0 => Ok(()),
            more => write!(f, "… ({more} more characters)"),
        }
    }
}

/// Characters that a terminal obeys instead of showing, that nobody sees, or that change how their neighbours look.
pub fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{e0100}'..='\u{e01ef}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_and_bidi_characters_are_spelled_out() {
        let shown = Escaped("a\x1b[31mb\u{202e}c\nd\u{9b}é").to_string();
        assert_eq!(shown, "a\\u{1b}[31mb\\u{202e}c\\u{a}d\\u{9b}é");
    }

    #[test]
    fn long_text_is_cut_at_120_characters() {
        assert_eq!(Escaped(&"é".repeat(120)).to_string(), "é".repeat(120));
        assert_eq!(
            Escaped(&"é".repeat(125)).to_string(),
            format!("{}… (5 more characters)", "é".repeat(120))
        );
    }
}
