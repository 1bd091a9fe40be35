//! `audit`

use super::*;

#[test]
fn a_log_is_archived_and_read_on() {
    let host = Host::initialised();
    host.run("audit archive").says(0, "Archived as ").says(0, "The log goes on in .mcp/audit.log.");
    host.run("audit archive").says(0, "Nothing was written to .mcp/audit.log yet.");
    assert_eq!(host.run("audit archive --json").json()["archive"], Value::Null);
    let verified = host.run("audit verify --json").json();
    let archive = verified["archives"][0]["log"].as_str().unwrap();
    assert_eq!(
        (verified["clean"].as_bool(), verified["archives"][1].as_object()),
        (Some(true), None)
    );
    let found = host.run("audit search --event account_created --json").json();
    assert_eq!(found[0]["log"], *archive);
    fs::write(archive, fs::read_to_string(archive).unwrap().replace("account_created", "acc"))
        .unwrap();
    host.run("audit verify")
        .says(1, "FAIL  integrity")
        .says(1, "Keep a copy of the log, its archives");
    host.run("doctor").says(1, "it is not as it was written: 1 damaged lines");
    fs::remove_file(archive).unwrap();
    host.run("audit verify").says(0, "which is not here: was its archive moved away?");
    fs::remove_file(host.path(".mcp/audit.log")).unwrap();
    host.run("audit archive").says(8, "there is no log at .mcp/audit.log");
}

#[test]
fn a_line_that_was_changed_shows_and_fails() {
    let host = Host::initialised();
    host.run("audit verify").says(0, "ok    tail");
    let log = host.path(".mcp/audit.log");
    let text = fs::read_to_string(&log).unwrap();
    fs::write(&log, text.replace("role admin", "role wheel")).unwrap();
    host.run("audit verify").says(1, "FAIL  integrity").says(1, "was changed");
    assert_eq!(host.run("audit verify --json").json()["clean"], false);
    host.run("doctor").says(1, "it is not as it was written: 1 damaged lines");
}

#[test]
fn a_log_that_lost_its_end_shows() {
    let host = Host::initialised();
    let log = host.path(".mcp/audit.log");
    let text = fs::read_to_string(&log).unwrap();
    let kept: Vec<_> = text.lines().take(2).collect();
    fs::write(&log, kept.join("\n") + "\n").unwrap();
    host.run("audit verify").says(1, "the end is cut off");
}

#[test]
fn lines_are_found_by_what_they_say() {
    let host = Host::initialised();
    let found = host.run("audit search --event account_created --json").json();
    assert_eq!(found.as_array().unwrap().len(), 1);
    assert_eq!(found[0]["target"], "admin");
    host.run("audit search --event account_created --since 1h").says(0, "account_created");
    assert_eq!(host.run("audit search --event account_created --until 1h").stdout, "");
    host.run("audit search --since yesterday").says(2, "--since is yesterday, which is no moment");
    host.run("audit search --limit 1").says(0, "The newest 1 lines are shown");
}

#[test]
fn a_search_that_can_find_nothing_is_said_to() {
    let host = Host::initialised();
    host.run("audit search --event logn_failed").says(2, "a similar value exists: 'login_failed'");
    host.run("audit search --code toke_expired").says(2, "a similar value exists: 'token_expired'");
    host.run("audit search --limit 0").says(2, "--limit");
    let told = host.run("audit search --event login_failed");
    assert_eq!((told.exit, told.stdout.as_str()), (0, ""));
    assert_eq!(told.stderr, "No line of the audit log fits all that was given.\n");
}

#[test]
fn an_error_id_that_nobody_got_is_told() {
    let host = Host::initialised();
    host.run("audit explain 0123456789abcdef").says(2, "no line of the audit log has the error id");
    host.run("audit explain 0123").says(2, "an error id is 16 hexadecimal digits");
}

#[test]
fn without_a_log_there_is_a_remedy() {
    let host =
        Host::new().variable("MCP_JWT_SECRET", "5b8ec1f0a7d34e2996c0f3a1b2d4e6f85b8ec1f0a7d34e29");
    host.run("audit search").says(8, "`mcp-auth-server init` makes the log");
    host.run("audit verify").says(8, "audit_keys");
}

#[test]
fn a_checkpoint_file_that_cannot_be_opened_is_the_one_that_is_named() {
    let host = Host::initialised().variable("MCP_AUDIT_CHECKPOINT_FILE", "nowhere/checkpoints");
    for command in ["serve --port 0", "user list", "audit archive"] {
        let exit = if command == "audit archive" { 1 } else { 8 };
        let ended = host.run(command).says(exit, "audit file nowhere/checkpoints: No such file");
        ended.says(exit, "MCP_AUDIT_CHECKPOINT_FILE names that file");
    }
}
