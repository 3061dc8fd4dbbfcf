//! Posts of GHL that came to the wrong address: when each kind came last, for the doctor to name.

use time::OffsetDateTime;

use crate::db::connection::Pool;

/// What came where it does not belong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misdirected {
    /// A delivery of a message at the address of events about the app.
    DeliveryAtApp,
    /// An event at the Delivery URL.
    EventAtDelivery,
    /// Anything at an address without its last part. Nobody has proven anything there.
    PlainAddress,
}

impl Misdirected {
    /// All kinds.
    pub const ALL: [Self; 3] = [
        Self::DeliveryAtApp,
        Self::EventAtDelivery,
        Self::PlainAddress,
    ];

    /// The text in Postgres.
    const fn as_str(self) -> &'static str {
        match self {
            Self::DeliveryAtApp => "delivery_at_app",
            Self::EventAtDelivery => "event_at_delivery",
            Self::PlainAddress => "plain_address",
        }
    }
}

/// Notes that one came now.
pub async fn note(pool: &Pool, kind: Misdirected, now: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        insert into misdirected_posts as m (kind, last_at)
        values ($1, $2)
        on conflict (kind) do update set last_at = greatest(m.last_at, excluded.last_at)
        "#,
        kind.as_str(),
        now,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// The kinds that came after `since`, and when they came last.
pub async fn list(
    pool: &Pool,
    since: OffsetDateTime,
) -> sqlx::Result<Vec<(Misdirected, OffsetDateTime)>> {
    let rows = sqlx::query!(
        r#"
        select kind, last_at
        from misdirected_posts
        where last_at > $1
        order by kind
        "#,
        since,
    )
    .fetch_all(pool)
    .await?;
    // A newer version may note kinds that this one does not know.
    let known = |name: &str| {
        Misdirected::ALL
            .into_iter()
            .find(|kind| kind.as_str() == name)
    };
    let rows = rows.into_iter();
    Ok(rows
        .filter_map(|row| Some((known(&row.kind)?, row.last_at)))
        .collect())
}
