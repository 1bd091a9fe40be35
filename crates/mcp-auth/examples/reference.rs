//! Prints a reference page, written from the tables in the code: `errors`.

use std::process::ExitCode;

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a terminal program")]
fn main() -> ExitCode {
    let page = std::env::args().nth(1).unwrap_or_default();
    if page != "errors" {
        eprintln!("usage: reference errors");
        return ExitCode::from(2);
    }
    print!("{}", mcp_auth::refusal::reference_markdown());
    ExitCode::SUCCESS
}
