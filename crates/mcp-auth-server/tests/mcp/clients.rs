//! The clients of `examples/clients`, against the server with a real MCP server behind it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::house::House;
use crate::others::Others;
use crate::server::in_ci;

const CLIENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/clients");
const DRIVERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mcp/clients");

/// A file that can be read with `read_file`, behind a running server.
struct Setting {
    house: House,
    folder: TempDir,
    /// What connects the same MCP server once more.
    endpoint: String,
}

impl Setting {
    fn new(others: &Others) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("example.txt"), "an example").unwrap();
        let entry = others.filesystem(folder.path());
        let words = [&entry["command"], &entry["args"][0], &entry["args"][1]];
        let endpoint = words.map(|word| word.as_str().unwrap()).join(" ");
        let house = House::with(&json!({ "filesystem": entry }), None, &[]);
        Self { house, folder, endpoint }
    }

    fn arguments(&self) -> Value {
        json!({ "path": self.folder.path().join("example.txt") })
    }

    /// A program that finds the server and the token where clients look for them.
    fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command.env("MCP_SERVER", format!("http://{}", self.house.server.address));
        command.env("MCP_TOKEN", &self.house.admin).env("PYTHONDONTWRITEBYTECODE", "1");
        command
    }

    /// What a program prints, which ends well.
    fn said(command: &mut Command) -> String {
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }
}

/// What both drivers report, having used every method of their client.
fn check(setting: &Setting, said: &str) {
    let said: Value = serde_json::from_str(said).unwrap();
    assert_eq!(said["servers"], json!([["filesystem", "connected"]]));
    assert_eq!(said["tools"], said["tools_of_filesystem"]);
    assert!(said["tools"].as_array().unwrap().contains(&json!("read_file")), "{said}");
    let details = &said["details"];
    assert_eq!((&details["name"], &details["server"]), (&"read_file".into(), &"filesystem".into()));
    let result = &said["result"];
    assert_eq!((&result["success"], &result["result"]), (&true.into(), &"an example".into()));
    assert_eq!((&result["tool_name"], &result["error"]), (&"read_file".into(), &Value::Null));
    assert!(result["execution_time"].is_number(), "{result}");
    assert_eq!(
        (&said["failed"]["success"], &said["failed"]["result"]),
        (&false.into(), &Value::Null)
    );
    assert!(said["failed"]["error"].as_str().unwrap().starts_with("Access denied"), "{said}");
    assert_eq!(
        (&said["connected"]["success"], &said["connected"]["server_name"]),
        (&true.into(), &"extra".into())
    );
    assert_eq!(said["connected"]["tool_count"], said["tools"].as_array().unwrap().len());
    assert_eq!(said["disconnected"]["status"], "disconnected");
    assert_eq!(said["refused"], json!([401, "token_malformed"]));
    let calls = setting.house.calls_on_audit(2);
    assert_eq!((&calls[0]["user_id"], &calls[0]["success"]), (&"admin".into(), &true.into()));
}

#[test]
fn the_python_client_has_the_methods_of_the_guide() {
    let Some(others) = Others::brought("the Python client") else { return };
    let setting = Setting::new(&others);
    let mut command = setting.command(others.python());
    command.arg(format!("{DRIVERS}/drive.py")).env("PYTHONPATH", format!("{CLIENTS}/python"));
    let said = Setting::said(command.args([&setting.arguments().to_string(), &setting.endpoint]));
    check(&setting, &said);
    let mut itself = setting.command(others.python());
    itself.arg(format!("{CLIENTS}/python/mcp_client.py"));
    let said = Setting::said(itself.args(["read_file", &setting.arguments().to_string()]));
    assert!(said.starts_with("Available servers: 2\n  - extra: disconnected\n"), "{said}");
    assert!(said.ends_with("Success: True\nan example\n"), "{said}");
}

#[test]
fn the_typescript_client_has_the_methods_of_the_guide() {
    let Some(others) = Others::brought("the TypeScript client") else { return };
    let setting = Setting::new(&others);
    let compiled = tempfile::tempdir().unwrap();
    let client = format!("{CLIENTS}/typescript/mcp-client.ts");
    let mut compile = Command::new(others.node());
    compile.arg(others.package("typescript/bin/tsc")).arg(&client);
    compile.args(["--strict", "--noEmitOnError", "--target", "es2022", "--module", "nodenext"]);
    compile.arg("--typeRoots").arg(others.package("@types")).args(["--types", "node"]);
    Setting::said(compile.arg("--outDir").arg(compiled.path()));

    let mut driver = setting.command(others.node());
    driver.arg(format!("{DRIVERS}/drive.mjs")).arg(compiled.path().join("mcp-client.js"));
    let said = Setting::said(driver.args([&setting.arguments().to_string(), &setting.endpoint]));
    check(&setting, &said);
    let mut itself = setting.command(others.node());
    itself.arg(client);
    let said = Setting::said(itself.args(["read_file", &setting.arguments().to_string()]));
    assert!(said.ends_with("Success: true\nan example\n"), "{said}");
}

#[test]
fn the_ten_commands_of_the_guide_give_what_it_says() {
    let Some(others) = Others::brought("the guide's commands") else { return };
    let Some(programs) = programs() else { return };
    let setting = Setting::new(&others);
    let secret = fs::read_to_string(setting.house.server.data("jwt_secret")).unwrap();
    let mut guide = setting.command("sh");
    guide.arg(format!("{CLIENTS}/curl/guide.sh")).env_remove("MCP_TOKEN");
    guide.env("MCP_JWT_SECRET", secret.trim_end()).env("ENDPOINT", &setting.endpoint);
    guide.env("TOOL", "read_file").env("ARGUMENTS", setting.arguments().to_string());
    let said = Setting::said(guide.env("PATH", programs));
    for shown in [
        r#""name":"filesystem","transport":"stdio""#,
        r#"{"success":true,"tool_name":"read_file","result":"an example","error":null"#,
        r#"{"success":true,"server_name":"extra","status":"connected","tool_count":14,"error":null}"#,
        r#"{"success":true,"server_name":"extra","status":"disconnected""#,
        r#"{"detail":"Could not validate credentials","status_code":401"#,
        r#"{"detail":"Not authenticated","status_code":401"#,
    ] {
        assert!(said.contains(shown), "{shown}: {said}");
    }
    assert_eq!(said.lines().filter(|line| line.starts_with("# ")).count(), 10, "{said}");
}

/// Where to look for programs, if all are there that the script calls.
#[expect(clippy::disallowed_methods, reason = "where the system keeps its programs")]
fn programs() -> Option<String> {
    let ours = PathBuf::from(env!("CARGO_BIN_EXE_mcp-auth-server"));
    let generator = ours.with_file_name("mcp-token-gen");
    let has_curl = Command::new("curl").arg("--version").output().is_ok();
    if generator.exists() && has_curl {
        let path = std::env::var("PATH").unwrap_or_default();
        return Some(format!("{}:{path}", generator.parent().unwrap().display()));
    }
    assert!(!in_ci(), "curl or {} is missing", generator.display());
    println!("SKIPPED the guide's commands: apt-get install curl; cargo build -p mcp-token-gen");
    None
}
