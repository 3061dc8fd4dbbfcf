//! What WhatsApp refused with the code of a restricted number, and what that stops: messages to people who never wrote, for a
//! time, and everything that no person wrote, until somebody says "go on".

use time::OffsetDateTime;

use crate::db::connection::Pool;
use crate::db::numbers::protection;
use crate::db::numbers::protection::Of;
use crate::model::protection::{REFUSALS_COUNT, STOP_AFTER, STOP_WITHIN, restricted, stop_after};

/// Records refusals of messages with these ids of WhatsApp, each once. True if one of them is news, and stops something: a number
/// that is not protected goes on. `is_on`: whether numbers are protected that nobody changed.
pub async fn note(
    pool: &Pool,
    of: Of<'_>,
    wa_message_ids: &[&str],
    is_on: bool,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let Some(known) = protection::find(pool, of).await? else {
        return Ok(false);
    };
    let mut tx = pool.begin().await?;
    protection::lock(&mut tx, of).await?;
    let stored = sqlx::query!(
        r#"
        insert into restrictions (location_id, number, wa_message_id, at)
        select $1, $2, id, $4
        from unnest($3::text[]) as refused (id)
        on conflict (location_id, number, wa_message_id) do nothing
        "#,
        of.location.as_str(),
        of.number,
        wa_message_ids as &[&str],
        now,
    )
    .execute(&mut *tx)
    .await?;
    if stored.rows_affected() == 0 || !known.settings.is_on.unwrap_or(is_on) {
        tx.commit().await?;
        return Ok(false);
    }
    let counted = sqlx::query!(
        r#"
        select count(*) as "all!", count(*) filter (where at > $4) as "lately!"
        from restrictions
        where location_id = $1 and number = $2 and at > $3
        "#,
        of.location.as_str(),
        of.number,
        now - REFUSALS_COUNT,
        now - STOP_WITHIN,
    )
    .fetch_one(&mut *tx)
    .await?;
    let until = now + stop_after(counted.all);
    let until = known
        .strangers_from
        .map_or(until, |before| before.max(until));
    let why = restricted(until, &known.limits(now).zone);
    protection::set_next(&mut tx, of, until, Some(&why), now).await?;
    sqlx::query!(
        r#"
        update numbers
        set strangers_from = $3,
            stopped_at = case when $4 then coalesce(stopped_at, $5) else stopped_at end
        where location_id = $1 and number = $2
        "#,
        of.location.as_str(),
        of.number,
        until,
        counted.lately >= STOP_AFTER,
        now,
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(true)
}

/// Stops everything that no person wrote, if the number's link was lost soon after a refusal.
pub async fn note_lost_link(
    pool: &Pool,
    of: Of<'_>,
    is_on: bool,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update numbers n
        set stopped_at = $3
        where n.location_id = $1 and n.number = $2 and n.stopped_at is null and coalesce(n.protects, $5)
          and exists (
            select 1
            from restrictions r
            where r.location_id = n.location_id and r.number = n.number and r.at > $4
              -- Whoever said "go on" after it has seen it.
              and r.at > coalesce(n.went_on_at, '-infinity')
          )
        "#,
        of.location.as_str(),
        of.number,
        now,
        now - STOP_WITHIN,
        is_on,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Lets everything leave again that no person wrote; people who never wrote wait for their time. False if nothing was stopped.
pub async fn go_on(pool: &Pool, of: Of<'_>, now: OffsetDateTime) -> sqlx::Result<bool> {
    let changed = sqlx::query!(
        r#"
        update numbers
        set stopped_at = null, went_on_at = $3
        where location_id = $1 and number = $2 and stopped_at is not null
        "#,
        of.location.as_str(),
        of.number,
        now,
    )
    .execute(pool)
    .await?;
    Ok(changed.rows_affected() == 1)
}
