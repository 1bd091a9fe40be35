//! Data directories that are somebody else's, somewhere else, or not whole.

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;

use super::*;

/// A user who owns nothing.
const NOBODY: u32 = 65_534;

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Runs as that user; `None`, said aloud, for those who cannot become another one.
#[expect(clippy::print_stdout, reason = "what is skipped is said")]
fn as_nobody(host: &Host, arguments: &str) -> Option<Ended> {
    if !is_root() {
        println!("SKIPPED another user: needs root");
        return None;
    }
    set_mode(&host.path(""), 0o755);
    let mut command = host.command(&arguments.split_whitespace().collect::<Vec<_>>());
    command.uid(NOBODY).gid(NOBODY);
    Some(host.end(command, ""))
}

#[test]
fn a_directory_of_another_user_is_said_to_be_one() {
    let host = Host::initialised();
    let owner = "the data directory .mcp cannot be looked into: Permission denied (os error 13); it belongs to user id 0";
    for command in ["serve --port 0", "user list", "doctor", "config check", "init"] {
        let Some(told) = as_nobody(&host, command) else { return };
        let told = told.says(8, owner);
        assert!(told.all().contains("run this as that user"), "{told:?}");
        for wrong in ["is not set", "openssl", "has no audit_keys", "run `mcp-auth-server init"] {
            assert!(!told.all().contains(wrong), "{wrong}: {told:?}");
        }
    }
    let host = host.variable("MCP_JWT_SECRET", &"5b8ec1f0a7d34e29".repeat(4));
    for (command, exit) in [("serve --port 0", 8), ("config check", 8), ("doctor", 1)] {
        let told = as_nobody(&host, command).unwrap().says(exit, owner);
        assert!(!told.all().contains("has no audit_keys"), "{told:?}");
    }
}

#[test]
fn files_of_another_user_are_told_once() {
    if !is_root() {
        println!("SKIPPED another user: needs root");
        return;
    }
    let host = Host::initialised();
    let files = fs::read_dir(host.path(".mcp")).unwrap().map(|file| file.unwrap().path());
    for path in files.chain([host.path(".mcp")]) {
        chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    }
    let told = host.run("doctor").says(0, "belong to user id 65534, and this is user id 0");
    assert_eq!(told.stdout.matches("user id 65534").count(), 1, "{told:?}");
    assert!(!told.stdout.contains("this user's alone"), "{told:?}");
}

#[test]
fn the_wrong_place_is_named_first() {
    let host = Host::new();
    let place = host.path("").canonicalize().unwrap();
    let place = place.to_str().unwrap().trim_end_matches('/').to_owned();
    let told = host
        .run("serve")
        .says(8, &format!("error: the data directory .mcp does not exist in {place}"));
    assert!(!told.all().contains("MCP_JWT_SECRET"), "{told:?}");
    host.run("serve --data-dir /nowhere/at/all")
        .says(8, "the data directory /nowhere/at/all does not exist;");
    let host = host.variable("API_PORT", "x");
    let told = host.run("serve").says(8, "the configuration has 2 mistakes:");
    assert!(told.stderr.lines().nth(1).unwrap().contains("the data directory"), "{told:?}");
}

#[test]
fn a_secret_that_is_gone_is_named() {
    let host = Host::initialised();
    fs::remove_file(host.path(".mcp/jwt_secret")).unwrap();
    for command in ["serve", "user list", "doctor", "config check"] {
        let told =
            host.run(command).says(8, "the data directory .mcp has no jwt_secret; put it back");
        assert!(!told.all().contains("openssl"), "{told:?}");
    }
}
