//! One line of the file: an account of another system. What is wrong with it is told without any of its values, one of
//! which is a password's hash.

use mcp_auth::claims::check_name;
use mcp_auth::roles::Role;
use mcp_auth_sessions::ImportedAccount;
use mcp_auth_sessions::account::may_be_token;
use mcp_auth_sessions::password::PasswordHash;
use serde::Deserialize;
use serde_json::error::Category;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    username: String,
    role: Option<String>,
    user_id: Option<String>,
    active: Option<bool>,
    password_hash: String,
}

const FIELDS: &str = "`username`, `role`, `user_id`, `active`, `password_hash`";

/// The account that a line describes.
///
/// # Errors
/// The problem and the remedy, as the end of a sentence that begins with the number of the line.
pub(super) fn parse(bytes: &[u8]) -> Result<ImportedAccount, String> {
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err("is no JSON object; write one account on each line".to_owned());
    }
    let line: Line = read(bytes)?;
    let user_id = line.user_id.unwrap_or_else(|| line.username.clone());
    for (field, name) in [("username", &line.username), ("user_id", &user_id)] {
        check_name(name)
            .map_err(|problem| format!("has a `{field}` that {problem}; give a legal name"))?;
        // It would be in every list, and in the audit log for good.
        if may_be_token(name) || PasswordHash::from_export(name).is_ok() {
            return Err(format!("has a token or a hash as `{field}`; give a name, such as alice"));
        }
    }
    let role = line.role.map_or(Ok(Role::User), |role| role.parse());
    let role = role.map_err(|illegal| format!("has a `role` that {illegal}"))?;
    let password = PasswordHash::from_export(line.password_hash).map_err(|unreadable| {
        format!("has a `password_hash` that {unreadable}; export it again, or leave the line out and use `user add`")
    })?;
    let active = line.active.unwrap_or(true);
    Ok(ImportedAccount { user_id, username: line.username, role, active, password })
}

fn read(bytes: &[u8]) -> Result<Line, String> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let line = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        // Where a field is of the wrong type, its name is one of ours; any other may be anything.
        let path = error.path().to_string();
        explain(error.inner(), &path)
    })?;
    reader.end().map_err(|error| explain(&error, ""))?;
    Ok(line)
}

fn explain(error: &serde_json::Error, path: &str) -> String {
    if error.classify() != Category::Data {
        return format!("is not JSON: see column {}", error.column());
    }
    let said = error.to_string();
    if let Some(field) = ["username", "password_hash"]
        .into_iter()
        .find(|field| said.starts_with(&format!("missing field `{field}`")))
    {
        return format!("has no `{field}`; add it");
    }
    if said.starts_with("duplicate field") {
        return "has a field twice; keep one".to_owned();
    }
    if said.starts_with("unknown field") {
        return format!(
            "has a field that is not known, at column {}; there are {FIELDS}",
            error.column()
        );
    }
    let kind = if path == "active" { "true or false" } else { "text" };
    format!("has a `{path}` that is not {kind}")
}
