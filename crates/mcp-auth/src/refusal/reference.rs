//! The reference page of the refusal codes, written from the table itself.

use std::fmt::Write as _;

use super::RefusalCode;

/// Markdown for `docs/reference/errors.md`.
pub fn reference_markdown() -> String {
    let mut page = String::from(
        "# Refusals\n\n\
         Every door refuses with one of these codes. The client gets the HTTP status and the detail; the log and the \
         audit line have the full reason; the command-line tools exit with the code on the right.\n\n\
         | code | HTTP | detail | meaning | exit |\n|---|---|---|---|---|\n",
    );
    for code in RefusalCode::ALL {
        let (name, status, detail) = (code.name(), code.status(), code.detail());
        let meaning = code.meaning();
        let exit = match code.exit_code() {
            1 => "-".to_owned(),
            exit => exit.to_string(),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(page, "| `{name}` | {status} | {detail} | {meaning} | {exit} |");
    }
    page.push_str(
        "\nFurther exit codes of the command-line tools: 0 valid or done, 1 an internal error, 2 a mistake in the \
         command line or its input, 8 a mistake in the configuration, 9 shown without verification \
         (`--no-verify`).\n",
    );
    page
}
