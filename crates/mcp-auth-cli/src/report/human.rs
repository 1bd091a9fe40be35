//! The report for people. Nothing has its meaning by colour alone.

mod details;
mod fields;
#[cfg(test)]
mod tests;

use std::fmt::Display;

use clap::builder::styling::{AnsiColor, Style};
use mcp_auth::report::{Report, Verdict};

pub use self::details::Details;

/// The report for people, with colours: for a valid token, to the character, the one that the guide shows. With
/// details, everything there is to say. What comes from the token is escaped.
pub fn human(report: &Report, details: Option<&Details>) -> String {
    let mut text = title("Token Validation Report", '=');
    text += &field("Valid", if report.is_valid() { green("✓") } else { red("✗") });
    text += &verdict(report);
    for (name, value) in fields::of(report) {
        text += &field(name, value);
    }
    text += &field("Current Time", report.now());
    match details {
        Some(details) => text += &details.page(report),
        None if !report.is_valid() => text += "\n`--verbose` shows every check.\n",
        None => {}
    }
    text
}

/// Why not, and what to do.
fn verdict(report: &Report) -> String {
    let Some(refusal) = report.refusal() else { return String::new() };
    let mut failing = report.lines().iter().filter(|line| line.verdict == Verdict::Fail);
    let hint = failing.next().and_then(|line| line.hint.as_deref());
    let others: Vec<_> = failing.map(|line| line.name).collect();
    let mut text = field("Reason", refusal.reason()) + &field("Code", refusal.code());
    if let Some(hint) = hint {
        text += &field("Hint", hint);
    }
    if !others.is_empty() {
        text += &field("Also Failing", others.join(", "));
    }
    text
}

/// A title and its line.
fn title(title: &str, line: char) -> String {
    format!("{title}\n{}\n", line.to_string().repeat(title.chars().count()))
}

fn field(name: &str, value: impl Display) -> String {
    format!("{:<17}{value}\n", format!("{name}:"))
}

fn green(text: &str) -> String {
    coloured(AnsiColor::Green, text)
}

fn red(text: &str) -> String {
    coloured(AnsiColor::Red, text)
}

/// Printing takes colours away where they are not wanted.
fn coloured(colour: AnsiColor, text: &str) -> String {
    let style = Style::new().bold().fg_color(Some(colour.into()));
    format!("{style}{text}{style:#}")
}
