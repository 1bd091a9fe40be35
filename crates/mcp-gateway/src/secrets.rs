//! What `${NAME}` stood for in the configuration, kept out of what servers say: they print their environment in their despair, and
//! repeat the key that they refuse.

/// A shorter secret would blank out ordinary words.
const SHORTEST: usize = 6;

/// The same text with none of the secrets in it.
pub(crate) fn hidden(text: String, secrets: &[String]) -> String {
    let secrets = secrets.iter().filter(|secret| secret.len() >= SHORTEST);
    secrets.fold(text, |text, secret| text.replace(secret.as_str(), "[hidden]"))
}

/// A text that was cut without the part of a secret that it ends in: [`hidden`] finds whole ones only.
pub(crate) fn without_begun(mut text: String, secrets: &[String]) -> String {
    let begins = |secret: &String| {
        let parts = secret.char_indices().skip(1).filter_map(|(at, _)| secret.get(..at));
        parts.filter(|part| text.ends_with(part)).last().map(str::len)
    };
    let secrets = secrets.iter().filter(|secret| secret.len() >= SHORTEST);
    let begun = secrets.filter_map(begins).max().unwrap_or_default();
    text.truncate(text.len() - begun);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_blanked_out_wherever_they_stand() {
        let secrets = ["pass-word-1", "e", "other-word"].map(str::to_owned);
        let text = "bad key pass-word-1, pass-word-1other-word".to_owned();
        assert_eq!(hidden(text, &secrets), "bad key [hidden], [hidden][hidden]");
        assert_eq!(hidden("the end".to_owned(), &secrets), "the end");
    }

    #[test]
    fn of_a_secret_that_was_cut_nothing_stays() {
        let secrets = ["pass-word-1", "e"].map(str::to_owned);
        let cut = |text: &str| without_begun(text.to_owned(), &secrets);
        assert_eq!(cut("bad key pass-word-"), "bad key ");
        assert_eq!(cut("bad key p"), "bad key ");
        assert_eq!(cut("bad key pass-word-1"), "bad key pass-word-1", "that is for the other one");
        assert_eq!(cut("one"), "one");
    }
}
