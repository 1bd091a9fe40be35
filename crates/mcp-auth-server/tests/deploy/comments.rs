//! The commands at the head of each file: what somebody types.

use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::broken::finds;
use crate::files;
use crate::tools::run;

const PROGRAM: &str = "mcp-auth-server ";

/// The lines that are comments, without their mark.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| line.trim_start().strip_prefix('#')).map(str::trim)
}

/// What somebody copies into a shell: comments that are indented.
fn typed(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| line.strip_prefix("#   "))
}

/// Whoever copies a line copies what is said behind it: that must be a comment for the shell too, which must understand
/// the rest.
fn can_be_copied(text: &str) -> Result<()> {
    for line in typed(text) {
        let behind =
            line.trim_start().split_once("  ").map_or("", |(_, behind)| behind.trim_start());
        ensure!(
            behind.is_empty() || behind.starts_with('#'),
            "{line}: the shell takes {behind:?} for words"
        );
    }
    let all: Vec<_> = typed(text).collect();
    run(Command::new("sh").args(["-n", "-c", &all.join("\n")])).map(drop)
}

/// The words behind the program's name.
fn commands(text: &str) -> impl Iterator<Item = Vec<&str>> {
    let typed = lines(text).filter_map(|line| Some(line.rsplit_once(PROGRAM)?.1));
    let typed = typed.map(|words| words.split(" #").next().unwrap_or_default());
    let typed = typed.map(|words| words.split_whitespace().collect::<Vec<_>>());
    typed.filter(|words| words.first().is_some_and(|word| word.starts_with(char::is_alphabetic)))
}

/// With `--help` behind them, a command line is read, and nothing is done.
fn check(text: &str) -> Result<()> {
    for words in commands(text) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mcp-auth-server"));
        run(command.env_clear().args(&words).arg("--help")).with_context(|| words.join(" "))?;
    }
    Ok(())
}

#[test]
fn every_command_is_one_of_the_servers() {
    for name in files::ALL {
        let text = files::text(name);
        assert!(commands(&text).any(|words| words[0] == "doctor"), "{name} says how to check it");
        finds(check, &text, &[("mcp-auth-server doctor", "mcp-auth-server diagnose")]);
    }
    let unit = files::text(files::UNIT);
    finds(check, &unit, &[("passwd admin --data-dir", "passwd admin --directory")]);
}

#[test]
fn every_line_can_be_copied_into_a_shell() {
    for name in [files::COMPOSE, files::KUBERNETES, files::UNIT] {
        let text = files::text(name);
        assert!(typed(&text).count() > 3, "{name} has commands");
        finds(can_be_copied, &text, &[("   # ", "     ")]);
    }
    let image = files::text(files::DOCKERFILE);
    finds(can_be_copied, &image, &[("mcp-auth-server init", "mcp-auth-server 'init")]);
}
