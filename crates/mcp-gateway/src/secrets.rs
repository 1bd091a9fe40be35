//! What `${NAME}` stood for in the configuration, kept out of what servers say: they print their environment in their despair, and
//! repeat the key that they refuse.

/// A shorter secret would blank out ordinary words.
const SHORTEST: usize = 6;

/// The same text with none of the secrets in it.
pub(crate) fn hidden(text: String, secrets: &[String]) -> String {
    let secrets = secrets.iter().filter(|secret| secret.len() >= SHORTEST);
    secrets.fold(text, |text, secret| text.replace(secret.as_str(), "[hidden]"))
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
}
