//! How numbers are protected from a ban: what people decided, whom a number wrote to that never wrote to it, and since when
//! messages to such people wait. When they may leave is decided in [`crate::model::protection`]; what WhatsApp refused is in
//! [`crate::db::numbers::restrictions`].
//!
//! All processes share these counts: one that decides locks the number first ([`lock`]).

use time::{Date, Duration, OffsetDateTime};

use crate::db::connection::{Connection, Pool};
use crate::model::ids::{LocationId, MessageId};
use crate::model::protection::{Counts, Limits, Settings, limits};
use crate::model::reason::Reason;
use crate::model::zone::Zone;

/// How long it is kept whom a number wrote to: the card shows how many answered in two weeks.
const KEPT: Duration = Duration::days(31);
/// How long refusals are kept: those of 30 days count.
const REFUSALS_KEPT: Duration = Duration::days(60);

/// What is known about the protection of a number.
#[derive(Clone, Debug)]
pub struct Protection {
    /// What people decided.
    pub settings: Settings,
    /// When it was connected the first time.
    pub connected_at: OffsetDateTime,
    /// Its sub-account's time zone; UTC where it is not known.
    pub zone: Zone,
    /// WhatsApp refused a message: until when nothing leaves to people who never wrote.
    pub strangers_from: Option<OffsetDateTime>,
    /// Since when nothing leaves that no person wrote.
    pub stopped_at: Option<OffsetDateTime>,
}

impl Protection {
    /// Its limits at a time.
    #[must_use]
    pub fn limits(&self, now: OffsetDateTime) -> Limits {
        limits(&self.settings, self.connected_at, &self.zone, now)
    }
}

/// A number of a location.
#[derive(Clone, Copy, Debug)]
pub struct Of<'a> {
    /// The location.
    pub location: &'a LocationId,
    /// E.164 digits.
    pub number: &'a str,
}

/// What is known about a number; none where the location has no such number.
pub async fn find(pool: &Pool, of: Of<'_>) -> sqlx::Result<Option<Protection>> {
    let found = sqlx::query!(
        r#"
        select protects, coalesce(first_connected_at, connected_at) as "connected_at!", strangers_from, stopped_at,
            (select time_zone from locations where location_id = $1) as time_zone
        from numbers
        where location_id = $1 and number = $2
        "#,
        of.location.as_str(),
        of.number,
    )
    .fetch_optional(pool)
    .await?;
    let Some(row) = found else {
        return Ok(None);
    };
    let zone = row.time_zone.and_then(|name| Zone::find(&name));
    Ok(Some(Protection {
        settings: Settings {
            is_on: row.protects,
            ..find_settings(pool, of).await?
        },
        connected_at: row.connected_at,
        zone: zone.unwrap_or_default(),
        strangers_from: row.strangers_from,
        stopped_at: row.stopped_at,
    }))
}

/// What people decided, except whether the number is protected at all.
async fn find_settings(pool: &Pool, of: Of<'_>) -> sqlx::Result<Settings> {
    let found = sqlx::query!(
        r#"
        select is_old, daily, hourly, from_minute, until_minute, zone
        from protection_settings
        where location_id = $1 and number = $2
        "#,
        of.location.as_str(),
        of.number,
    )
    .fetch_optional(pool)
    .await?;
    Ok(found.map_or_else(Settings::default, |row| Settings {
        is_on: None,
        is_old: row.is_old,
        daily: row.daily,
        hourly: row.hourly,
        from_minute: row.from_minute,
        until_minute: row.until_minute,
        zone: row.zone,
    }))
}

/// Stores what people decided. Messages to people who never wrote are decided anew. False when the location has no such number.
pub async fn record_settings(
    pool: &Pool,
    of: Of<'_>,
    settings: &Settings,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let changed = sqlx::query!(
        r#"
        with changed as (
            update numbers
            set protects = $3, cold_next_at = $4, cold_code = null, cold_args = null, cold_since = null
            where location_id = $1 and number = $2
            returning location_id, number
        )
        insert into protection_settings (location_id, number, is_old, daily, hourly, from_minute, until_minute, zone)
        select location_id, number, $5, $6, $7, $8, $9, $10
        from changed
        on conflict (location_id, number) do update set
            is_old = excluded.is_old,
            daily = excluded.daily,
            hourly = excluded.hourly,
            from_minute = excluded.from_minute,
            until_minute = excluded.until_minute,
            zone = excluded.zone
        "#,
        of.location.as_str(),
        of.number,
        settings.is_on,
        now,
        settings.is_old,
        settings.daily,
        settings.hourly,
        settings.from_minute,
        settings.until_minute,
        settings.zone.as_deref(),
    )
    .execute(pool)
    .await?;
    Ok(changed.rows_affected() == 1)
}

/// Locks a number until the end of the transaction, so that two processes do not use the same place of a cap.
pub async fn lock(tx: &mut Connection, of: Of<'_>) -> sqlx::Result<()> {
    sqlx::query_scalar!(
        r#"
        select 1 as "locked!"
        from numbers
        where location_id = $1 and number = $2
        for no key update
        "#,
        of.location.as_str(),
        of.number,
    )
    .fetch_optional(tx)
    .await
    .map(|_| ())
}

/// How many people a number wrote to on the day and in the hour of `now`, and whether this phone is one of the day's.
pub async fn count(
    tx: &mut Connection,
    of: Of<'_>,
    limits: &Limits,
    phone: &str,
    now: OffsetDateTime,
) -> sqlx::Result<(Counts, bool)> {
    sqlx::query!(
        r#"
        select count(*)::int as "today!", (count(*) filter (where at >= $4))::int as "this_hour!",
            coalesce(bool_or(phone = $5), false) as "is_known!"
        from first_contacts
        where location_id = $1 and number = $2 and day = $3
        "#,
        of.location.as_str(),
        of.number,
        limits.day(now),
        limits.hour(now),
        phone,
    )
    .map(|row| {
        let counts = Counts {
            today: row.today,
            this_hour: row.this_hour,
        };
        (counts, row.is_known)
    })
    .fetch_one(tx)
    .await
}

/// Counts a phone as one of the day's, once.
pub async fn note_contact(
    tx: &mut Connection,
    of: Of<'_>,
    day: Date,
    phone: &str,
    at: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        insert into first_contacts (location_id, number, day, phone, at)
        values ($1, $2, $3, $4, $5)
        on conflict (location_id, number, day, phone) do nothing
        "#,
        of.location.as_str(),
        of.number,
        day,
        phone,
        at,
    )
    .execute(tx)
    .await
    .map(|_| ())
}

/// The same for a phone (its numbers are `forms`) that a person wrote to, on the phone or in GHL, if nobody wrote from there.
pub async fn note_persons_contact(
    pool: &Pool,
    of: Of<'_>,
    forms: &[String],
    at: OffsetDateTime,
) -> sqlx::Result<()> {
    let (Some(phone), Some(protection)) = (forms.first(), find(pool, of).await?) else {
        return Ok(());
    };
    sqlx::query!(
        r#"
        insert into first_contacts (location_id, number, day, phone, at)
        select $1, $2, $3, $4, $5
        where not exists (
            select 1
            from contacts
            where location_id = $1 and phone = any ($6) and wrote_at is not null
        )
        on conflict (location_id, number, day, phone) do nothing
        "#,
        of.location.as_str(),
        of.number,
        protection.limits(at).day(at),
        phone,
        at,
        forms,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Records when the next message to somebody who never wrote may leave, and why not before.
pub async fn set_next(
    tx: &mut Connection,
    of: Of<'_>,
    next_at: OffsetDateTime,
    why: Option<&Reason>,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update numbers
        set cold_next_at = $3,
            cold_since = case when $4::jsonb is not null then $5::timestamptz end,
            cold_code = $4::jsonb->>'code',
            cold_args = $4::jsonb->'args'
        where location_id = $1 and number = $2
        "#,
        of.location.as_str(),
        of.number,
        next_at,
        why as Option<&Reason>,
        now,
    )
    .execute(tx)
    .await
    .map(|_| ())
}

/// Lets the next message to somebody who never wrote be decided now, because the claimed one has not left: if nothing else was
/// decided since its claim, which put the time to the end of its lease.
pub async fn refund(
    pool: &Pool,
    of: Of<'_>,
    lease_ends_at: OffsetDateTime,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update numbers
        set cold_next_at = $4
        where location_id = $1 and number = $2 and cold_next_at = $3
        "#,
        of.location.as_str(),
        of.number,
        lease_ends_at,
        now,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Whether another message with the same content went to a phone since then.
pub async fn was_sent(
    pool: &Pool,
    location: &LocationId,
    phone: &str,
    hash: &[u8],
    message: MessageId,
    since: OffsetDateTime,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"
        select exists (
            select 1
            from sent_texts t
            join outbound before on before.location_id = t.location_id and before.id = t.message_id
            join outbound o on o.location_id = $1 and o.id = $4
            where t.location_id = $1 and t.phone = $2 and t.hash = $3 and t.message_id <> $4 and t.at > $5
              -- Notices to a member of staff have that phone for many contacts. What failed did not arrive.
              and before.conversation = o.conversation and before.state <> 'failed'
        ) as "was_sent!"
        "#,
        location.as_str(),
        phone,
        hash,
        message.0,
        since,
    )
    .fetch_one(pool)
    .await
}

/// Whether somebody has ever written from one of these numbers of a phone, under whichever contact.
pub async fn has_written(
    pool: &Pool,
    location: &LocationId,
    forms: &[String],
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"
        select exists (
            select 1
            from contacts
            where location_id = $1 and phone = any($2) and wrote_at is not null
        ) as "has_written!"
        "#,
        location.as_str(),
        forms,
    )
    .fetch_one(pool)
    .await
}

/// Remembers what goes to a phone.
pub async fn note_text(
    tx: &mut Connection,
    location: &LocationId,
    phone: &str,
    hash: &[u8],
    message: MessageId,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        insert into sent_texts (location_id, phone, hash, message_id, at)
        values ($1, $2, $3, $4, $5)
        on conflict (location_id, phone, hash) do update set
            message_id = excluded.message_id,
            at = excluded.at
        "#,
        location.as_str(),
        phone,
        hash,
        message.0,
        now,
    )
    .execute(tx)
    .await
    .map(|_| ())
}

/// Deletes what no longer counts of a location.
pub async fn prune(pool: &Pool, location: &LocationId, now: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        with contacts_gone as (
            delete from first_contacts
            where location_id = $1 and at < $2
        ),
        texts_gone as (
            delete from sent_texts
            where location_id = $1 and at < $3
        )
        delete from restrictions
        where location_id = $1 and at < $4
        "#,
        location.as_str(),
        now - KEPT,
        now - crate::model::protection::SAME_TEXT,
        now - REFUSALS_KEPT,
    )
    .execute(pool)
    .await
    .map(|_| ())
}
