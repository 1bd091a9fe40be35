//! `mcp-token-validate`: is this token valid, and if not, exactly why?

mod app;
mod args;
mod unverified;

fn main() -> std::process::ExitCode {
    mcp_auth_cli::run(app::run)
}
