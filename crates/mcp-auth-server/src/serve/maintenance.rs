//! What is done now and then: forgetting what nobody will ask for again.

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
