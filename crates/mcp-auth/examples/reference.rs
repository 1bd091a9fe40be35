//! Prints a reference page, written from the tables in the code: `errors` or `events`.

use std::process::ExitCode;

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a terminal program")]
fn main() -> ExitCode {
    let page = match std::env::args().nth(1).unwrap_or_default().as_str() {
        "errors" => mcp_auth::refusal::reference_markdown(),
        "events" => mcp_auth::audit::reference_markdown(),
        _ => {
            eprintln!("usage: reference errors|events");
            return ExitCode::from(2);
        }
    };
    print!("{page}");
    ExitCode::SUCCESS
}
