//! `${NAME}` in a configured text.

/// Why a text cannot be expanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ExpandError {
    Unset(String),
    Malformed,
}

/// The text with every `${NAME}` replaced; the values go to `used` too. `$` alone stays.
pub(super) fn expand(
    text: &str,
    lookup: &dyn Fn(&str) -> Option<String>,
    used: &mut Vec<String>,
) -> Result<String, ExpandError> {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, tail) = after.split_once('}').ok_or(ExpandError::Malformed)?;
        if !is_name(name) {
            return Err(ExpandError::Malformed);
        }
        let value = lookup(name).ok_or_else(|| ExpandError::Unset(name.to_owned()))?;
        expanded.push_str(before);
        expanded.push_str(&value);
        used.push(value);
        rest = tail;
    }
    expanded.push_str(rest);
    Ok(expanded)
}

fn is_name(name: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !name.is_empty() && name.chars().all(legal) && !name.starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(text: &str) -> Result<String, ExpandError> {
        let lookup = |name: &str| match name {
            "A" => Some("one".to_owned()),
            "NESTED" => Some("${A}".to_owned()),
            _ => None,
        };
        expand(text, &lookup, &mut Vec::new())
    }

    #[test]
    fn names_are_replaced_once() {
        assert_eq!(run("x${A}y${A}").as_deref(), Ok("xoneyone"));
        assert_eq!(run("${NESTED}").as_deref(), Ok("${A}"), "a value is not read again");
        assert_eq!(run("$A $$ $").as_deref(), Ok("$A $$ $"));
    }

    #[test]
    fn what_cannot_be_replaced_is_an_error() {
        assert_eq!(run("${B}"), Err(ExpandError::Unset("B".into())));
        for text in ["${A", "${}", "${A:-b}", "${1A}", "${A B}"] {
            assert_eq!(run(text), Err(ExpandError::Malformed), "{text}");
        }
    }
}
