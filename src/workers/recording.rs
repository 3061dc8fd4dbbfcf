//! Records what a vendor has already done: a failing database must not make anybody forget it.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use tracing::warn;

use crate::db;

/// How long recording is tried: about as long as the lease of the job lasts. After that the next owner of the job has to find
/// out what was done, and the database has been away for longer than a failover takes.
const PATIENCE: Duration = Duration::from_secs(90);
/// Pause between two tries: the job's conversation waits meanwhile.
const PAUSE: Duration = Duration::from_millis(500);

/// Repeats `record`, which may take effect more than once, until it succeeds, fails for what it says, or patience ends. A
/// stop cuts it off with its job.
pub(super) async fn until_recorded<T, Recording: Future<Output = sqlx::Result<T>>>(
    record: impl Fn() -> Recording,
) -> sqlx::Result<T> {
    let end = Instant::now() + PATIENCE;
    let mut is_told = false;
    loop {
        match record().await {
            Err(error) if may_pass(&error) && Instant::now() < end => {
                if !is_told {
                    warn!(%error, "what a vendor did is not recorded yet");
                }
                is_told = true;
            }
            recorded => return recorded,
        }
        sleep(PAUSE).await;
    }
}

/// Whether the database may take the same statement later.
fn may_pass(error: &sqlx::Error) -> bool {
    !db::is_row_error(error) && !matches!(error, sqlx::Error::PoolClosed)
}
