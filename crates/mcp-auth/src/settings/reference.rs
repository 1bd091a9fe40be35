//! The reference page of the environment, written from the table itself.

use std::fmt::Write as _;

use super::{VARIABLES, Variable};

/// Markdown for `docs/reference/environment.md`: the variables about tokens, and a section for each further table, such
/// as a server's own.
pub fn reference_markdown(further: &[(&str, &[Variable])]) -> String {
    let mut page = String::from(
        "# Environment\n\n\
         Read once, at the start. All mistakes are reported together. A variable that is set to nothing counts as \
         not set.\n\n\
         The programs read `.env.local` and then `.env` in the working directory as well. Neither overrides a \
         variable that is set in the environment.\n\n\
         ## Tokens\n\n",
    );
    push_table(&mut page, VARIABLES);
    page.push_str(
        "\nA secret is refused when it has under 32 bytes, is an unexpanded `${...}`, a PEM key or a JSON object, or \
         begins or ends with white space, a byte order mark or NUL; the line end of a file is cut. It is called weak, \
         with a warning, when it is public (an example from a document, or on a list of leaked secrets), holds under \
         128 bits by a cautious estimate, or is shorter than the hash of its algorithm (RFC 7518 section 3.2).\n",
    );
    for (title, table) in further {
        // Writing to a String cannot fail.
        let _ = writeln!(page, "\n## {title}\n");
        push_table(&mut page, table);
    }
    page.push_str(
        "\n## The command-line tools\n\n\
         | variable | default | values | meaning |\n|---|---|---|---|\n\
         | `MCP_TOKEN` | (none) | a token | What `mcp-token-validate` and `mcp-auth-server token explain` look at when neither \
         `--token` nor `--token-file` is given. |\n\
         | `NO_COLOR` | (none) | anything | Plain output without colour. |\n",
    );
    page
}

fn push_table(page: &mut String, table: &[Variable]) {
    page.push_str("| variable | default | values | meaning |\n|---|---|---|---|\n");
    for variable in table {
        let name = if variable.or_file {
            format!("`{0}`, or the path of a file with it in `{0}_FILE`", variable.name)
        } else {
            format!("`{}`", variable.name)
        };
        let values = match variable.range {
            Some((least, most)) => format!("{}, {least} to {most}", variable.values),
            None => variable.values.to_owned(),
        };
        // Writing to a String cannot fail.
        let _ =
            writeln!(page, "| {name} | {} | {values} | {} |", variable.default, variable.meaning);
    }
}
