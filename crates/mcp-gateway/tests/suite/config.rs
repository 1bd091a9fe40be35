//! The configuration file, as a user writes it.

use std::path::Path;

use mcp_gateway::{Config, ConfigError, EntryError, ServerConfig, Transport};

fn lookup(name: &str) -> Option<String> {
    let known = [("MCP_JWT_SECRET", "s3cret-value"), ("HOST", "example.com"), ("EMPTY", "")];
    known.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
}

fn parse(text: &str) -> Result<Config, ConfigError> {
    Config::parse(text, Path::new(".mcp/config.json"), lookup)
}

fn only(entry: &str) -> Result<ServerConfig, EntryError> {
    let config = parse(&format!("{{\"mcpServers\": {{\"one\": {entry}}}}}")).unwrap();
    let (_, entry) = config.entries().next().unwrap();
    entry.cloned().map_err(Clone::clone)
}

#[test]
fn the_guides_file_is_read_and_one_unset_variable_fails_one_server() {
    let text = r#"{"mcpServers": {
        "filesystem": {
            "command": "npx",
            "args": ["@modelcontextprotocol/server-filesystem", "/data"],
            "env": {"MCP_AUTH_ENABLED": "true", "MCP_JWT_SECRET": "${MCP_JWT_SECRET}"}
        },
        "postgres": {"command": "npx", "env": {"POSTGRES_URL": "${POSTGRES_URL}"}}
    }}"#;
    let config = parse(text).unwrap();
    let [(_, filesystem), (_, postgres)] = config.entries().collect::<Vec<_>>().try_into().unwrap();
    let Transport::Stdio { command, args, env } = filesystem.unwrap().transport() else {
        panic!("not stdio")
    };
    assert_eq!(command, "npx");
    assert_eq!(args, &["@modelcontextprotocol/server-filesystem", "/data"]);
    assert_eq!(env["MCP_JWT_SECRET"], "s3cret-value");
    let wanted = "server `postgres`, `env.POSTGRES_URL`: the environment variable `POSTGRES_URL` is \
                  not set; set it, or remove the server";
    assert_eq!(postgres.unwrap_err().to_string(), wanted);
}

#[test]
fn an_http_server_has_headers_and_unknown_members_are_ignored() {
    let entry = r#"{"type": "http", "url": "https://user:pw@${HOST}/mcp", "timeout": 2.5,
        "headers": {"Authorization": "Bearer ${MCP_JWT_SECRET}"}, "disabled": 5,
        "description": null, "autoConnect": false}"#;
    let server = only(entry).unwrap();
    let Transport::Http { url, headers } = server.transport() else { panic!("not http") };
    assert_eq!(url, "https://user:pw@example.com/mcp");
    assert_eq!(headers["Authorization"], "Bearer s3cret-value");
    assert_eq!(server.endpoint(), "https://${HOST}/mcp");
    for shown in
        [format!("{server:?}"), format!("{server:#?}"), format!("{:?}", server.transport())]
    {
        assert!(!shown.contains("s3cret") && !shown.contains("pw"), "{shown}");
    }
}

#[test]
fn members_that_do_nothing_are_told_but_for_those_of_other_programs() {
    let entry = r#"{"command": "a", "timeot": 5, "type": "stdio", "alwaysAllow": [], "cwd": "/"}"#;
    let off = r#"{"url": "http://b", "disabled": true, "enabled": true}"#;
    let text =
        format!(r#"{{"mcpServers": {{"one": {entry}, "two": {off}, "no": 5}}, "inputs": []}}"#);
    let config = parse(&text).unwrap();
    let told: Vec<_> = config.unknown_members().iter().map(ToString::to_string).collect();
    let known = "command, args, env, url, headers, description, timeout, autoConnect";
    let told_of = |server: &str, member: &str| {
        format!("server `{server}`: the member `{member}` does nothing here; known are {known}")
    };
    assert_eq!(told, [told_of("one", "cwd"), told_of("one", "timeot"), told_of("two", "disabled")]);
}

#[test]
fn mistakes_name_the_server_the_member_and_the_remedy_but_no_value() {
    let mistakes = [
        (r#""text-value""#, "mcpServers"),
        ("{}", "command"),
        (r#"{"command": "a", "url": "http://b"}"#, "url"),
        (r#"{"command": 5}"#, "command"),
        (r#"{"command": "${EMPTY}"}"#, "command"),
        (r#"{"command": "a", "args": "value"}"#, "args"),
        (r#"{"command": "a", "args": ["ok", "${value"]}"#, "args[1]"),
        (r#"{"command": "a", "env": "value"}"#, "env"),
        (r#"{"command": "a", "env": {"A": 5}}"#, "env.A"),
        (r#"{"command": "a", "timeout": "value"}"#, "timeout"),
        (r#"{"command": "a", "timeout": 0}"#, "timeout"),
        (r#"{"command": "a", "timeout": 1e300}"#, "timeout"),
        (r#"{"command": "a", "autoConnect": "value"}"#, "autoConnect"),
        (r#"{"url": "value"}"#, "url"),
        (r#"{"url": "http://a", "headers": {"A": ["value"]}}"#, "headers.A"),
    ];
    for (entry, field) in mistakes {
        let error = only(entry).unwrap_err();
        assert_eq!((error.server.as_str(), error.field.as_str()), ("one", field), "{entry}");
        assert!(!error.to_string().contains("value"), "{error}");
    }
}

#[test]
fn a_name_that_could_be_mistaken_is_refused() {
    let config = parse(r#"{"mcpServers": {"a__b": {"command": "c"}}}"#).unwrap();
    assert!(config.entries().next().unwrap().1.is_err());
}

#[test]
fn a_file_that_is_none_is_refused_as_a_whole() {
    let error = parse("{\"mcpServers\": {\n\"a\": \"secret\"").unwrap_err();
    assert!(matches!(error, ConfigError::Syntax { line: 2, .. }), "{error}");
    assert!(!error.to_string().contains("secret"));
    for text in ["{}", "[]", r#"{"mcpServers": []}"#] {
        assert!(matches!(parse(text), Err(ConfigError::NoServers { .. })), "{text}");
    }
    let error = Config::read(Path::new("/no/such/file"), lookup).unwrap_err();
    assert!(error.to_string().contains("`/no/such/file`"), "{error}");
    assert_eq!(parse("\u{feff}{\"mcpServers\": {}}").unwrap().entries().count(), 0);
}

#[test]
fn no_call_is_waited_for_longer_than_an_hour() {
    let hour = std::time::Duration::from_hours(1);
    let with = |timeout| ServerConfig::http("http://host/mcp", [("", ""); 0]).timeout(timeout);
    assert_eq!(with(hour * 1000), with(hour));
    assert_eq!(only(r#"{"url": "http://host/mcp", "timeout": 3600}"#).unwrap(), with(hour));
    let mistake = only(r#"{"url": "http://host/mcp", "timeout": 3600.5}"#).unwrap_err();
    assert_eq!(mistake.field, "timeout");
}
