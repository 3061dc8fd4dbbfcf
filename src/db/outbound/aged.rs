//! Messages that waited too long: they would surprise their readers.

use time::{Duration, OffsetDateTime};

use crate::db::connection::Pool;
use crate::db::outbound::status_updates::GHL_KNOWS_AFTER;
use crate::model::reason::{Failure, Reason};

/// Messages that one call fails: some hundred milliseconds of work.
const BATCH: i64 = 500;

/// How long a message may wait for its turn among first contacts: that is no failure of anything, and a campaign of thousands on
/// a new number needs weeks. After a month its reader would wonder.
const MAX_COLD_AGE: Duration = Duration::days(30);

/// How long messages may wait.
#[derive(Clone, Copy, Debug)]
pub struct MaxAges {
    /// A person's answer: its priority is above 0.
    pub person: Duration,
    /// Any other message.
    pub automated: Duration,
}

/// Fails the messages that have reached their age, whether or not they were tried, and queues their status updates. Each
/// has the reason why it waited: its number's hold, the gateway, or only its age. Returns the reasons; call it again
/// while it returns as many as a batch holds.
pub async fn fail_aged(
    pool: &Pool,
    ages: MaxAges,
    now: OffsetDateTime,
) -> sqlx::Result<Vec<Reason>> {
    let too_old = |age: Duration| {
        Reason::from(Failure::TooOld {
            hours: age.whole_hours().to_string(),
        })
    };
    let waited = Reason::from(Failure::WaitedTooLong {
        days: MAX_COLD_AGE.whole_days().to_string(),
    });
    sqlx::query_file_scalar!(
        "src/db/outbound/fail_aged.sql",
        now,
        now - ages.person,
        now - ages.automated,
        BATCH,
        too_old(ages.person) as Reason,
        too_old(ages.automated) as Reason,
        Reason::from(Failure::Unconfirmed) as Reason,
        Reason::from(Failure::GatewayDown) as Reason,
        Reason::from(Failure::NotInstalled) as Reason,
        GHL_KNOWS_AFTER as Duration,
        now - MAX_COLD_AGE,
        waited as Reason,
    )
    .fetch_all(pool)
    .await
}
