//! Numbers that a location gives up while the app stays installed: they send and receive nothing any more, are not
//! checked, and their incidents end. An uninstall is in [`crate::db::accounts::uninstalls`].

use time::OffsetDateTime;

use crate::db::connection::{Connection, Pool};
use crate::model::ids::LocationId;

/// Gives up the location's other numbers of an instance that is now linked to `number`. Their keys are deleted at once,
/// because the instance's webhook belongs to `number` now.
pub async fn give_up_replaced(
    tx: &mut Connection,
    location: &LocationId,
    number: &str,
    instance_id: &str,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        with gone as (
            update numbers
            set webhook_secret = null,
                webhook_secret_hash = null,
                access_token = null,
                hold_code = null,
                hold_args = null
            where location_id = $1
              and number <> $2
              and instance_id = $3
              and webhook_secret is not null
            returning location_id, number
        )
        update incidents i
        set resolved_at = $4
        from gone
        where i.location_id = gone.location_id and i.number = gone.number and i.resolved_at is null
        "#,
        location.as_str(),
        number,
        instance_id,
        now,
    )
    .execute(tx)
    .await
    .map(|_| ())
}

/// Removes a connected number that is not its location's default, and schedules its disconnect from Waapify. False when
/// the location has no such number.
pub async fn remove_number(
    pool: &Pool,
    location: &LocationId,
    number: &str,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"
        with gone as (
            update numbers
            set webhook_secret = null,
                webhook_secret_hash = null,
                hold_code = null,
                hold_args = null,
                disconnect_at = $3,
                disconnect_failures = 0
            where location_id = $1
              and number = $2
              and not is_default
              and webhook_secret is not null
            returning location_id, number
        ), resolved as (
            update incidents i
            set resolved_at = $3
            from gone
            where i.location_id = gone.location_id and i.number = gone.number and i.resolved_at is null
        )
        select exists (select 1 from gone) as "is_removed!"
        "#,
        location.as_str(),
        number,
        now,
    )
    .fetch_one(pool)
    .await
}
