//! The compose file.

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::broken::finds;
use crate::comments;
use crate::deployment::{Deployment, Step};
use crate::files::{self, COMPOSE, path};
use crate::image::Image;
use crate::layout;
use crate::tools::{self, documents};

/// Owner and mode of the files of secrets, as the head of the file has them made.
const SECRET_MODE: u32 = 0o400;

fn deployment(file: &Value, text: &str) -> Result<Deployment> {
    let image = Image::of_the_project()?;
    check_build(&file["services"])?;
    for (name, secret) in file["secrets"].as_object().context("no secrets")? {
        let made = secret["file"].as_str().and_then(|file| file.strip_prefix("./"));
        let made = made.with_context(|| format!("{name} comes from no file"))?;
        ensure!(text.contains(&format!(" > {made} ")) || text.contains(&format!(" > {made}\n")));
    }
    let owner = format!("chown {} secrets/*.txt && sudo chmod 0{SECRET_MODE:o}", image.user);
    ensure!(comments::lines(text).any(|line| line.contains(&owner)), "they are not the user's");
    let (init, serve) = (step(file, "init", &image)?, step(file, "api", &image)?);
    let after = &file["services"]["api"]["depends_on"]["init"]["condition"];
    ensure!(after == "service_completed_successfully", "init may come later");
    check_network(file, &serve)?;
    Ok(Deployment { init, serve, probes: vec!["/ready".to_owned()], reload: None })
}

fn step(file: &Value, name: &str, image: &Image) -> Result<Step> {
    let service = &file["services"][name];
    let arguments = service["command"].as_array().cloned().unwrap_or_default();
    let mut step = image.run(arguments.iter().map(text_of).collect());
    for (name, value) in service["environment"].as_object().context("no environment")? {
        step.variables.insert(name.clone(), text_of(value));
    }
    for secret in service["secrets"].as_array().into_iter().flatten().map(text_of) {
        ensure!(file["secrets"].get(&secret).is_some(), "there is no secret {secret}");
        step.secrets.push((format!("/run/secrets/{secret}"), SECRET_MODE));
    }
    step.writable = Vec::new();
    for mount in service["volumes"].as_array().into_iter().flatten().map(text_of) {
        let (volume, directory) = mount.split_once(':').context("no place for a volume")?;
        ensure!(file["volumes"].get(volume).is_some(), "there is no volume {volume}");
        // A new volume gets what the image has at that place.
        let made = image.step.writable.iter().find(|(made, _)| made == directory);
        step.writable.push(made.with_context(|| format!("{directory} is root's"))?.clone());
    }
    Ok(step)
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Both services are built from the top of the project, by the Dockerfile.
fn check_build(services: &Value) -> Result<()> {
    for name in ["init", "api"] {
        let build = &services[name]["build"];
        let context = path(COMPOSE).with_file_name("").join(text_of(&build["context"]));
        let top = path("").canonicalize()?;
        ensure!(context.canonicalize()? == top, "{name} is built from {}", context.display());
        ensure!(top.join(text_of(&build["dockerfile"])).is_file(), "there is no {build}");
    }
    Ok(())
}

/// Whoever comes through the published port comes from the gateway, whose word on clients counts; it is published on this
/// host alone.
fn check_network(file: &Value, serve: &Step) -> Result<()> {
    let network = &file["networks"]["default"]["ipam"]["config"][0];
    let trusted = serve.variables.get("MCP_TRUSTED_PROXIES").cloned().unwrap_or_default();
    ensure!(network["gateway"] == trusted.as_str(), "the gateway is not trusted: {network}");
    let port = text_of(&file["services"]["api"]["ports"][0]);
    let port = port.strip_prefix("127.0.0.1:").context("the port is open to other hosts")?;
    serve.check_port(port.rsplit(':').next().unwrap_or_default())
}

#[test]
fn what_compose_starts_stands() {
    let Some(python) = tools::python() else { return };
    let check = |text: &str| {
        let file = documents(&python, text)?.into_iter().next().context("nothing is in it")?;
        layout::check(&deployment(&file, text)?)
    };
    let mistakes = [
        ("FILE: /run/secrets/mcp_jwt_secret", "FILE: /run/secrets/jwt_secret"),
        ("secrets: [mcp_jwt_secret, admin_password]", "secrets: [mcp_jwt_secret]"),
        ("MCP_DATA_DIR: /var/lib/mcp-auth", "MCP_DATA_DIR: /var/lib/mcp"),
        ("MCP_TRUSTED_PROXIES: 172.31.250.1", "MCP_TRUSTED_PROXIES: 172.31.250.2"),
        ("LOG_FORMAT: json", "LOG_FORMAT: jsonl"),
        ("LOG_FORMAT: json", "LOG_FORMATS: json"),
        ("\"127.0.0.1:8000:8000\"", "\"127.0.0.1:8000:8080\""),
        ("\"127.0.0.1:8000:8000\"", "\"8000:8000\""),
        ("dockerfile: examples/deploy/Dockerfile", "dockerfile: Dockerfile"),
        ("context: ../../..", "context: ../.."),
        ("\"--password-file\"", "\"--password\""),
        ("file: ./secrets/admin_password.txt", "file: ./secrets/admin.txt"),
        ("chown 10001", "chown 1000"),
    ];
    finds(check, &files::text(COMPOSE), &mistakes);
}
