//! `--no-verify`: the token as it stands, and loud words about what that is worth.

use std::fmt::Write as _;

use mcp_auth::clock::NumericDate;
use mcp_auth::report::{Unverified, read_unverified};
use mcp_auth::text::Escaped;
use mcp_auth_cli::input::Input;
use mcp_auth_cli::report::json_unverified;
use mcp_auth_cli::{Failure, exit, output};
use serde_json::Value;

use crate::app;
use crate::args::Args;

const WARNING: &str =
    "NOTHING WAS VERIFIED: anybody can write such a token. Look at it, and decide nothing by it.";

/// Prints the header and the payload.
pub(crate) fn show(args: &Args, input: &Input) -> Result<u8, Failure> {
    let token = match read_unverified(&input.bytes) {
        Ok(token) => token,
        Err(line) => return app::refuse(args, &line.detail, line.hint.as_deref()),
    };
    output::print_warning(WARNING);
    output::print(&if args.json { json_unverified(&token, WARNING) } else { page(&token) })?;
    Ok(exit::UNVERIFIED)
}

fn page(token: &Unverified) -> String {
    let mut text = format!("{WARNING}\n");
    for (title, part) in [("Header", &token.header), ("Payload", &token.payload)] {
        let _ = writeln!(text, "\n{title} (unverified)");
        text.push_str(&members(part.as_ref()));
    }
    text
}

/// One member a line. Everything here is hostile until proven otherwise.
fn members(part: Option<&Value>) -> String {
    let members = match part {
        Some(Value::Object(members)) => members,
        Some(other) => return format!("  no JSON object: {}\n", Escaped(&other.to_string())),
        None => return "  no JSON\n".to_owned(),
    };
    let width = members.keys().map(|name| name.chars().count()).max().unwrap_or_default().min(16);
    let mut text = String::new();
    for (name, value) in members {
        let shown = Escaped(name).to_string() + ":";
        let value = Escaped(&value.to_string()).to_string() + &moment(name, value);
        let _ = writeln!(text, "  {shown:<0$} {value}", width + 1);
    }
    text
}

/// A date claim in words.
fn moment(name: &str, value: &Value) -> String {
    let date = value.as_u64().filter(|_| matches!(name, "exp" | "iat" | "nbf"));
    date.and_then(NumericDate::new).map(|date| format!(" ({date})")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use mcp_auth::testing::Forge;

    #[test]
    fn header_and_payload_are_shown_and_harmless() {
        let token = Forge::new("", 1_767_225_600)
            .with_header(r#"{"alg":"none","crit":["x"]}"#)
            .with_claim("user_id", r#""a\u001b[2Jb\u202e""#)
            .with_claim("note", format!("\"{}\"", "x".repeat(200)));
        insta::assert_snapshot!(page(&read_unverified(&token.token()).unwrap()));
    }

    #[test]
    fn parts_that_are_no_json_are_named() {
        let token = Forge::new("", 0).with_header("[1]").with_payload("hello");
        insta::assert_snapshot!(page(&read_unverified(&token.token()).unwrap()));
    }
}
