//! "Do not disturb" for SMS as GHL tells it, in events and with each contact that is read.

use time::{Duration, OffsetDateTime};

use crate::db::connection::Pool;
use crate::db::opt_outs::ending;
use crate::model::ids::{ContactId, LocationId};
use crate::model::opt_out::{Dnd, OptedOutBy};

/// For so long after our own change GHL may still show what was before.
const SETTLED: Duration = Duration::minutes(2);

/// Stores GHL's word of `said_at` about a contact, unless a later one is known, and ends what waits for a contact for whom it
/// was switched on. Where GHL was told of a STOP and has it off since, somebody there has lifted it.
pub async fn record(
    pool: &Pool,
    location: &LocationId,
    contact: &ContactId,
    dnd: Dnd,
    said_at: OffsetDateTime,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    match dnd {
        Dnd::Others => switch_on(pool, location, contact, said_at, now).await,
        Dnd::Ours => switch_off(pool, location, contact, said_at).await,
        Dnd::Off => {
            switch_off(pool, location, contact, said_at).await?;
            lift(pool, location, contact, said_at).await
        }
    }
}

async fn switch_on(
    pool: &Pool,
    location: &LocationId,
    contact: &ContactId,
    said_at: OffsetDateTime,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let mut tx = pool.begin().await?;
    let stored = sqlx::query!(
        r#"
        insert into contact_dnd as d (location_id, contact_id, is_active, said_at)
        values ($1, $2, true, $3)
        on conflict (location_id, contact_id) do update set is_active = true, said_at = excluded.said_at
        where d.said_at < excluded.said_at
        "#,
        location.as_str(),
        contact.as_str(),
        said_at,
    )
    .execute(&mut *tx)
    .await?;
    if stored.rows_affected() == 1 {
        ending::end_for_contact(&mut tx, location, contact, OptedOutBy::Ghl, now).await?;
    }
    tx.commit().await
}

async fn switch_off(
    pool: &Pool,
    location: &LocationId,
    contact: &ContactId,
    said_at: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update contact_dnd
        set is_active = false, said_at = $3
        where location_id = $1 and contact_id = $2 and said_at < $3
        "#,
        location.as_str(),
        contact.as_str(),
        said_at,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

async fn lift(
    pool: &Pool,
    location: &LocationId,
    contact: &ContactId,
    said_at: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update opt_outs
        set word = 'start', state = 'lifted', answer = null, answered_at = null, answer_message_id = null
        where location_id = $1 and contact_id = $2 and word = 'stop' and state in ('told', 'was_so')
          and told_at < $3::timestamptz - $4::interval
        "#,
        location.as_str(),
        contact.as_str(),
        said_at,
        SETTLED as Duration,
    )
    .execute(pool)
    .await
    .map(|_| ())
}
