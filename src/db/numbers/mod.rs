//! WhatsApp numbers and the Waapify instance behind each.

pub mod holders;
pub mod holds;
pub mod protection;
pub mod removals;
pub mod restrictions;
pub mod rules;
pub mod settings;
pub mod webhook_secrets;

use time::OffsetDateTime;

use crate::db::connection::{Connection, Pool};
use crate::model::ids::LocationId;

/// What is needed to send from a number.
#[derive(Clone, Debug)]
pub struct NumberRow {
    /// E.164 digits.
    pub number: String,
    /// Waapify's instance.
    pub instance_id: String,
    /// Sealed.
    pub access_token: Vec<u8>,
}

/// A number to store.
#[derive(Clone, Debug)]
pub struct NewNumber {
    /// E.164 digits.
    pub number: String,
    /// Waapify's instance.
    pub instance_id: String,
    /// Sealed.
    pub access_token: Vec<u8>,
    /// Sealed: the last part of the webhook's address.
    pub webhook_secret: Vec<u8>,
    /// SHA-256 of that secret, by which a webhook finds its number.
    pub webhook_secret_hash: Vec<u8>,
}

/// Connects a number to its location and makes it the default. A known number gets the new credentials and is taken off
/// hold. An instance has one number, so the location's other numbers on it are given up.
pub async fn record_number(
    tx: &mut Connection,
    location: &LocationId,
    number: &NewNumber,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    keep_conversations(tx, location, number).await?;
    sqlx::query!(
        r#"
        update numbers
        set is_default = false
        where location_id = $1 and number <> $2
        "#,
        location.as_str(),
        number.number,
    )
    .execute(&mut *tx)
    .await?;
    removals::give_up_replaced(tx, location, &number.number, &number.instance_id, now).await?;
    webhook_secrets::keep_current(tx, location, &number.number, now).await?;
    sqlx::query!(
        "delete from circuits where location_id = $1 and target = $2",
        location.as_str(),
        number.number,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        r#"
        insert into numbers (location_id, number, instance_id, access_token, webhook_secret, webhook_secret_hash,
            is_default, next_send_at, connected_at)
        values ($1, $2, $3, $4, $5, $6, true, $7, $7)
        on conflict (location_id, number) do update set
            instance_id = excluded.instance_id,
            access_token = excluded.access_token,
            webhook_secret = excluded.webhook_secret,
            webhook_secret_hash = excluded.webhook_secret_hash,
            is_default = true,
            -- It is off hold, whatever stopped it.
            hold_code = null,
            hold_args = null,
            other_phone = false,
            next_send_at = excluded.next_send_at,
            -- A number that is connected again is as old as before.
            first_connected_at = coalesce(numbers.first_connected_at, numbers.connected_at),
            connected_at = excluded.connected_at,
            -- Cancels the disconnect that an earlier uninstall may have scheduled.
            disconnect_at = null
        "#,
        location.as_str(),
        number.number,
        number.instance_id,
        number.access_token,
        number.webhook_secret,
        number.webhook_secret_hash,
        now,
    )
    .execute(tx)
    .await
    .map(|_| ())
}

/// Keeps the conversations of a location's default number with it, before another one becomes the default: as long as it
/// was the only one, nobody wrote down that they are its own.
async fn keep_conversations(
    tx: &mut Connection,
    location: &LocationId,
    next: &NewNumber,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update contacts c
        set last_number = n.number
        from numbers n
        where n.location_id = $1 and n.is_default and n.webhook_secret is not null
          and n.number <> $2 and n.instance_id <> $3
          and c.location_id = $1 and c.last_number is null
        "#,
        location.as_str(),
        next.number,
        next.instance_id,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        r#"
        -- What waits for such a contact leaves from the number that it wrote to.
        update outbound o
        set route = c.last_number
        from contacts c
        join numbers n on n.location_id = c.location_id and n.number = c.last_number and n.is_default
            and n.number <> $2 and n.instance_id <> $3
        where o.location_id = $1 and o.route = '' and o.state in ('accepted', 'sending', 'unconfirmed')
          and c.location_id = $1 and c.contact_id = o.conversation
        "#,
        location.as_str(),
        next.number,
        next.instance_id,
    )
    .execute(tx)
    .await
    .map(|_| ())
}

/// A connected number of a location, with its keys.
pub async fn find_number(
    pool: &Pool,
    location: &LocationId,
    number: &str,
) -> sqlx::Result<Option<NumberRow>> {
    sqlx::query_as!(
        NumberRow,
        r#"
        select number, instance_id, access_token as "access_token!"
        from numbers
        where location_id = $1
          and number = $2
          and webhook_secret is not null
          and access_token is not null
        "#,
        location.as_str(),
        number,
    )
    .fetch_optional(pool)
    .await
}

/// The number that a location connected last, with its instance, to fill in its connect form.
#[derive(Clone, Debug)]
pub struct LastNumber {
    /// E.164 digits.
    pub number: String,
    /// Waapify's instance.
    pub instance_id: String,
    /// It is still connected: an uninstall deletes its keys.
    pub is_connected: bool,
}

/// The number that a location sends from, or its last one.
pub async fn find_last(pool: &Pool, location: &LocationId) -> sqlx::Result<Option<LastNumber>> {
    sqlx::query_as!(
        LastNumber,
        r#"
        select number, instance_id, webhook_secret is not null as "is_connected!"
        from numbers
        where location_id = $1
        order by is_default desc, connected_at desc
        limit 1
        "#,
        location.as_str(),
    )
    .fetch_optional(pool)
    .await
}

/// A number that is connected to an instance: whose, and the sealed secret of its webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectedNumber {
    /// Its location.
    pub location_id: LocationId,
    /// E.164 digits.
    pub number: String,
    /// Sealed.
    pub webhook_secret: Vec<u8>,
}

/// The number that was connected to an instance last.
pub async fn find_connected(
    pool: &Pool,
    instance_id: &str,
) -> sqlx::Result<Option<ConnectedNumber>> {
    sqlx::query_as!(
        ConnectedNumber,
        r#"
        select location_id, number, webhook_secret as "webhook_secret!"
        from numbers
        where instance_id = $1 and webhook_secret is not null
        order by connected_at desc
        limit 1
        "#,
        instance_id,
    )
    .fetch_optional(pool)
    .await
}

/// Whether a number of this instance still has to be disconnected from Waapify.
pub async fn is_being_disconnected(pool: &Pool, instance_id: &str) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"
        select exists (
            select 1
            from numbers
            where instance_id = $1 and disconnect_at is not null
        ) as "is_being_disconnected!"
        "#,
        instance_id,
    )
    .fetch_one(pool)
    .await
}

/// Sets a number's own pause between two sends, in milliseconds up to a minute; none: that of the settings.
pub async fn record_interval(
    pool: &Pool,
    location: &LocationId,
    number: &str,
    interval_ms: Option<i32>,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update numbers
        set min_interval_ms = $3
        where location_id = $1 and number = $2
        "#,
        location.as_str(),
        number,
        interval_ms,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Sets whether messages of groups that a number is in go to GHL.
pub async fn record_groups(
    pool: &Pool,
    location: &LocationId,
    number: &str,
    forwards: bool,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update numbers
        set forwards_groups = $3
        where location_id = $1 and number = $2
        "#,
        location.as_str(),
        number,
        forwards,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Whether messages of groups that a number is in go to GHL.
pub async fn forwards_groups(
    pool: &Pool,
    location: &LocationId,
    number: &str,
) -> sqlx::Result<bool> {
    let forwards = sqlx::query_scalar!(
        r#"
        select forwards_groups
        from numbers
        where location_id = $1 and number = $2
        "#,
        location.as_str(),
        number,
    )
    .fetch_optional(pool)
    .await?;
    Ok(forwards.unwrap_or_default())
}

/// The next time after `now` and before `until` when a number with waiting messages may send.
pub async fn find_next_pacing_slot(
    pool: &Pool,
    now: OffsetDateTime,
    until: OffsetDateTime,
) -> sqlx::Result<Option<OffsetDateTime>> {
    sqlx::query_scalar!(
        r#"
        select n.next_send_at
        from numbers n
        where (n.is_default or n.webhook_secret is not null)
          and not n.other_phone
          and n.next_send_at > $1
          and n.next_send_at < $2
          and exists (
            select 1
            from (values (n.number), (case when n.is_default then '' end)) queue (route)
            join outbound o on o.location_id = n.location_id and o.route = queue.route and o.state = 'accepted'
          )
        order by n.next_send_at
        limit 1
        "#,
        now,
        until,
    )
    .fetch_optional(pool)
    .await
}

/// Lets a number that is not on hold send now, because a message that is never sent has used its pacing slot.
pub async fn refund_pacing_slot(
    pool: &Pool,
    location: &LocationId,
    number: &str,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update numbers
        set next_send_at = $3
        where location_id = $1
          and number = $2
          and hold_code is null
          and next_send_at > $3
        "#,
        location.as_str(),
        number,
        now,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Other locations that send from the same number or instance.
pub async fn list_sharers(
    pool: &Pool,
    location: &LocationId,
    number: &str,
    instance_id: &str,
) -> sqlx::Result<Vec<LocationId>> {
    sqlx::query_scalar!(
        r#"
        select distinct location_id
        from numbers
        where location_id <> $1
          and (number = $2 or instance_id = $3)
          and webhook_secret is not null
        order by location_id
        "#,
        location.as_str(),
        number,
        instance_id,
    )
    .fetch_all(pool)
    .await
}
