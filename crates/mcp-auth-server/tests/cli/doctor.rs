//! `doctor` and `config`: whether an operator learns what to do.

use rcgen::{CertificateParams, KeyPair, date_time_ymd};

use super::*;

/// The findings of a check, as `level what`.
fn findings(ended: &Ended, check: &str) -> Vec<String> {
    let all = ended.json();
    let findings = all.get("findings").and_then(Value::as_array).unwrap();
    let of = findings.iter().filter(|it| it["check"] == check);
    of.map(|it| format!("{} {}", it["level"].as_str().unwrap(), it["what"].as_str().unwrap()))
        .collect()
}

#[track_caller]
fn finds(host: &Host, exit: i32, check: &str, text: &str) {
    let ended = host.run("doctor --json");
    assert_eq!(ended.exit, exit, "{ended:?}");
    let found = findings(&ended, check);
    assert!(found.iter().any(|it| it.contains(text)), "{text:?} is not in {found:?}");
}

#[test]
fn a_sound_installation_has_nothing_to_do() {
    let host = Host::initialised();
    let told = host.run("doctor");
    assert_eq!(told.exit, 0, "{told:?}");
    let checks: Vec<_> = told
        .stdout
        .lines()
        .filter(|line| line.starts_with("ok"))
        .map(|line| line[6..15].trim())
        .collect();
    // Whether much of the disk is free is this machine's business.
    let checks: Vec<_> = checks.into_iter().filter(|check| *check != "disk").collect();
    assert_eq!(checks, ["settings", "key", "files", "clock", "store", "audit", "policy", "mcp"]);
    assert!(!told.stdout.contains("FAIL"), "{told:?}");
}

#[test]
fn nothing_at_all_is_told_with_the_first_step() {
    let host = Host::new();
    let told = host.run("doctor").says(8, "the data directory .mcp does not exist");
    assert!(told.stdout.contains("run `mcp-auth-server init --data-dir .mcp`"), "{told:?}");
    assert!(!host.path(".mcp").exists(), "it looks and changes nothing");
}

#[test]
fn files_that_others_may_read_are_a_problem() {
    let host = Host::initialised();
    set_mode(&host.path(".mcp/jwt_secret"), 0o644);
    finds(
        &host,
        1,
        "files",
        "problem .mcp/jwt_secret is open to other users of this machine (mode 644)",
    );
    host.run("doctor").says(1, "-> chmod 600 .mcp/jwt_secret");
    set_mode(&host.path(".mcp/jwt_secret"), 0o600);
    set_mode(&host.path(".mcp"), 0o755);
    finds(&host, 1, "files", "problem .mcp is open to other users");
}

#[test]
fn a_broken_store_is_told() {
    let host = Host::initialised();
    fs::write(
        host.path(".mcp/mcp-auth.db"),
        "this is no database, whatever its name says".repeat(100),
    )
    .unwrap();
    let _ = fs::remove_file(host.path(".mcp/mcp-auth.db-wal"));
    finds(&host, 1, "store", "put a backup in its place");
    fs::remove_file(host.path(".mcp/mcp-auth.db")).unwrap();
    finds(&host, 1, "files", "has no mcp-auth.db");
    assert!(!host.path(".mcp/mcp-auth.db").exists(), "it looks and changes nothing");
}

#[test]
fn settings_that_contradict_each_other_are_told() {
    let with = |name, value| Host::initialised().variable(name, value);
    finds(
        &with("MCP_JWT_EXPIRY_HOURS", "24"),
        1,
        "settings",
        "issued for 24 h, which are refused after 3600 s",
    );
    finds(&with("API_HOST", "0.0.0.0"), 1, "settings", "without TLS");
    finds(
        &with("API_HOST", "0.0.0.0").variable("MCP_TRUSTED_PROXIES", "10.0.0.7"),
        0,
        "settings",
        "note API_HOST is 0.0.0.0",
    );
    finds(
        &with("MCP_REFRESH_TOKEN_EXPIRY_DAYS", "60"),
        0,
        "settings",
        "every sign-in ends after 30 d",
    );
    finds(&with("MCP_AUTH_ENABLED", "false"), 0, "settings", "note MCP_AUTH_ENABLED is false");
    finds(&with("MCP_JWT_EXPIRY_HUORS", "2"), 0, "settings", "did you mean MCP_JWT_EXPIRY_HOURS?");
}

#[test]
fn a_clock_that_was_set_back_shows() {
    let host = Host::initialised();
    let log = host.path(".mcp/audit.log");
    let text = fs::read_to_string(&log).unwrap();
    fs::write(&log, text.replace("\"timestamp\":\"20", "\"timestamp\":\"21")).unwrap();
    finds(&host, 1, "clock", "in the future: the clock was set back");
}

fn certificate(host: &Host, until: i32) -> KeyPair {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    params.not_before = date_time_ymd(2024, 1, 1);
    params.not_after = date_time_ymd(until, 1, 1);
    fs::write(host.path("cert.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
    fs::write(host.path("key.pem"), key.serialize_pem()).unwrap();
    key
}

#[test]
fn certificates_are_looked_at() {
    let host =
        Host::initialised().variable("MCP_TLS_CERT", "cert.pem").variable("MCP_TLS_KEY", "key.pem");
    finds(&host, 1, "tls", "MCP_TLS_CERT (cert.pem) cannot be read");
    for (until, exit, text) in [
        (2049, 0, "ok certificate and key go together"),
        (2051, 0, "ok certificate and key"),
        (2025, 1, "expired at 2025-01-01"),
    ] {
        certificate(&host, until);
        finds(&host, exit, "tls", text);
    }
    certificate(&host, 2049);
    fs::write(host.path("key.pem"), KeyPair::generate().unwrap().serialize_pem()).unwrap();
    finds(&host, 1, "tls", "MCP_TLS_KEY (key.pem) does not go together with the certificate");
}

#[test]
fn a_configuration_is_judged_whole() {
    let host = Host::initialised()
        .variable("API_PORT", "x")
        .variable("MCP_TLS_CERT", "a")
        .variable("MCP_JWT_EXPIRY_HUORS", "2");
    let told = host.run("config check");
    assert_eq!(told.exit, 8);
    insta::assert_snapshot!(told.stdout);
    let json = host.run("config check --json").json();
    assert_eq!(
        (json["mistakes"].as_array().unwrap().len(), json["warnings"].as_array().unwrap().len()),
        (2, 1)
    );
    let host = Host::initialised();
    host.run("config check").says(0, "listens on        http://127.0.0.1:8000");
}

#[test]
fn a_store_that_is_none_is_a_mistake() {
    let host = Host::initialised().variable("MCP_STORE_URL", "mysql://app:geheim@localhost");
    host.run("config check").says(8, "MCP_STORE_URL is no URL of an engine");
    let host = Host::initialised().variable("MCP_REVOCATION_MODE", "sometimes");
    host.run("config check").says(8, "MCP_REVOCATION_MODE is neither of replicated and direct");
    let host = Host::initialised().variable("REDIS_HOST", "localhost");
    let warning = "REDIS_HOST is set and changes nothing, because everything is kept in the data";
    host.run("config check").says(0, warning);
}

#[test]
fn a_strategy_for_limits_that_are_switched_off_is_told() {
    let host = Host::initialised().variable("MCP_RATE_LIMIT_STRATEGY", "gcra");
    let good = host.run("config check");
    assert!(good.exit == 0 && !good.stdout.contains("warning"), "{good:?}");
    let host = host.variable("MCP_RATE_LIMIT_ENABLED", "false");
    let warning =
        "MCP_RATE_LIMIT_STRATEGY is set and changes nothing, because MCP_RATE_LIMIT_ENABLED";
    host.run("config check").says(0, warning);
}

#[test]
fn a_mistake_in_a_file_is_placed() {
    let host = Host::initialised();
    fs::write(host.path(".env"), "API_PORT=x\n").unwrap();
    host.run("config check").says(8, "(set in .env)");
}

#[test]
fn without_a_command_there_is_help_and_no_error() {
    let host = Host::new();
    for (arguments, command) in [("", "doctor"), ("user", "passwd")] {
        let told = host.run(arguments).says(2, command);
        assert!(told.stdout.is_empty() && !told.stderr.contains("error:"), "{told:?}");
    }
}

#[test]
fn every_variable_is_on_the_page() {
    let page = Host::new().run("config variables").says(0, "## Server");
    for name in ["MCP_JWT_SECRET", "MCP_DATA_DIR", "API_HOST", "MCP_TLS_CERT", "MCP_TOKEN"] {
        assert!(page.stdout.contains(name), "{name}");
    }
    assert!(Host::new().run("config variables --json").json().as_array().unwrap().len() > 20);
}
