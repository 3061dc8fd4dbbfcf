//! Numbers on hold: why they may not send, until when, and what ends the hold.

use time::OffsetDateTime;

use crate::db::connection::{Connection, Pool};
use crate::model::ids::LocationId;
use crate::model::reason::{Hold, Reason};

/// Holds the sending of a number until `until`.
pub async fn hold_number(
    tx: &mut Connection,
    location: &LocationId,
    number: &str,
    reason: &Hold,
    until: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update numbers
        -- That another phone is linked stays the reason: see `mark_other_phone`.
        set hold_code = case when other_phone then hold_code else $3::jsonb->>'code' end,
            hold_args = case when other_phone then hold_args else $3::jsonb->'args' end,
            next_send_at = greatest(next_send_at, $4)
        where location_id = $1 and number = $2
        "#,
        location.as_str(),
        number,
        Reason::from(reason.clone()) as Reason,
        until,
    )
    .execute(tx)
    .await
    .map(|_| ())
}

/// Takes a number off hold after a send; the pause after that send stays.
pub async fn end_hold(pool: &Pool, location: &LocationId, number: &str) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update numbers
        set hold_code = null, hold_args = null
        where location_id = $1 and number = $2 and not other_phone
        "#,
        location.as_str(),
        number,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Records that another phone than the number's is linked to its instance. This lasts until its own phone is linked or
/// the number is connected again; the end of a hold does not change it.
pub async fn mark_other_phone(
    pool: &Pool,
    location: &LocationId,
    number: &str,
    reason: &Hold,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update numbers
        set other_phone = true, hold_code = $3::jsonb->>'code', hold_args = $3::jsonb->'args'
        where location_id = $1 and number = $2 and not other_phone
        "#,
        location.as_str(),
        number,
        Reason::from(reason.clone()) as Reason,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Whether another phone than the number's is linked to its instance.
pub async fn has_other_phone(
    pool: &Pool,
    location: &LocationId,
    number: &str,
) -> sqlx::Result<bool> {
    let has = sqlx::query_scalar!(
        r#"
        select other_phone
        from numbers
        where location_id = $1 and number = $2
        "#,
        location.as_str(),
        number,
    )
    .fetch_optional(pool)
    .await?;
    Ok(has.unwrap_or_default())
}

/// Takes a number off hold: its messages may be sent from now on. If another phone was linked, only when its own phone
/// is `proven` to be linked again.
pub async fn release_number(
    tx: &mut Connection,
    location: &LocationId,
    number: &str,
    now: OffsetDateTime,
    proven: bool,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update numbers
        set hold_code = null, hold_args = null, other_phone = false, next_send_at = $3
        where location_id = $1
          and number = $2
          and hold_code is not null
          and (not other_phone or $4)
        "#,
        location.as_str(),
        number,
        now,
        proven,
    )
    .execute(tx)
    .await
    .map(|_| ())
}
