//! `config check` and `doctor` beside `serve`: what that refuses to start with, these tell before.

use super::*;

/// What `serve` refuses: how it comes about, and what all three say.
const REFUSED: [(&str, &str, &str); 8] = [
    ("MCP_CONFIG_FILE", "broken", "broken` is not JSON, line 1, "),
    ("MCP_CONFIG_FILE", "nowhere", "nowhere`; create it or name another file"),
    ("MCP_POLICY_FILE", "broken", "broken: line 1: "),
    ("MCP_POLICY_FILE", "nowhere", "nowhere cannot be read: No such file"),
    ("MCP_AUDIT_LOG_PATH", "nowhere/x", "audit file nowhere/x: No such file"),
    ("MCP_AUDIT_LOG_PATH", "broken", "audit file broken: it does not begin or end as an audit log"),
    ("MCP_AUDIT_LOG_PATH", ".mcp", "audit file .mcp: Is a directory"),
    ("MCP_AUDIT_CHECKPOINT_FILE", "nowhere/x", "audit file nowhere/x: No such file"),
];

/// Every file of the host and its length.
fn files(host: &Host) -> Vec<(PathBuf, u64)> {
    let mut files: Vec<_> = [host.path(""), host.path(".mcp")]
        .iter()
        .flat_map(|directory| fs::read_dir(directory).unwrap())
        .map(|entry| entry.unwrap())
        // SQLite merges its log into the database whenever that is opened.
        .filter(|entry| !entry.file_name().to_string_lossy().starts_with("mcp-auth.db"))
        .map(|entry| (entry.path(), entry.metadata().unwrap().len()))
        .collect();
    files.sort();
    files
}

fn broken(variable: &str, value: &str) -> Host {
    let host = Host::initialised();
    fs::write(host.path("broken"), "not what it should be\n").unwrap();
    host.variable(variable, value)
}

#[test]
fn what_the_server_refuses_is_told_before() {
    for (variable, value, told) in REFUSED {
        let host = broken(variable, value);
        let before = files(&host);
        host.run("config check").says(8, "mistake: ").says(8, told);
        host.run("doctor").says(1, told);
        assert_eq!(files(&host), before, "they look and change nothing");
        host.run("serve --port 0").says(8, told);
    }
}

#[test]
fn certificates_that_cannot_be_read_are_told_before() {
    let host = Host::initialised()
        .variable("MCP_TLS_CERT", "nowhere.pem")
        .variable("MCP_TLS_KEY", "nowhere.pem");
    let told = "MCP_TLS_CERT (nowhere.pem) cannot be read: No such file or directory";
    host.run("config check").says(8, told);
    host.run("doctor").says(1, told);
    host.run("serve --port 0").says(8, told);
}

/// A line that begins a PEM section and is not whole may go on with the key itself.
#[test]
fn a_key_in_one_line_is_not_repeated() {
    let key = "MC4CAQAwBQYDK2VwBCIEIAnswerwhatIasked";
    let host =
        Host::initialised().variable("MCP_TLS_CERT", "key.pem").variable("MCP_TLS_KEY", "key.pem");
    fs::write(host.path("key.pem"), format!("-----BEGIN PRIVATE KEY {key}\n")).unwrap();
    for command in ["config check", "doctor", "serve --port 0"] {
        let told = host.run(command);
        assert!(told.exit != 0 && told.all().contains("is no PEM file"), "{told:?}");
        assert!(!told.all().contains(key), "{told:?}");
    }
}

#[test]
fn a_part_that_is_gone_is_told_before() {
    let host = Host::initialised();
    fs::remove_file(host.path(".mcp/audit_keys")).unwrap();
    host.run("config check").says(8, "mistake: the data directory .mcp is not complete");
    let host = Host::initialised();
    set_mode(&host.path(".mcp/audit_keys"), 0o644);
    host.run("config check")
        .says(8, "the keys of the audit cannot be used: .mcp/audit_keys is open");
}

#[test]
fn all_is_told_together() {
    let host = broken("MCP_CONFIG_FILE", "broken")
        .variable("MCP_POLICY_FILE", "broken")
        .variable("MCP_JWT_SECRET", "short");
    for command in ["config check", "doctor"] {
        let told = host.run(command).says(8, "MCP_JWT_SECRET has 5 bytes");
        for variable in ["MCP_POLICY_FILE is wrong", "MCP_CONFIG_FILE is wrong"] {
            assert!(told.stdout.contains(variable), "{told:?}");
        }
    }
}

#[test]
fn variables_can_be_checked_before_there_is_a_directory() {
    let host = Host::new().variable("MCP_JWT_SECRET", &"5b8ec1f0a7d34e29".repeat(4));
    let told = host.run("config check").says(0, "note: the data directory .mcp does not exist in ");
    assert!(told.stdout.contains("The configuration is good."), "{told:?}");
    let json = host.run("config check --json").json();
    assert_eq!((json["ok"].as_bool(), json["notes"].as_array().unwrap().len()), (Some(true), 1));
    assert!(!host.path(".mcp").exists());
    host.run("doctor").says(1, "the data directory .mcp does not exist in ");
    host.run("serve --port 0").says(8, "the data directory .mcp does not exist in ");
    assert!(!host.path(".mcp").exists());
}

#[test]
fn entries_that_cannot_be_started_are_named() {
    let host = Host::initialised();
    let servers = r#"{"mcpServers": {
        "files": {"comand": "files"},
        "search": {"command": "search", "env": {"KEY": "${SEARCH_KEY}"}},
        "sound": {"command": "sound"}
    }}"#;
    fs::write(host.path(".mcp/config.json"), servers).unwrap();
    for (command, label) in [("config check", "warning: "), ("doctor", "note  mcp       ")] {
        let told = host.run(command);
        assert_eq!(told.exit, 0, "the others are served: {told:?}");
        let entry = |text: &str| {
            format!("{label}MCP_CONFIG_FILE has an entry that cannot be started: {text}")
        };
        for text in ["server `files`, `command`: is missing", "server `search`, `env.KEY`: the env"]
        {
            assert!(told.stdout.contains(&entry(text)), "{told:?}");
        }
    }
    host.run("doctor").says(0, "MCP servers: 3; without a mistake: 1");
}

#[test]
fn passwords_in_clear_and_tokens_that_nobody_takes_are_warnings() {
    let host = Host::initialised().variable("API_HOST", "0.0.0.0");
    host.run("config check").says(0, "warning: API_HOST is 0.0.0.0, where other machines can");
    let proxied = host.variable("MCP_TRUSTED_PROXIES", "10.0.0.7");
    let told = proxied.run("config check");
    assert!(!told.stdout.contains("warning"), "{told:?}");
    let host = Host::initialised().variable("MCP_JWT_EXPIRY_HOURS", "24");
    host.run("config check")
        .says(0, "warning: MCP_JWT_EXPIRY_HOURS has access tokens issued for 24 h");
}
