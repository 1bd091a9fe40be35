//! What is done now and then: forgetting what nobody will ask for again, and saying what fails beside the requests.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::app::App;

const EVERY: Duration = Duration::from_mins(1);

/// Purges the stores every minute until it is told to stop.
pub(crate) async fn run(app: Arc<App>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = sleep(EVERY) => {}
            () = stop.cancelled() => return,
        }
        tell_of_audit(&app);
        match app.sessions().purge().await {
            Ok(purged) => tracing::debug!(
                tombstones = purged.tombstones,
                grants = purged.grants,
                records = purged.records,
                "forgot what has expired"
            ),
            Err(error) => {
                tracing::warn!(%error, "cannot forget what has expired; trying again later");
            }
        }
    }
}

/// What fails no request, so that nobody would hear of it.
fn tell_of_audit(app: &App) {
    let health = app.ledger.health();
    if let Some(error) = health.checkpoint_error {
        tracing::warn!(%error, "the audit's checkpoints are not in their file; trying again");
    }
    if let Some(error) = health.archive_error {
        tracing::warn!(%error, "the audit log cannot be archived and grows on; trying again");
    }
}
