//! The systemd unit.

use anyhow::{Context as _, Result, bail, ensure};

use crate::broken::finds;
use crate::deployment::{Deployment, Step, pairs};
use crate::files::{self, UNIT, value_of};
use crate::layout;

/// Where the head of the file installs the program.
const PROGRAM: &str = "/usr/local/bin/mcp-auth-server";

/// What `%S` is for a system service.
const STATE: &str = "/var/lib";

fn deployment(text: &str) -> Result<Deployment> {
    let directive = |name: &str| value_of(text, name, '=');
    check_account(text)?;
    let directory = format!("{STATE}/{}", directive("StateDirectory")?);
    let mode = u32::from_str_radix(directive("StateDirectoryMode")?, 8)?;
    let variables = directive("Environment")?.replace("%S", STATE);
    let step = Step {
        variables: pairs(variables.split_whitespace()),
        writable: vec![(directory.clone(), mode)],
        ..Step::default()
    };
    check_commands(text, &directory)?;
    let run = |name| {
        Ok::<_, anyhow::Error>(Step { arguments: arguments(directive(name)?)?, ..step.clone() })
    };
    let (init, serve) = (run("ExecStartPre")?, run("ExecStart")?);
    let reload = directive("ExecReload")?.split_whitespace();
    let [_, signal, "$MAINPID"] = reload.collect::<Vec<_>>()[..] else { bail!("no reload") };
    let reload = signal.strip_prefix('-').map(str::to_owned);
    Ok(Deployment { init, serve, probes: vec!["/ready".to_owned()], reload })
}

/// The words behind the program.
fn arguments(command: &str) -> Result<Vec<String>> {
    let mut words = command.split_whitespace();
    ensure!(words.next() == Some(PROGRAM), "{command} runs another program");
    Ok(words.map(str::to_owned).collect())
}

/// User and group are the account that the head of the file makes.
fn check_account(text: &str) -> Result<()> {
    let user = value_of(text, "User", '=')?;
    ensure!(value_of(text, "Group", '=')? == user, "the group is another");
    let made = text.lines().find(|line| line.starts_with("#   useradd "));
    let made = made.context("nobody makes the account")?;
    ensure!(made.ends_with(&format!(" {user}")), "{made:?} makes another account");
    let installed = text.contains("install -m 0755 mcp-auth-server /usr/local/bin/\n");
    ensure!(installed, "nobody installs {PROGRAM}");
    Ok(())
}

/// The commands at the head run as the service's user, read its settings and name its data directory.
fn check_commands(text: &str, directory: &str) -> Result<()> {
    let (user, settings) = (value_of(text, "User", '=')?, value_of(text, "EnvironmentFile", '=')?);
    let way = format!("--uid={user} -p EnvironmentFile={settings} \"$@\"; }}");
    let defined = text.lines().find(|line| line.starts_with("#   as_service() { systemd-run "));
    let defined = defined.context("the head does not say how commands run")?;
    ensure!(defined.ends_with(&way), "{defined}: as somebody else, or with other settings");
    let is_command = |line: &&str| line.starts_with("#   ") && line.contains(" mcp-auth-server ");
    let commands = text.lines().filter(is_command);
    for command in commands.filter(|line| !line.starts_with("#   install ")) {
        ensure!(command.starts_with("#   as_service "), "{command}: as somebody else");
        ensure!(command.ends_with(&format!(" --data-dir {directory}")), "{command}: elsewhere");
    }
    Ok(())
}

#[test]
fn what_systemd_starts_stands() {
    let mistakes = [
        ("MCP_DATA_DIR=%S/mcp-auth", "MCP_DATA_DIR=%S/mcp"),
        ("StateDirectory=mcp-auth", "StateDirectory=mcp"),
        ("StateDirectoryMode=0700", "StateDirectoryMode=0755"),
        ("API_HOST=127.0.0.1", "API_HOST=0.0.0.0"),
        ("API_PORT=8000", "API_PORT=80000"),
        ("LOG_FORMAT=json", "LOG_FORM=json"),
        ("mcp-auth-server serve", "mcp-auth-server start"),
        ("mcp-auth-server init", "mcp-auth-server initialise"),
        ("kill -HUP", "kill -USR1"),
        ("User=mcp-auth", "User=mcp"),
        ("--data-dir /var/lib/mcp-auth", "--data-dir /var/lib/mcp"),
        ("as_service mcp-auth-server", "sudo -u mcp-auth mcp-auth-server"),
        ("EnvironmentFile=-/etc/mcp-auth.env \"", "EnvironmentFile=-/etc/mcp.env \""),
        ("--uid=mcp-auth", "--uid=root"),
        ("install -m 0755 mcp-auth-server /usr/local/bin/", "install mcp-auth-server /usr/bin/"),
    ];
    finds(|text| layout::check(&deployment(text)?), &files::text(UNIT), &mistakes);
}
