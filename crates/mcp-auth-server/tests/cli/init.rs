//! `init`: what it makes, what it completes, and what it never touches.

use std::collections::BTreeMap;
use std::process::Stdio;

use super::*;

const FILES: [&str; 5] =
    ["audit.checkpoints", "audit.log", "audit_keys", "jwt_secret", "mcp-auth.db"];

/// The files that hold keys, by name.
fn keys(host: &Host) -> BTreeMap<&'static str, Vec<u8>> {
    ["jwt_secret", "audit_keys"]
        .into_iter()
        .map(|name| (name, fs::read(host.path(".mcp").join(name)).unwrap()))
        .collect()
}

fn password_of(ended: &Ended) -> &str {
    let lines: Vec<_> =
        ended.stdout.lines().filter_map(|line| line.strip_prefix("Password: ")).collect();
    assert_eq!(lines.len(), 1, "{ended:?}");
    lines.first().unwrap()
}

#[test]
fn who_has_not_begun_is_told_how() {
    let host = Host::new();
    let step = "run `mcp-auth-server init --data-dir .mcp`";
    for command in ["serve", "user list", "token list", "audit verify"] {
        host.run(command).says(8, step);
    }
    let with_key = Host::new().variable("MCP_JWT_SECRET", &"5b8ec1f0a7d34e29".repeat(4));
    with_key.run("serve").says(8, step);
    // Another mistake is no reason to make what is there.
    for directory in ["", ".mcp"] {
        let mut host = Host::initialised().variable("MCP_DATA_DIR", directory);
        host.variables.push(("API_PORT".to_owned(), "abc".to_owned()));
        let told = host.run("serve").says(8, "API_PORT");
        assert!(!told.all().contains("init"), "{told:?}");
    }
}

#[test]
fn everything_is_made_for_the_owner_alone_and_the_password_is_shown_once() {
    let host = Host::new();
    let made = host.run("init");
    let password = password_of(&made).to_owned();
    assert_eq!(password.len(), 29);
    assert_eq!(made.stdout.matches(&password).count(), 1);
    assert!(made.stderr.is_empty(), "{made:?}");
    insta::assert_snapshot!(made.stdout.replace(&password, "<password>"));
    let mut names: Vec<_> = fs::read_dir(host.path(".mcp"))
        .unwrap()
        .map(|it| it.unwrap().file_name().into_string().unwrap())
        .collect();
    names.retain(|name| !name.starts_with("mcp-auth.db-"));
    names.sort();
    assert_eq!(names, FILES);
    assert_eq!(mode(&host.path(".mcp")), 0o700);
    for name in FILES {
        assert_eq!(mode(&host.path(".mcp").join(name)), 0o600, "{name}");
        let content = fs::read(host.path(".mcp").join(name)).unwrap();
        assert!(!content.windows(password.len()).any(|it| it == password.as_bytes()), "{name}");
    }
    let secret = fs::read_to_string(host.path(".mcp/jwt_secret")).unwrap();
    assert!(
        secret.len() == 65
            && secret.ends_with('\n')
            && secret.trim_end().bytes().all(|it| it.is_ascii_hexdigit())
    );
    host.run("user list").says(0, "admin    admin     admin  active");
    host.run("audit verify").says(0, "ok    integrity");
}

#[test]
fn a_second_run_changes_nothing() {
    let host = Host::initialised();
    let before = keys(&host);
    let lines = host.audit().len();
    let again = host.run("init");
    assert_eq!((again.exit, again.stdout.as_str()), (0, ""));
    insta::assert_snapshot!(again.stderr);
    assert_eq!(keys(&host), before);
    assert_eq!(host.audit().len(), lines);
}

#[test]
fn whatever_a_crash_left_out_is_completed_and_the_rest_stays() {
    for missing in ["jwt_secret", "mcp-auth.db"] {
        let host = Host::initialised();
        let before = keys(&host);
        fs::remove_file(host.path(".mcp").join(missing)).unwrap();
        let completed = host.run("init --password-file password").says(0, "Made in .mcp:");
        assert_eq!(completed.stdout.contains("account"), missing == "mcp-auth.db", "{completed:?}");
        let after = keys(&host);
        assert_eq!(after["audit_keys"], before["audit_keys"]);
        assert_eq!(after["jwt_secret"] == before["jwt_secret"], missing != "jwt_secret");
        host.run("init").says(0, "is initialised already");
    }
}

#[test]
fn a_crash_between_any_two_steps_is_completed() {
    let host = Host::new();
    // The directory, then the secret, and what an unfinished file leaves behind.
    fs::create_dir(host.path(".mcp")).unwrap();
    set_mode(&host.path(".mcp"), 0o700);
    fs::write(host.path(".mcp/.unfinished-x"), "half a se").unwrap();
    let secret = "3d1f0b7c9e8a4625b1c0d9e8f7a6b5c43d1f0b7c9e8a4625b1c0d9e8f7a6b5c4";
    fs::write(host.path(".mcp/jwt_secret"), format!("{secret}\n")).unwrap();
    set_mode(&host.path(".mcp/jwt_secret"), 0o600);
    let made = host.run("init").says(0, "Password: ");
    assert!(!made.stdout.contains("jwt_secret "), "{made:?}");
    assert_eq!(host.secret(), secret);
    host.run("doctor").says(0, "unfinished files in .mcp: 1");
}

#[test]
fn keys_that_are_gone_while_their_log_is_there_are_not_made_anew() {
    let host = Host::initialised();
    fs::remove_file(host.path(".mcp/audit_keys")).unwrap();
    host.run("init").says(8, "the keys that sealed it are gone").says(8, "from a backup");
    assert!(!host.path(".mcp/audit_keys").exists());
}

#[test]
fn nothing_is_made_where_something_can_be_refused() {
    let host = Host::new().variable("API_PORT", "many").variable("LOG_LEVEL", "LOUD");
    host.run("init").says(8, "API_PORT").says(8, "LOG_LEVEL");
    assert!(!host.path(".mcp").exists());
    let host = Host::new();
    host.run("init --password-file nowhere").says(2, "cannot read the password from nowhere");
    fs::write(host.path("short"), "1234567\n").unwrap();
    host.run("init --password-file short").says(2, "fewer than 8 bytes");
    assert!(!host.path(".mcp").exists());
    fs::write(host.path("file"), "").unwrap();
    host.run("init --data-dir file").says(8, "file is not a directory");
    for variable in ["MCP_AUDIT_LOG_PATH", "MCP_AUDIT_CHECKPOINT_FILE"] {
        let host = Host::new().variable(variable, "nowhere/audit");
        host.run("init").says(8, variable).says(8, "there is no directory nowhere");
        assert!(!host.path(".mcp").exists());
    }
}

#[test]
fn a_file_of_the_audit_may_lie_where_directories_are_made() {
    let host = Host::new();
    let log = host.path("above/audit.log");
    let host = host.variable("MCP_AUDIT_LOG_PATH", log.to_str().unwrap());
    host.run("init --data-dir above/data").says(0, "Made in above/data:");
    assert!(log.exists());
}

#[test]
fn a_secret_in_the_environment_wins_and_the_file_is_made_all_the_same() {
    let secret = "5b8ec1f0a7d34e2996c0f3a1b2d4e6f85b8ec1f0a7d34e2996c0f3a1b2d4e6f8";
    let host = Host::new().variable("MCP_JWT_SECRET", secret);
    host.run("init").says(0, "While MCP_JWT_SECRET is set, it is used in place of jwt_secret");
    assert!(host.path(".mcp/jwt_secret").exists());
    host.run("secret fingerprint").says(0, "MCP_JWT_SECRET in the environment");
    host.run("secret rotate").says(8, "comes from MCP_JWT_SECRET in the environment");
}

#[test]
fn programs_get_the_same_in_json() {
    let host = Host::new();
    let told = host.run("init --json --data-dir place").json();
    assert_eq!(
        told["made"],
        serde_json::json!(["jwt_secret", "audit_keys", "mcp-auth.db", "audit.log"])
    );
    assert_eq!(told["password"].as_str().unwrap().len(), 29);
    assert_eq!(told["next"], "mcp-auth-server serve --data-dir place");
}

#[test]
fn commands_that_need_the_store_say_so() {
    let host =
        Host::new().variable("MCP_JWT_SECRET", "5b8ec1f0a7d34e2996c0f3a1b2d4e6f85b8ec1f0a7d34e29");
    for command in
        ["user list", "user enable x", "token list", "token revoke --jti x", "serve --port 0"]
    {
        host.run(command).says(8, "run `mcp-auth-server init --data-dir .mcp`");
    }
    assert!(!host.path(".mcp").exists());
}

/// How far `init` has got: 1 for the directory, and 1 for each file in it.
fn steps(directory: &Path) -> usize {
    fs::read_dir(directory).map_or(0, |files| 1 + files.count())
}

#[test]
fn wherever_it_is_killed_the_next_run_completes_it() {
    // More steps than there are files: the last ones wait until it has ended.
    for step in 0..10 {
        let host = Host::new();
        let mut init = Command::new(env!("CARGO_BIN_EXE_mcp-auth-server"));
        init.env_clear().current_dir(host.path("")).arg("init").stdout(Stdio::null());
        let mut init = init.spawn().unwrap();
        while steps(&host.path(".mcp")) < step && init.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        init.kill().unwrap();
        init.wait().unwrap();
        let secret = fs::read(host.path(".mcp/jwt_secret")).ok();
        let completed = host.run("init");
        assert!(
            completed.exit == 0 || completed.stderr.contains("is initialised already"),
            "{completed:?}"
        );
        assert!(
            secret.is_none() || secret == fs::read(host.path(".mcp/jwt_secret")).ok(),
            "after {step}"
        );
        host.run("user list").says(0, "admin    admin     admin  active");
        host.run("audit verify").says(0, "ok    integrity");
        host.run("doctor").says(0, "opens and is sound; accounts: 1, active: 1");
    }
}

#[cfg(unix)]
#[test]
fn what_root_makes_belongs_to_the_owner_of_the_directory() {
    use std::os::unix::fs::{MetadataExt as _, chown};
    let host = Host::new();
    fs::create_dir(host.path(".mcp")).unwrap();
    set_mode(&host.path(".mcp"), 0o700);
    // Only root can give a directory away; for others there is nothing to give.
    let _ = chown(host.path(".mcp"), Some(10_001), Some(10_002));
    host.run("init").says(0, "Made in .mcp:");
    host.run("secret rotate").says(0, "Made a new secret");
    host.run("audit archive").says(0, "Archived as ");
    let owner = |path: &Path| fs::metadata(path).map(|found| (found.uid(), found.gid())).unwrap();
    let made: Vec<_> =
        fs::read_dir(host.path(".mcp")).unwrap().map(|it| it.unwrap().path()).collect();
    assert!(made.len() > FILES.len(), "{made:?}");
    for path in made {
        assert_eq!(owner(&path), owner(&host.path(".mcp")), "{}", path.display());
    }
}
