//! Under which of its two numbers a phone is on WhatsApp, as far as it has answered or acknowledged.

use time::OffsetDateTime;

use crate::db::connection::Pool;
use crate::model::ids::LocationId;

/// Where a phone was heard.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Heard {
    /// The number that people dial, digits.
    pub phone: String,
    /// The number in WhatsApp's address, digits.
    pub address: String,
}

/// Stores under which number a phone was heard at `seen_at`, unless it was heard later.
pub async fn learn(
    pool: &Pool,
    location: &LocationId,
    heard: &Heard,
    seen_at: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        insert into addresses (location_id, phone, address, seen_at)
        values ($1, $2, $3, $4)
        on conflict (location_id, phone) do update
        set address = excluded.address, seen_at = excluded.seen_at
        where addresses.seen_at < excluded.seen_at
        "#,
        location.as_str(),
        heard.phone,
        heard.address,
        seen_at,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// The number under which a phone (the number that people dial) was heard last.
pub async fn find(pool: &Pool, location: &LocationId, phone: &str) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!(
        r#"
        select address
        from addresses
        where location_id = $1 and phone = $2
        "#,
        location.as_str(),
        phone,
    )
    .fetch_optional(pool)
    .await
}
