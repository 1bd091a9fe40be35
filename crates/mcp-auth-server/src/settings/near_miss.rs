//! Variables that nobody reads, because their names were spelt wrong.

use mcp_auth::settings::{Mistake, VARIABLES, Variable};

use super::SERVER_VARIABLES;

/// Further away a name is another name.
const FARTHEST: usize = 2;

/// What is wrong with each of these names that is nearly one of ours: a warning. Names that do not begin with `MCP_` are
/// somebody else's.
pub(crate) fn near_misses(names: impl IntoIterator<Item = String>) -> Vec<Mistake> {
    let known = known();
    let ours = names.into_iter().filter(|name| name.starts_with("MCP_") && !known.contains(name));
    ours.filter_map(|name| warning(name, &known)).collect()
}

fn warning(name: String, known: &[String]) -> Option<Mistake> {
    let distance = |it: &String| strsim::damerau_levenshtein(it, &name);
    let nearest =
        known.iter().min_by_key(|it| distance(it)).filter(|it| distance(it) <= FARTHEST)?;
    let problem = format!("is not read by anything here; did you mean {nearest}?");
    Some(Mistake { variable: name, problem })
}

fn known() -> Vec<String> {
    let names = |row: &Variable| {
        let file = row.or_file.then(|| format!("{}_FILE", row.name));
        [Some(row.name.to_owned()), file].into_iter().flatten()
    };
    VARIABLES
        .iter()
        .chain(SERVER_VARIABLES)
        .flat_map(names)
        .chain(["MCP_TOKEN".to_owned()])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(names: &[&str]) -> Vec<String> {
        near_misses(names.iter().map(|it| (*it).to_owned()))
            .iter()
            .map(Mistake::to_string)
            .collect()
    }

    #[test]
    fn a_slip_is_named_with_what_was_meant() {
        let one = found(&["MCP_JWT_SECRETS"]);
        assert_eq!(
            one,
            ["MCP_JWT_SECRETS is not read by anything here; did you mean MCP_JWT_SECRET?"]
        );
        assert_eq!(found(&["MCP_JTW_SECRET_FILE"]).len(), 1);
        assert_eq!(found(&["MCP_MAX_TOKEN_AGES", "MCP_AUTH_ENABELD"]).len(), 2);
    }

    #[test]
    fn names_of_ours_and_of_others_are_no_slips() {
        let known = ["MCP_JWT_SECRET", "MCP_JWT_SECRET_FILE", "MCP_TOKEN", "MCP_TLS_CERT"];
        assert_eq!(found(&known), [""; 0]);
        assert_eq!(found(&["MCP_GATEWAY_COLOUR", "API_PROT", "PATH", ""]), [""; 0]);
    }
}
