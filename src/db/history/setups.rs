//! How far each location's set-up is proven: what the view `setups` says, and what is remembered of it.

use time::{Duration, OffsetDateTime};

use crate::db::connection::Pool;
use crate::model::ids::LocationId;
use crate::model::progress::Progress;

/// Silence is normal until this long after a number was connected. Whoever sets it up has tried it by then, and an
/// hour is early enough to save a working day.
pub const FIRST_HOUR: Duration = Duration::hours(1);

/// What is known about a location's set-up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "they are facts, each of its own"
)]
pub struct Setup {
    /// When the first of its connected numbers was connected; none without a number.
    pub connected_at: Option<OffsetDateTime>,
    /// GHL has delivered a message.
    pub has_delivery: bool,
    /// A message of the business has left.
    pub has_sent: bool,
    /// GHL has got a message of a customer.
    pub has_posted: bool,
}

impl Setup {
    /// Whether its first hour is over.
    #[must_use]
    pub fn is_past_first_hour(&self, now: OffsetDateTime) -> bool {
        self.connected_at
            .is_some_and(|connected| now >= connected + FIRST_HOUR)
    }

    /// How far it is proven.
    #[must_use]
    pub const fn progress(&self) -> Progress {
        Progress::of(self.connected_at.is_some(), self.has_sent, self.has_posted)
    }
}

/// What is known about a location's set-up; nothing of one that is not known.
pub async fn find(pool: &Pool, location: &LocationId) -> sqlx::Result<Setup> {
    let found = sqlx::query_as!(
        Setup,
        r#"
        select connected_at, has_delivery as "has_delivery!", has_sent as "has_sent!", has_posted as "has_posted!"
        from setups
        where location_id = $1
        "#,
        location.as_str(),
    )
    .fetch_optional(pool)
    .await?;
    Ok(found.unwrap_or_default())
}

/// Remembers what a set-up has proven, so that nobody has to search for it again.
pub async fn record(
    pool: &Pool,
    location: &LocationId,
    setup: Setup,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update locations
        set sent_at = coalesce(sent_at, case when $2 then $4::timestamptz end),
            posted_at = coalesce(posted_at, case when $3 then $4::timestamptz end)
        where location_id = $1 and ((sent_at is null and $2) or (posted_at is null and $3))
        "#,
        location.as_str(),
        setup.has_sent,
        setup.has_posted,
        now,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Remembers that a number's gateway has posted.
pub async fn record_heard(
    pool: &Pool,
    location: &LocationId,
    number: &str,
    at: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update numbers
        set heard_at = $3
        where location_id = $1 and number = $2 and heard_at is null
        "#,
        location.as_str(),
        number,
        at,
    )
    .execute(pool)
    .await
    .map(|_| ())
}
