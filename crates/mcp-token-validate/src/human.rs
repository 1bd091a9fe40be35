//! The report for people.

#[cfg(test)]
mod tests;

pub(crate) use mcp_auth_cli::report::human as report;
