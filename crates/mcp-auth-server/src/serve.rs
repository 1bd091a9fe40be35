//! The server: what it opens at the start, what runs beside the requests, and how it ends.
//!
//! A request comes in through [`listener`], passes the layers of [`routes`], and is answered by a handler of [`auth`],
//! [`mcp`] or [`probes`] that takes a [`call::Call`]. [`routes::TABLES`] is the list of all routes, from which the router and the
//! OpenAPI document are made.

mod app;
mod auth;
mod body;
mod body_first;
mod call;
mod connection;
mod connections;
mod finish;
mod ledger;
mod limit;
mod listener;
mod local_only;
mod maintenance;
mod mcp;
mod metrics;
mod observe;
mod openapi;
mod probes;
mod refuse;
mod reload;
mod routes;
mod signals;
mod start;
mod strangers;
mod tls;
mod token_in_url;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use mcp_auth::audit::AuditKind;
use mcp_auth_cli::Failure;
use tokio::runtime;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::app::App;
use self::listener::Listener;
use self::signals::Signals;
use self::tls::Tls;
use crate::gatekeeper::{Config, Gatekeeper, ServersFile};
use crate::house::{House, require_initialised};
use crate::logging;
use crate::policy::LoadedPolicy;
use crate::settings::Source;

/// How long calls of tools may go on after a signal to stop: less than other requests, which may wait for them.
const LAST_CALLS: Duration = Duration::from_secs(10);

/// Serves until a signal says stop.
///
/// # Errors
/// When the configuration is wrong, a part cannot be opened, or the address is taken.
pub(crate) fn run(source: Source) -> Result<(), Failure> {
    let settings = source.settings()?;
    logging::start(settings.log)?;
    let runtime = runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.context("cannot start the threads that serve")?;
    let _inside = runtime.enter();
    // Before what lies in it is missed.
    require_initialised(&settings)?;
    let tls = settings.tls.as_ref().map(Tls::load).transpose()?.map(Arc::new);
    let policy = LoadedPolicy::first(&settings.mcp)?;
    let file = ServersFile::of(&settings.mcp, &settings.data_dir)?;
    let servers = file.read_first()?;
    let house = House::open(settings)?;
    let gatekeeper = Gatekeeper::new(file, Arc::clone(&house.clock));
    let app = Arc::new(App::new(house, policy, gatekeeper));
    start::announce(&app, &source);
    let served = runtime.block_on(begin(&app, tls.clone())).and_then(|(signals, listener)| {
        let served = runtime.block_on(serve(&app, &servers, source, tls, signals, listener));
        app.ledger.say_last(&app.event(AuditKind::ServiceStopped));
        served
    });
    let closed = close(&app);
    runtime.block_on(app.house().close_store());
    served.and(closed)
}

/// Takes the address, and writes the start down. Whatever fails up to here is no start, and nothing has stopped.
async fn begin(app: &App, tls: Option<Arc<Tls>>) -> Result<(Signals, Listener), Failure> {
    let signals = Signals::listen()?;
    let listener = Listener::bind(app.settings().listen, tls)?;
    start::write_down(app).await?;
    Ok((signals, listener))
}

async fn serve(
    app: &Arc<App>,
    servers: &Config,
    source: Source,
    tls: Option<Arc<Tls>>,
    signals: Signals,
    listener: Listener,
) -> Result<(), Failure> {
    let (told_to_stop, hang_up) = signals.split();
    app.gatekeeper.begin(servers).await;
    start::say_where(&listener)?;
    let stop = CancellationToken::new();
    let beside = TaskTracker::new();
    beside.spawn(maintenance::run(Arc::clone(app), stop.clone()));
    beside.spawn(reload::run(Arc::clone(app), source, tls, hang_up, stop.clone()));
    beside.spawn(last_calls(Arc::clone(app), told_to_stop.clone(), stop.clone()));
    listener.serve(app, told_to_stop).await;
    app.unfinished.close();
    app.unfinished.wait().await;
    stop.cancel();
    beside.close();
    beside.wait().await;
    Ok(())
}

/// Calls that go on after a signal to stop have a while to end; then the MCP servers end, and the calls with them, in time
/// for the answers to go out.
async fn last_calls(app: Arc<App>, told_to_stop: CancellationToken, stop: CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = async { told_to_stop.cancelled().await; tokio::time::sleep(LAST_CALLS).await } => {}
    }
    app.gatekeeper.shutdown().await;
}

/// Everything on disk.
fn close(app: &App) -> Result<(), Failure> {
    tracing::info!("stopped");
    Ok(app.ledger.close().context("the audit log is not complete")?)
}
