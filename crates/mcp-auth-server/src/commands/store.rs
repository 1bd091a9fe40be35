//! `store`: moves an installation from the file of its data directory to an engine.

mod copy;
mod digest;

use std::sync::Arc;

use mcp_auth::audit::AuditKind;
use mcp_auth::clock::{Clock, SystemClock};
use mcp_auth::store::StoreError;
use mcp_auth_cli::{Failure, exit, output};
use serde_json::json;
use tokio::runtime::Builder;

use self::copy::Copied;
use crate::args::{Common, Store};
use crate::commands::desk::{self, Desk, no_answer};
use crate::files;
use crate::house::House;
use crate::settings::{RedisSettings, ServerSettings, Source, StoreSettings};
use crate::{store, table};

/// Runs the command.
pub(crate) fn run(common: &Common, command: &Store) -> Result<u8, Failure> {
    match command {
        Store::Copy => copy_all(common),
    }
}

fn copy_all(common: &Common) -> Result<u8, Failure> {
    let settings = desk::settings(&Source::of(common)?)?;
    let StoreSettings::Redis(redis) = &settings.store else {
        let message = "no engine is named to copy into";
        return Err(Failure::new(exit::CONFIGURATION, message)
            .with_hint("set MCP_STORE_URL to it, such as redis://127.0.0.1:6379"));
    };
    let url = redis.url.to_string();
    require_file(&settings)?;
    let copied = wait(copy(&settings, redis))?;
    let same = copied.iter().all(Copied::is_same);
    let desk = Desk::over(House::open(settings)?)?;
    let what = if same { "copied from the file" } else { "copied from the file, with differences" };
    desk.record(AuditKind::ConfigChanged, "store", what)?;
    output::print(&if common.json { as_json(&copied, same) } else { page(&copied, &url) })?;
    Ok(if same { exit::OK } else { exit::INTERNAL })
}

/// Opening a file that is not there would make an empty one.
fn require_file(settings: &ServerSettings) -> Result<(), Failure> {
    if !files::is_absent(&settings.data_dir.database()) {
        return Ok(());
    }
    let message = format!("the data directory {} has no mcp-auth.db to copy", settings.data_dir);
    Err(Failure::new(exit::CONFIGURATION, message).with_hint("name its directory with --data-dir"))
}

fn wait<T>(work: impl Future<Output = Result<T, StoreError>>) -> Result<T, Failure> {
    let runtime = Builder::new_current_thread().build();
    let runtime = runtime.map_err(|error| {
        Failure::new(exit::INTERNAL, format!("cannot start a runtime: {error}"))
    })?;
    runtime.block_on(work).map_err(|error| no_answer(&error))
}

async fn copy(settings: &ServerSettings, redis: &RedisSettings) -> Result<Vec<Copied>, StoreError> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let from = store::open_file(&settings.data_dir, &clock)?;
    let to = store::open_engine(redis, &settings.data_dir, &clock)?;
    let copied = copy::all(&from, &to, clock.now()).await;
    to.close().await;
    copied
}

fn page(copied: &[Copied], url: &str) -> String {
    let same = copied.iter().all(Copied::is_same);
    let lines: String = copied.iter().map(line).collect();
    let next = if same {
        format!(
            "Everything is in {url}. Start the servers with MCP_STORE_URL set to it, and keep the file as a backup."
        )
    } else {
        format!("{url} holds something else. Was a server still running, or the engine not empty?")
    };
    format!("{lines}\n{next}\n")
}

fn line(one: &Copied) -> String {
    let verdict = if one.is_same() { "the same" } else { "DIFFERENT" };
    format!("{:<12} {:>9} copied {:>9} there  {verdict}\n", one.kind, one.from.count, one.to.count)
}

fn as_json(copied: &[Copied], same: bool) -> String {
    let kinds: Vec<_> = copied
        .iter()
        .map(|one| {
            json!({
                "kind": one.kind,
                "copied": one.from.count,
                "there": one.to.count,
                "digest": one.from.hex(),
                "same": one.is_same(),
            })
        })
        .collect();
    table::json(&json!({ "ok": same, "kinds": kinds }))
}
